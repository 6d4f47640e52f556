/** The software, and a hash for those who have none. */
import { Type } from 'typebox';
import { keccak256 } from '#crypto';
import { bytesToHex } from '../../ledger/model/index.ts';
import { defineMethod, type Method } from '../method.ts';
import { bytesParam, hashSchema } from '../values.ts';

export const web3Methods: readonly Method[] = [
  defineMethod({
    name: 'web3_clientVersion',
    summary: 'Name and version of the node, its platform and its runtime.',
    params: [],
    result: Type.String(),
    handler: ({ node }) => node.clientVersion,
  }),
  defineMethod({
    name: 'web3_sha3',
    summary: 'Keccak-256 of the given bytes.',
    params: [{ name: 'data', codec: bytesParam('what to hash') }],
    result: hashSchema,
    handler: (_context, data) => bytesToHex(keccak256(data)),
  }),
];
