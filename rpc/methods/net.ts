/** The network around the node. */
import { Type } from 'typebox';
import { defineMethod, type Method } from '../method.ts';
import { quantity, quantitySchema } from '../values.ts';

export const netMethods: readonly Method[] = [
  defineMethod({
    name: 'net_version',
    summary: 'Network id as a decimal string; the same number as the chain id.',
    params: [],
    result: Type.String({ pattern: '^[0-9]+$' }),
    handler: ({ node }) => node.chainId.toString(),
  }),
  defineMethod({
    name: 'net_listening',
    summary: 'True: the node listens for peers as long as it runs.',
    params: [],
    result: Type.Boolean(),
    handler: () => true,
  }),
  defineMethod({
    name: 'net_peerCount',
    summary: 'Number of connected peers.',
    params: [],
    result: quantitySchema,
    handler: ({ node }) => quantity(node.peerCount()),
  }),
];
