/** Consensus, as Hyperledger Besu's clients ask for it. */
import { type TSchema, Type } from 'typebox';
import { bytesToHex, type Height, type Hex } from '../../ledger/model/index.ts';
import { type BlockReference, blockNumberParam, LATEST, requireBlock } from '../block-reference.ts';
import { RpcRefusal } from '../errors.ts';
import { defineMethod, type Method } from '../method.ts';
import type { ChainPort, NodePort } from '../ports.ts';
import { addressSchema, hashParam } from '../values.ts';

const validatorList: TSchema = Type.Array(addressSchema);

async function validators(node: NodePort, number: Height | undefined): Promise<readonly Hex[]> {
  const found = number === undefined ? undefined : await node.validatorsAt(number);
  if (found === undefined) throw new RpcRefusal('RPC_BLOCK_NOT_FOUND', 'header not found');
  return found.map(bytesToHex);
}

/** Here, unlike elsewhere, `pending` is not the head: votes in the head may have changed the set. */
function blockOrNext(chain: ChainPort, reference: BlockReference): Height {
  return reference.kind === 'tag' && reference.tag === 'pending'
    ? chain.head().header.number + 1n
    : requireBlock(chain, reference);
}

export const qbftMethods: readonly Method[] = [
  defineMethod({
    name: 'qbft_getValidatorsByBlockNumber',
    summary:
      'Who could seal a block, ascending by address; `pending` names the block after the head.',
    params: [{ name: 'block', codec: blockNumberParam, optional: true }],
    result: validatorList,
    handler: ({ chain, node }, reference) =>
      validators(node, blockOrNext(chain, reference ?? LATEST)),
  }),
  defineMethod({
    name: 'qbft_getValidatorsByBlockHash',
    summary: 'Who could seal a block, ascending by address.',
    params: [{ name: 'hash', codec: hashParam }],
    result: validatorList,
    handler: ({ chain, node }, hash) => validators(node, chain.numberOf(hash)),
  }),
];
