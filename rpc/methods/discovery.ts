/** What this node offers. */
import { Type } from 'typebox';
import { defineMethod, type Method } from '../method.ts';
import { renderOpenRpc } from '../openrpc.ts';

export const discoveryMethods: readonly Method[] = [
  defineMethod({
    name: 'rpc_modules',
    summary: 'The namespaces that are switched on, each with its version.',
    params: [],
    result: Type.Record(Type.String(), Type.String()),
    handler: ({ offered }) =>
      Object.fromEntries([...new Set(offered.map(({ namespace }) => namespace))].map(versioned)),
  }),
  defineMethod({
    name: 'rpc.discover',
    summary: 'This description of all methods, as an OpenRPC document.',
    params: [],
    result: Type.Object({ openrpc: Type.String(), info: Type.Object({}) }),
    handler: ({ offered, node }) => renderOpenRpc(offered, node.clientVersion),
  }),
];

function versioned(namespace: string): readonly [string, string] {
  return [namespace, '1.0'];
}
