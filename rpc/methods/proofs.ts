/** Proofs that can be checked offline, with the genesis file alone. */
import { type TSchema, Type } from 'typebox';
import { bytesToHex } from '../../ledger/model/index.ts';
import { blockParam, LATEST, requireBlock } from '../block-reference.ts';
import { listOf, objectOf, optional } from '../codec.ts';
import { invalidParams, RpcRefusal } from '../errors.ts';
import { defineMethod, type Method, type MethodContext } from '../method.ts';
import type { BundlePort, BundleRequest } from '../ports.ts';
import {
  addressParam,
  bytesSchema,
  hashParam,
  hashSchema,
  quantity,
  quantitySchema,
  slotParam,
} from '../values.ts';

const MAX_PROVED_SLOTS = 1024;

const subjectParam = objectOf(
  {
    transaction: optional(hashParam),
    receipt: optional(hashParam),
    address: optional(addressParam),
    slots: optional(listOf(slotParam, MAX_PROVED_SLOTS)),
    block: optional(blockParam),
  },
  'what to prove: `transaction` or `receipt` by the hash of the transaction, or `address` with `slots` at `block`',
);

type Subject = ReturnType<typeof subjectParam.decode>;

const resultSchema: TSchema = Type.Object({
  blockNumber: quantitySchema,
  blockHash: hashSchema,
  bundle: bytesSchema,
});

function requestOf({ chain }: MethodContext, subject: Subject): BundleRequest {
  const { transaction, receipt, address, slots = [], block } = subject;
  const named = [transaction, receipt, address].filter((value) => value !== undefined);
  if (named.length !== 1 || (address === undefined && (slots.length > 0 || block !== undefined))) {
    throw invalidParams('invalid argument 0: want one of transaction, receipt and address');
  }
  if (transaction !== undefined) return { kind: 'transaction', hash: transaction };
  if (receipt !== undefined) return { kind: 'receipt', hash: receipt };
  if (address === undefined) throw invalidParams('invalid argument 0: nothing is named');
  return { kind: 'account', address, slots, at: requireBlock(chain, block ?? LATEST) };
}

async function make(
  bundles: BundlePort,
  request: BundleRequest,
  signal: AbortSignal,
): ReturnType<BundlePort['make']> {
  try {
    return await bundles.make(request, signal);
  } catch (error) {
    if (signal.aborted) throw new RpcRefusal('RPC_TIMEOUT', 'request timed out');
    throw error;
  }
}

export const proofMethods: readonly Method[] = [
  defineMethod({
    name: 'ehb_getProof',
    // A proof of a block that lies far behind undoes a million changes.
    timeoutFactor: 10,
    summary:
      'A proof of a transaction, of a receipt, or of an account and slots, that `ehb verify-proof` checks offline with the genesis file alone.',
    params: [{ name: 'subject', codec: subjectParam }],
    result: resultSchema,
    available: ({ bundles }) => bundles !== undefined,
    handler: async (context, subject) => {
      const { bundles, signal } = context;
      if (bundles === undefined) throw new RpcRefusal('RPC_STATE_UNAVAILABLE', 'no proofs here');
      const made = await make(bundles, requestOf(context, subject), signal);
      if (!made.ok) throw new RpcRefusal('RPC_STATE_UNAVAILABLE', made.message);
      const { number, hash, bundle } = made;
      return {
        blockNumber: quantity(number),
        blockHash: bytesToHex(hash),
        bundle: bytesToHex(bundle),
      };
    },
  }),
];
