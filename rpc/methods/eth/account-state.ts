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
  invariant,
  type StateReader,
} from '../../../ledger/model/index.ts';
import { type BlockReference, blockParam, LATEST, requireBlock } from '../../block-reference.ts';
import { listOf, mapOf } from '../../codec.ts';
import { invalidParams, RpcRefusal } from '../../errors.ts';
import { defineMethod, type Method, type MethodContext } from '../../method.ts';
import type { ChainPort, ProofPort } from '../../ports.ts';
import {
  addressParam,
  addressSchema,
  bytesSchema,
  hashSchema,
  namedSlotParam,
  quantity,
  quantitySchema,
  slotParam,
  word,
} from '../../values.ts';

/** As go-ethereum: enough for any caller, few enough to prove in one turn. */
const MAX_PROVED_SLOTS = 1024;
/** The same of values in one answer. */
const MAX_SLOTS = 1024;

/** 32 bytes, or a quantity if the slot was given short. */
const slotNameSchema = Type.Union([hashSchema, quantitySchema]);
const slotsByAccount = mapOf(addressParam, listOf(slotParam, MAX_SLOTS), MAX_SLOTS, bytesToHex);

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

type ProofRequest = Parameters<ProofPort['prove']>[0];

/** @throws RpcRefusal RPC_STATE_UNAVAILABLE, RPC_LIMIT_EXCEEDED, RPC_TIMEOUT */
async function prove(
  { proofs, signal }: MethodContext,
  request: ProofRequest,
): Promise<Exclude<Awaited<ReturnType<ProofPort['prove']>>, string>> {
  invariant(proofs !== undefined, 'the method is offered where there are proofs');
  let proof: Awaited<ReturnType<ProofPort['prove']>>;
  try {
    proof = await proofs.prove({ ...request, signal });
  } catch (error) {
    if (signal.aborted) throw new RpcRefusal('RPC_TIMEOUT', 'request timed out');
    throw error;
  }
  if (proof === 'before-records') {
    const message = `block ${request.at} is older than the records that a proof takes`;
    throw new RpcRefusal('RPC_STATE_UNAVAILABLE', message);
  }
  if (proof === 'too-many-changes') {
    const message = `too much has changed since block ${request.at} to undo it for a proof`;
    throw new RpcRefusal('RPC_LIMIT_EXCEEDED', message);
  }
  return proof;
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
    name: 'eth_getStorageValues',
    summary: 'Values of storage slots of several accounts, 32 bytes each: at most 1024 slots.',
    params: [{ name: 'slots', codec: slotsByAccount }, block],
    result: Type.Object({}, { additionalProperties: Type.Array(hashSchema) }),
    handler: ({ chain }, accounts, reference) => {
      const count = accounts.reduce((sum, [, slots]) => sum + slots.length, 0);
      if (count === 0) throw invalidParams('empty request');
      if (count > MAX_SLOTS) throw invalidParams(`too many slots (max ${MAX_SLOTS})`);
      const { state } = requireState(chain, reference ?? LATEST);
      return Object.fromEntries(
        accounts.map(([address, slots]) => [
          bytesToHex(address),
          slots.map((slot) => word(state.storage(address, slot))),
        ]),
      );
    },
  }),
  defineMethod({
    name: 'eth_getProof',
    // A proof of a block that lies far behind undoes a million changes.
    timeoutFactor: 10,
    summary:
      'Merkle proof of an account and of some of its slots against the state root of a block. What has changed since the block is undone for it: the cost grows with that.',
    params: [account, { name: 'slots', codec: listOf(namedSlotParam, MAX_PROVED_SLOTS) }, block],
    result: Type.Object({
      address: addressSchema,
      accountProof: Type.Array(bytesSchema),
      balance: quantitySchema,
      codeHash: hashSchema,
      nonce: quantitySchema,
      storageHash: hashSchema,
      storageProof: Type.Array(
        Type.Object({ key: slotNameSchema, value: quantitySchema, proof: Type.Array(bytesSchema) }),
      ),
    }),
    available: ({ proofs }) => proofs !== undefined,
    handler: async (context, address, named, reference) => {
      const slots = named.map(({ slot }) => slot);
      const { number, state } = requireState(context.chain, reference ?? LATEST);
      const { accountProof, storageProofs } = await prove(context, { address, slots, at: number });
      const held = state.account(address);
      return {
        address: bytesToHex(address),
        accountProof: accountProof.map(bytesToHex),
        balance: quantity(held?.balance ?? 0n),
        codeHash: bytesToHex(held?.codeHash ?? EMPTY_CODE_HASH),
        nonce: quantity(held?.nonce ?? 0n),
        storageHash: bytesToHex(held?.storageRoot ?? EMPTY_ROOT),
        storageProof: named.map(({ slot, name }, index) => ({
          key: name,
          value: quantity(bytesToBigint(state.storage(address, slot))),
          proof: (storageProofs[index] ?? []).map(bytesToHex),
        })),
      };
    },
  }),
];
