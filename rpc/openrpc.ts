/** The method table as an OpenRPC document (open-rpc.org, specification 1.3). */
import { RPC_ERRORS } from './errors.ts';
import type { Method, Parameter } from './method.ts';

export type OpenRpcDocument = {
  readonly openrpc: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly methods: readonly Readonly<Record<string, unknown>>[];
};

export function renderOpenRpc(methods: readonly Method[], version: string): OpenRpcDocument {
  return {
    openrpc: '1.3.2',
    info: { title: 'EHB JSON-RPC', version },
    methods: methods.map((method) => ({
      name: method.name,
      summary: method.summary,
      tags: [{ name: method.namespace }],
      paramStructure: 'by-position',
      params: method.params.map(describeParameter),
      result: { name: 'result', schema: method.result },
      errors: [
        {
          code: RPC_ERRORS.RPC_INVALID_PARAMS.number,
          message: RPC_ERRORS.RPC_INVALID_PARAMS.meaning,
        },
      ],
    })),
  };
}

function describeParameter({
  name,
  codec,
  optional,
}: Parameter): Readonly<Record<string, unknown>> {
  return { name, required: optional !== true, schema: codec.schema };
}
