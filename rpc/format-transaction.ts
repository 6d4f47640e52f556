/** Transactions as JSON, field for field as ethereum/execution-apis has them. */
import { type TSchema, Type } from 'typebox';
import {
  type BlockHeader,
  bytesToBigint,
  bytesToHex,
  effectiveGasPrice,
  type Hash,
  type Hex,
  type Transaction,
} from '../ledger/model/index.ts';
import type { PooledTransaction } from './ports.ts';
import { addressSchema, bytesSchema, hashSchema, quantity, quantitySchema } from './values.ts';

/** Where a transaction stands. */
export type Place = {
  readonly header: BlockHeader;
  readonly blockHash: Hash;
  readonly index: number;
};

export type TransactionJson = Readonly<Record<string, unknown>>;

const nullable = (schema: TSchema): TSchema => Type.Union([schema, Type.Null()]);

export const accessListSchema: TSchema = Type.Array(
  Type.Object({ address: addressSchema, storageKeys: Type.Array(hashSchema) }),
);

export const transactionSchema: TSchema = Type.Object(
  {
    blockHash: nullable(hashSchema),
    blockNumber: nullable(quantitySchema),
    blockTimestamp: nullable(quantitySchema),
    transactionIndex: nullable(quantitySchema),
    from: addressSchema,
    to: nullable(addressSchema),
    hash: hashSchema,
    type: quantitySchema,
    nonce: quantitySchema,
    gas: quantitySchema,
    gasPrice: quantitySchema,
    maxFeePerGas: Type.Optional(quantitySchema),
    maxPriorityFeePerGas: Type.Optional(quantitySchema),
    maxFeePerBlobGas: Type.Optional(quantitySchema),
    blobVersionedHashes: Type.Optional(Type.Array(hashSchema)),
    value: quantitySchema,
    input: bytesSchema,
    accessList: Type.Optional(accessListSchema),
    authorizationList: Type.Optional(Type.Array(Type.Object({}))),
    chainId: Type.Optional(quantitySchema),
    v: quantitySchema,
    r: quantitySchema,
    s: quantitySchema,
    yParity: Type.Optional(quantitySchema),
  },
  { description: 'transaction' },
);

/** A transaction of the pool, or of a block where `place` says where. */
export function formatTransaction(
  { transaction, sender }: PooledTransaction,
  place: Place | undefined,
): TransactionJson {
  return {
    blockHash: place === undefined ? null : bytesToHex(place.blockHash),
    blockNumber: place === undefined ? null : quantity(place.header.number),
    blockTimestamp: place === undefined ? null : quantity(place.header.timestamp),
    from: bytesToHex(sender),
    gas: quantity(transaction.gasLimit),
    ...priceFields(transaction, place),
    hash: bytesToHex(transaction.hash),
    input: bytesToHex(transaction.data),
    nonce: quantity(transaction.nonce),
    to: transaction.to === undefined ? null : bytesToHex(transaction.to),
    transactionIndex: place === undefined ? null : quantity(place.index),
    value: quantity(transaction.value),
    type: quantity(transaction.type),
    ...typedFields(transaction),
    ...signatureFields(transaction),
  };
}

/** In a block the price that was paid; in the pool the most that can be. */
function priceFields(transaction: Transaction, place: Place | undefined): TransactionJson {
  if (transaction.type === 0 || transaction.type === 1) {
    return { gasPrice: quantity(transaction.gasPrice) };
  }
  const paid =
    place === undefined
      ? transaction.maxFeePerGas
      : effectiveGasPrice(transaction, place.header.baseFeePerGas);
  return {
    gasPrice: quantity(paid),
    maxFeePerGas: quantity(transaction.maxFeePerGas),
    maxPriorityFeePerGas: quantity(transaction.maxPriorityFeePerGas),
    ...(transaction.type === 3 ? { maxFeePerBlobGas: quantity(transaction.maxFeePerBlobGas) } : {}),
  };
}

function typedFields(transaction: Transaction): TransactionJson {
  const chain = transaction.chainId === undefined ? {} : { chainId: quantity(transaction.chainId) };
  if (transaction.type === 0) return chain;
  const accessList = formatAccessList(transaction.accessList);
  if (transaction.type === 3) {
    const blobVersionedHashes = transaction.blobVersionedHashes.map(bytesToHex);
    return { accessList, ...chain, blobVersionedHashes };
  }
  if (transaction.type === 4) {
    const authorizationList = transaction.authorizationList.map((entry) => ({
      chainId: quantity(entry.chainId),
      address: bytesToHex(entry.address),
      nonce: quantity(entry.nonce),
      yParity: quantity(entry.yParity),
      r: quantity(bytesToBigint(entry.r)),
      s: quantity(bytesToBigint(entry.s)),
    }));
    return { accessList, ...chain, authorizationList };
  }
  return { accessList, ...chain };
}

export function formatAccessList(
  list: readonly { readonly address: Uint8Array; readonly storageKeys: readonly Uint8Array[] }[],
): readonly { readonly address: Hex; readonly storageKeys: readonly Hex[] }[] {
  return list.map(({ address, storageKeys }) => ({
    address: bytesToHex(address),
    storageKeys: storageKeys.map(bytesToHex),
  }));
}

/** `v` of a legacy transaction carries the chain id (EIP-155) or 27/28; later types have the parity. */
function signatureFields({ type, chainId, signature, yParity }: Transaction): TransactionJson {
  const r = quantity(bytesToBigint(signature.subarray(0, 32)));
  const s = quantity(bytesToBigint(signature.subarray(32, 64)));
  if (type !== 0) return { v: quantity(yParity), r, s, yParity: quantity(yParity) };
  const v = chainId === undefined ? 27n + BigInt(yParity) : 35n + 2n * chainId + BigInt(yParity);
  return { v: quantity(v), r, s };
}
