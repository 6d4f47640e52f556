/** What an account holds after a block: balance, nonce, code, slots, and proofs of them. */
import { Type } from 'typebox';
import {
  type Address,
  bytesToBigint,
  bytesToHex,
  EMPTY_CODE_HASH,
  EMPTY_ROOT,
  equalBytes,
  type Height,
  type StateReader,
} from '../../../ledger/model/index.ts';
import { type BlockReference, blockParam, LATEST, requireBlock } from '../../block-reference.ts';
import { listOf } from '../../codec.ts';
import { RpcRefusal } from '../../errors.ts';
import { defineMethod, type Method } from '../../method.ts';
import type { ChainPort } from '../../ports.ts';
import {
  addressParam,
  addressSchema,
  bytesSchema,
  hashSchema,
  quantity,
  quantitySchema,
  slotParam,
  word,
} from '../../values.ts';

/** As go-ethereum: enough for any caller, few enough to prove in one turn. */
const MAX_PROVED_SLOTS = 1024;

const account = { name: 'address', codec: addressParam } as const;
const block = { name: 'block', codec: blockParam, optional: true } as const;

/** The state after a block. @throws RpcRefusal RPC_BLOCK_NOT_FOUND, RPC_STATE_UNAVAILABLE */
export function requireState(
  chain: ChainPort,
  reference: BlockReference,
): { readonly number: Height; readonly state: StateReader } {
  const number = requireBlock(chain, reference);
  const state = chain.stateAt(number);
  if (state === undefined) {
    throw new RpcRefusal('RPC_STATE_UNAVAILABLE', `state of block ${number} is not available`);
  }
  return { number, state };
}

function nonceAt(chain: ChainPort, address: Address, reference: BlockReference): bigint {
  return requireState(chain, reference).state.account(address)?.nonce ?? 0n;
}

export const accountStateMethods: readonly Method[] = [
  defineMethod({
    name: 'eth_accounts',
    summary: 'The accounts that this node signs for: none, keys stay with the wallets.',
    params: [],
    result: Type.Array(addressSchema),
    handler: () => [],
  }),
  defineMethod({
    name: 'eth_getBalance',
    summary: 'Balance of an account in wei.',
    params: [account, block],
    result: quantitySchema,
    handler: ({ chain }, address, reference) =>
      quantity(requireState(chain, reference ?? LATEST).state.account(address)?.balance ?? 0n),
  }),
  defineMethod({
    name: 'eth_getTransactionCount',
    summary:
      'Nonce of the next transaction of an account. With `pending`, those waiting in the pool count.',
    params: [account, block],
    result: quantitySchema,
    handler: ({ chain, pool }, address, reference = LATEST) =>
      quantity(
        reference.kind === 'tag' && reference.tag === 'pending'
          ? pool.nextNonce(address)
          : nonceAt(chain, address, reference),
      ),
  }),
  defineMethod({
    name: 'eth_getCode',
    summary: 'Code of an account; `0x` if it is no contract.',
    params: [account, block],
    result: bytesSchema,
    handler: ({ chain }, address, reference) => {
      const { state } = requireState(chain, reference ?? LATEST);
      const codeHash = state.account(address)?.codeHash ?? EMPTY_CODE_HASH;
      return equalBytes(codeHash, EMPTY_CODE_HASH) ? '0x' : bytesToHex(state.code(codeHash));
    },
  }),
  defineMethod({
    name: 'eth_getStorageAt',
    summary: 'Value of one storage slot, 32 bytes.',
    params: [account, { name: 'slot', codec: slotParam }, block],
    result: hashSchema,
    handler: ({ chain }, address, slot, reference) =>
      word(requireState(chain, reference ?? LATEST).state.storage(address, slot)),
  }),
  defineMethod({
    name: 'eth_getProof',
    summary: "Merkle proof of an account and of some of its slots against the head's state root.",
    params: [account, { name: 'slots', codec: listOf(slotParam, MAX_PROVED_SLOTS) }, block],
    result: Type.Object({
      address: addressSchema,
      accountProof: Type.Array(bytesSchema),
      balance: quantitySchema,
      codeHash: hashSchema,
      nonce: quantitySchema,
      storageHash: hashSchema,
      storageProof: Type.Array(
        Type.Object({ key: bytesSchema, value: quantitySchema, proof: Type.Array(bytesSchema) }),
      ),
    }),
    available: ({ proofs }) => proofs !== undefined,
    handler: ({ chain, proofs }, address, slots, reference) => {
      const { number, state } = requireState(chain, reference ?? LATEST);
      if (proofs === undefined || number !== chain.head().header.number) {
        throw new RpcRefusal(
          'RPC_STATE_UNAVAILABLE',
          `proofs are given for the head only, not for block ${number}`,
        );
      }
      const { accountProof, storageProofs } = proofs.prove(address, slots);
      const held = state.account(address);
      return {
        address: bytesToHex(address),
        accountProof: accountProof.map(bytesToHex),
        balance: quantity(held?.balance ?? 0n),
        codeHash: bytesToHex(held?.codeHash ?? EMPTY_CODE_HASH),
        nonce: quantity(held?.nonce ?? 0n),
        storageHash: bytesToHex(held?.storageRoot ?? EMPTY_ROOT),
        storageProof: slots.map((slot, index) => ({
          key: bytesToHex(slot),
          value: quantity(bytesToBigint(state.storage(address, slot))),
          proof: (storageProofs[index] ?? []).map(bytesToHex),
        })),
      };
    },
  }),
];
