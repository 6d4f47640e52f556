/** Transactions, blocks and calls run again and watched. */
import { type TSchema, Type } from 'typebox';
import {
  bytesToHex,
  type Hash,
  type Height,
  type TraceResult,
  type Verdict,
} from '../../../ledger/model/index.ts';
import { blockNumberParam, blockParam, findBlock, LATEST } from '../../block-reference.ts';
import { RpcRefusal } from '../../errors.ts';
import { formatTrace, traceSchema } from '../../format-trace.ts';
import { defineMethod, type Method, type MethodContext } from '../../method.ts';
import type { RpcPorts } from '../../ports.ts';
import type { BlockTrace, TraceRequest, TracingPort } from '../../tracing-port.ts';
import { bytesParam, hashParam, hashSchema } from '../../values.ts';
import { requireState } from '../eth/account-state.ts';
import { callRequestParam, checkChain } from '../eth/call-request.ts';
import {
  DEFAULT_TIMEOUT_MS,
  type TraceConfig,
  traceCallConfigParam,
  traceConfigParam,
} from './trace-config.ts';

const config = { name: 'config', codec: traceConfigParam, optional: true } as const;
const available = ({ tracing }: RpcPorts): boolean => tracing !== undefined;

const blockSchema: TSchema = Type.Array(Type.Object({ txHash: hashSchema, result: traceSchema }));

/** Results are held with the texts made of them, and JSON is a little longer than what tracers reckon. */
const SHARE_OF_RESPONSE = 0.9;

const STRUCT_LOGS: TraceConfig = {
  tracer: {
    kind: 'structLogs',
    disableStack: false,
    disableStorage: false,
    enableMemory: false,
    enableReturnData: false,
    limit: 0,
  },
  timeoutMs: DEFAULT_TIMEOUT_MS,
};

/** Runs a trace and turns its refusals into answers. */
async function traced<T extends object>(
  { tracing, limits, signal }: MethodContext,
  asked: TraceConfig | undefined,
  run: (tracing: TracingPort, request: TraceRequest) => Promise<Verdict<T>>,
): Promise<T> {
  if (tracing === undefined) throw new RpcRefusal('RPC_METHOD_NOT_FOUND', 'no traces here');
  const { tracer, timeoutMs } = asked ?? STRUCT_LOGS;
  const limitBytes = Math.floor(limits.responseLimitBytes * SHARE_OF_RESPONSE);
  const request: TraceRequest = { tracer, timeoutMs, limitBytes, signal };
  const verdict = await run(tracing, request).catch((error: unknown) => {
    throw signal.aborted ? new RpcRefusal('RPC_TIMEOUT', 'request timed out') : error;
  });
  if (verdict.ok) return verdict;
  switch (verdict.code) {
    case 'VM_TRACE_TOO_LARGE':
      throw new RpcRefusal('RPC_TRACE_TOO_LARGE', `${verdict.message}; ${advice(tracer.kind)}`);
    case 'NODE_TRACE_TIMEOUT':
      throw new RpcRefusal(
        'RPC_TIMEOUT',
        `execution timeout: the trace took longer than ${timeoutMs} ms; ask for a longer \`timeout\`, or for a tracer that tells less`,
      );
    default:
      throw new RpcRefusal('RPC_TRACE_FAILED', `tracing failed: ${verdict.message}`);
  }
}

function advice(kind: string): string {
  switch (kind) {
    case 'structLogs':
      return 'set `limit`, leave out memory, stack or storage, or use callTracer';
    case 'callTracer':
      return 'set `onlyTopCall`, or leave out logs';
    case 'prestateTracer':
      return 'set `disableCode` or `diffMode`';
    default:
      return 'trace one transaction at a time';
  }
}

async function formatTraces(traces: BlockTrace): Promise<unknown> {
  const formatted: object[] = [];
  for (const { hash, result } of traces) {
    formatted.push({ txHash: bytesToHex(hash), result: await formatTrace(result) });
  }
  return formatted;
}

async function traceBlock(
  context: MethodContext,
  number: Height | undefined,
  name: string,
  asked: TraceConfig | undefined,
): Promise<unknown> {
  if (number === undefined) {
    throw new RpcRefusal('RPC_BLOCK_NOT_FOUND', `block ${name} not found`);
  }
  refuseGenesis(number);
  const { traces } = await traced(context, asked, (tracing, request) =>
    tracing.block(number, request),
  );
  return await formatTraces(traces);
}

function refuseGenesis(number: Height): void {
  if (number === 0n) throw new RpcRefusal('RPC_STATE_UNAVAILABLE', 'genesis is not traceable');
}

async function traceTransaction(
  context: MethodContext,
  hash: Hash,
  asked: TraceConfig | undefined,
): Promise<unknown> {
  const place = context.chain.transactionPlace(hash);
  if (place === undefined) {
    throw new RpcRefusal('RPC_TRANSACTION_NOT_FOUND', 'transaction not found');
  }
  const { result } = await traced<{ result: TraceResult }>(context, asked, (tracing, request) =>
    tracing.transaction(place, request),
  );
  return await formatTrace(result);
}

export const tracingMethods: readonly Method[] = [
  defineMethod({
    name: 'debug_traceTransaction',
    summary: 'Runs a final transaction again where it stands in its block, and tells what it did.',
    params: [{ name: 'hash', codec: hashParam }, config],
    result: traceSchema,
    available,
    handler: traceTransaction,
  }),
  defineMethod({
    name: 'debug_traceBlockByNumber',
    summary: 'The traces of all transactions of a block.',
    params: [{ name: 'block', codec: blockNumberParam }, config],
    result: blockSchema,
    available,
    handler: (context, reference, asked) => {
      const name = reference.kind === 'number' ? `#${reference.number}` : '';
      return traceBlock(context, findBlock(context.chain, reference), name, asked);
    },
  }),
  defineMethod({
    name: 'debug_traceBlockByHash',
    summary: 'The traces of all transactions of a block.',
    params: [{ name: 'hash', codec: hashParam }, config],
    result: blockSchema,
    available,
    handler: (context, hash, asked) =>
      traceBlock(context, context.chain.numberOf(hash), bytesToHex(hash), asked),
  }),
  defineMethod({
    name: 'debug_traceBlock',
    summary:
      'The traces of all transactions of a block given as RLP, final or not, whose parent is final here.',
    params: [{ name: 'block', codec: bytesParam('block as RLP') }, config],
    result: blockSchema,
    available,
    handler: async (context, encoded, asked) => {
      const { traces } = await traced(context, asked, (tracing, request) =>
        tracing.encodedBlock(encoded, request),
      );
      return await formatTraces(traces);
    },
  }),
  defineMethod({
    name: 'debug_traceCall',
    summary: 'Runs a message on the state after a block, as eth_call does, and tells what it did.',
    params: [
      { name: 'transaction', codec: callRequestParam },
      { name: 'block', codec: blockParam, optional: true },
      { name: 'config', codec: traceCallConfigParam, optional: true },
    ],
    result: traceSchema,
    available,
    handler: async (context, { chainId, ...message }, reference, asked) => {
      checkChain(context, chainId);
      const { number } = requireState(context.chain, reference ?? LATEST);
      const supposed = {
        gasCap: context.limits.callGasCap,
        ...(asked?.state !== undefined && { state: asked.state }),
        ...(asked?.block !== undefined && { block: asked.block }),
      };
      const { result } = await traced<{ result: TraceResult }>(context, asked, (tracing, request) =>
        tracing.call(message, number, { ...request, ...supposed }),
      );
      return await formatTrace(result);
    },
  }),
];
