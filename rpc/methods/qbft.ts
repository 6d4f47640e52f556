/** Consensus, as Hyperledger Besu's clients ask for it. */
import { type TSchema, Type } from 'typebox';
import { bytesToHex, type Height, type Hex } from '../../ledger/model/index.ts';
import { blockNumberParam, LATEST, requireBlock } from '../block-reference.ts';
import { RpcRefusal } from '../errors.ts';
import { defineMethod, type Method } from '../method.ts';
import type { NodePort } from '../ports.ts';
import { addressSchema, hashParam } from '../values.ts';

const validatorList: TSchema = Type.Array(addressSchema);

function validators(node: NodePort, number: Height | undefined): readonly Hex[] {
  const found = number === undefined ? undefined : node.validatorsAt(number);
  if (found === undefined) throw new RpcRefusal('RPC_BLOCK_NOT_FOUND', 'header not found');
  return found.map(bytesToHex);
}

export const qbftMethods: readonly Method[] = [
  defineMethod({
    name: 'qbft_getValidatorsByBlockNumber',
    summary: 'Who could seal a block, ascending by address.',
    params: [{ name: 'block', codec: blockNumberParam, optional: true }],
    result: validatorList,
    handler: ({ chain, node }, reference) =>
      validators(node, requireBlock(chain, reference ?? LATEST)),
  }),
  defineMethod({
    name: 'qbft_getValidatorsByBlockHash',
    summary: 'Who could seal a block, ascending by address.',
    params: [{ name: 'hash', codec: hashParam }],
    result: validatorList,
    handler: ({ chain, node }, hash) => validators(node, chain.numberOf(hash)),
  }),
];
