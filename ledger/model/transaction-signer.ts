/** Making transactions: fields to their canonical, signed encoding. */
import { keccak256, sign } from '#crypto';
import { bigintToBytes, bytesToBigint, concatBytes } from './bytes.ts';
import { invariant } from './errors.ts';
import { encodeListOf, encodeRlp, type RlpItem } from './rlp.ts';
import type {
  AccessListItem,
  AccessListTransaction,
  BlobTransaction,
  FeeMarketTransaction,
  LegacyTransaction,
  SetCodeTransaction,
  Transaction,
} from './transaction.ts';
import { decodeTransaction, replaySuffix, signingHash } from './transaction-decoder.ts';

type Signed = 'signature' | 'yParity' | 'raw' | 'hash' | 'signingHash';

/** What a sender chooses; the signature and what follows from it are made by `signTransaction`. */
export type TransactionFields =
  | Omit<LegacyTransaction, Signed>
  | Omit<AccessListTransaction, Signed>
  | Omit<FeeMarketTransaction, Signed>
  | Omit<BlobTransaction, Signed>
  | Omit<SetCodeTransaction, Signed>;

/**
 * Signs a transaction.
 * @throws RangeError if the fields make no valid transaction (a field too large, a list missing)
 */
export function signTransaction(fields: TransactionFields, privateKey: Uint8Array): Transaction {
  const items = unsignedItems(fields).map(encodeRlp);
  const unsigned = concatBytes(...items);
  const type = fields.type === 0 ? undefined : fields.type;
  const suffix =
    fields.type === 0 && fields.chainId !== undefined ? replaySuffix(fields.chainId) : undefined;
  const { signature, yParity } = sign(signingHash(type, unsigned, suffix), privateKey);
  const tail: RlpItem[] = [
    bigintToBytes(signatureMark(fields, yParity)),
    bigintToBytes(bytesToBigint(signature.subarray(0, 32))),
    bigintToBytes(bytesToBigint(signature.subarray(32))),
  ];
  const list = encodeListOf([unsigned, ...tail.map(encodeRlp)]);
  const raw = type === undefined ? list : concatBytes(Uint8Array.of(type), list);
  const decoded = decodeTransaction(raw);
  if (!decoded.ok) throw new RangeError(`no valid transaction: ${decoded.message}`);
  return decoded.transaction;
}

/** The transaction that nobody signed: its signature is zeros, and its hash covers them. */
export function unsignedTransaction(fields: TransactionFields): Transaction {
  const items = unsignedItems(fields).map(encodeRlp);
  const zero = encodeRlp(new Uint8Array(0));
  const list = encodeListOf([...items, zero, zero, zero]);
  const raw = fields.type === 0 ? list : concatBytes(Uint8Array.of(fields.type), list);
  const hash = keccak256(raw);
  return { ...fields, signature: new Uint8Array(64), yParity: 0, raw, hash, signingHash: hash };
}

/** `v` of a legacy transaction, `yParity` of the others. */
function signatureMark(fields: TransactionFields, yParity: 0 | 1): bigint {
  if (fields.type !== 0) return BigInt(yParity);
  return fields.chainId === undefined
    ? 27n + BigInt(yParity)
    : 35n + 2n * fields.chainId + BigInt(yParity);
}

function unsignedItems(fields: TransactionFields): RlpItem[] {
  const to = fields.to ?? new Uint8Array(0);
  const call: RlpItem[] = [
    bigintToBytes(fields.gasLimit),
    to,
    bigintToBytes(fields.value),
    fields.data,
  ];
  const nonce = bigintToBytes(fields.nonce);
  if (fields.type === 0) return [nonce, bigintToBytes(fields.gasPrice), ...call];
  invariant(fields.chainId !== undefined, 'a typed transaction names its chain');
  const head = [bigintToBytes(fields.chainId), nonce];
  const accessList = fields.accessList.map(accessListItem);
  if (fields.type === 1) return [...head, bigintToBytes(fields.gasPrice), ...call, accessList];
  const fees = [bigintToBytes(fields.maxPriorityFeePerGas), bigintToBytes(fields.maxFeePerGas)];
  const feeMarket = [...head, ...fees, ...call, accessList];
  if (fields.type === 2) return feeMarket;
  if (fields.type === 3) {
    return [...feeMarket, bigintToBytes(fields.maxFeePerBlobGas), fields.blobVersionedHashes];
  }
  return [
    ...feeMarket,
    fields.authorizationList.map((tuple) => [
      bigintToBytes(tuple.chainId),
      tuple.address,
      bigintToBytes(tuple.nonce),
      bigintToBytes(BigInt(tuple.yParity)),
      bigintToBytes(bytesToBigint(tuple.r)),
      bigintToBytes(bytesToBigint(tuple.s)),
    ]),
  ];
}

function accessListItem(item: AccessListItem): RlpItem {
  return [item.address, item.storageKeys];
}
