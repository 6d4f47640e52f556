/**
 * Transactions straight from bytes: one pass, no tree of items, both hashes without copying fields.
 *
 * What is checked here needs no chain: canonical form, field sizes, signature ranges (EIP-2),
 * lists that a type requires. Chain id, nonce order, balance, fees, gas and fork rules are the caller's.
 * All byte fields of the result are views of the input, which must not change afterwards.
 */
import { keccak256 } from '#crypto';
import { type Address, type Hash, plainBytes } from './bytes.ts';
import { type Refusal, refuse, type Verdict } from './errors.ts';
import { headLength, writeHead } from './rlp.ts';
import { RlpReader } from './rlp-reader.ts';
import { isSignatureInRange } from './signature-range.ts';
import type { AccessListItem, Authorization, Transaction } from './transaction.ts';

/** EIP-2681: an account whose nonce is 2^64 - 1 can send nothing more. */
const NONCE_LIMIT = 2n ** 64n - 1n;
/** Above this, and above 28, `v` carries a chain id (EIP-155): 35 + 2 * chainId + yParity. */
const EIP155_BASE = 35n;

/**
 * Decodes the canonical EIP-2718 form: a list for type 0, else a type byte and a list (type 3
 * without its sidecar). Refuses with a `MODEL_RLP_` or `MODEL_TRANSACTION_` code.
 */
export function decodeTransaction(raw: Uint8Array): Verdict<{ transaction: Transaction }> {
  const bytes = plainBytes(raw);
  const first = bytes[0];
  if (first === undefined) return refuse('MODEL_RLP_TRUNCATED', 'an empty transaction');
  if (first >= 0xc0) return decodeLegacy(bytes);
  if (first >= 1 && first <= 4) return decodeTyped(bytes, first as 1 | 2 | 3 | 4);
  return refuse('MODEL_TRANSACTION_TYPE', 'transaction type not supported');
}

function decodeLegacy(raw: Uint8Array): Verdict<{ transaction: Transaction }> {
  const reader = new RlpReader(raw);
  const end = reader.enterList();
  const start = reader.position;
  const nonce = reader.integer(8);
  const gasPrice = reader.integer(32);
  const gasLimit = reader.integer(8);
  const to = reader.fixedOrEmpty(20) as Address | undefined;
  const value = reader.integer(32);
  const data = reader.string();
  const unsignedEnd = reader.position;
  const v = reader.integer(32);
  const signature = readSignature(reader);
  reader.leaveList(end);
  reader.finish();
  const refusal = refuseCommon(reader, nonce, signature);
  if (refusal !== undefined) return refusal;
  const replay = readReplayProtection(v);
  if (replay === undefined) {
    return refuse('MODEL_TRANSACTION_SIGNATURE', 'invalid transaction v, r, s values');
  }
  const { chainId, yParity } = replay;
  const suffix = chainId === undefined ? new Uint8Array(0) : replaySuffix(chainId);
  return {
    ok: true,
    transaction: {
      type: 0,
      chainId,
      nonce,
      gasPrice,
      gasLimit,
      to,
      value,
      data,
      signature,
      yParity,
      raw,
      hash: keccak256(raw),
      signingHash: signingHash(undefined, raw.subarray(start, unsignedEnd), suffix),
    },
  };
}

function decodeTyped(raw: Uint8Array, type: 1 | 2 | 3 | 4): Verdict<{ transaction: Transaction }> {
  const reader = new RlpReader(raw, 1);
  const end = reader.enterList();
  const start = reader.position;
  const chainId = reader.integer(32);
  const nonce = reader.integer(8);
  // Type 1 has one price, the later types have tip and cap.
  const firstFee = reader.integer(32);
  const maxFeePerGas = type === 1 ? firstFee : reader.integer(32);
  const gasLimit = reader.integer(8);
  const to = reader.fixedOrEmpty(20) as Address | undefined;
  const value = reader.integer(32);
  const data = reader.string();
  const accessList = readAccessList(reader);
  const maxFeePerBlobGas = type === 3 ? reader.integer(32) : 0n;
  const blobVersionedHashes = type === 3 ? readHashes(reader) : [];
  const authorizationList = type === 4 ? readAuthorizationList(reader) : [];
  const unsignedEnd = reader.position;
  const yParity = reader.smallInteger(1);
  const signature = readSignature(reader);
  reader.leaveList(end);
  reader.finish();
  const refusal =
    refuseCommon(reader, nonce, signature) ?? refuseTyped(type, to, authorizationList);
  if (refusal !== undefined) return refusal;
  if (yParity !== 0 && yParity !== 1) {
    return refuse('MODEL_TRANSACTION_SIGNATURE', 'invalid transaction v, r, s values');
  }
  const common = {
    chainId,
    nonce,
    gasLimit,
    to,
    value,
    data,
    accessList,
    signature,
    yParity,
    raw,
    hash: keccak256(raw),
    signingHash: signingHash(type, raw.subarray(start, unsignedEnd), undefined),
  } as const;
  if (type === 1) return { ok: true, transaction: { ...common, type, gasPrice: firstFee } };
  const feeMarket = { ...common, maxPriorityFeePerGas: firstFee, maxFeePerGas };
  if (type === 2) return { ok: true, transaction: { ...feeMarket, type } };
  if (type === 3) {
    return { ok: true, transaction: { ...feeMarket, type, maxFeePerBlobGas, blobVersionedHashes } };
  }
  return { ok: true, transaction: { ...feeMarket, type, authorizationList } };
}

function refuseCommon(
  reader: RlpReader,
  nonce: bigint,
  signature: Uint8Array,
): Refusal | undefined {
  if (reader.fault !== undefined) {
    return refuse(reader.fault, `transaction malformed near byte ${reader.position}`);
  }
  if (nonce >= NONCE_LIMIT) return refuse('MODEL_TRANSACTION_NONCE', 'nonce has max value');
  if (!isSignatureInRange(signature)) {
    return refuse('MODEL_TRANSACTION_SIGNATURE', 'invalid transaction v, r, s values');
  }
  return undefined;
}

function refuseTyped(
  type: 1 | 2 | 3 | 4,
  to: Address | undefined,
  authorizationList: readonly Authorization[],
): Refusal | undefined {
  if (type >= 3 && to === undefined) {
    return refuse(
      'MODEL_TRANSACTION_CREATES',
      `a type ${type} transaction cannot create a contract`,
    );
  }
  if (type === 4 && authorizationList.length === 0) {
    return refuse(
      'MODEL_TRANSACTION_NO_AUTHORIZATION',
      'set code transaction with empty auth list',
    );
  }
  return undefined;
}

/** `v` of a legacy transaction: 27 or 28, or EIP-155's; undefined for any other value. */
function readReplayProtection(
  v: bigint,
): { readonly chainId: bigint | undefined; readonly yParity: 0 | 1 } | undefined {
  if (v === 27n || v === 28n) return { chainId: undefined, yParity: v === 28n ? 1 : 0 };
  if (v < EIP155_BASE) return undefined;
  const rest = v - EIP155_BASE;
  return { chainId: rest >> 1n, yParity: (rest & 1n) === 1n ? 1 : 0 };
}

/** What EIP-155 appends to the six signed fields: chain id, 0, 0. */
export function replaySuffix(chainId: bigint): Uint8Array {
  const bytes = new Uint8Array(36);
  let at = 34;
  let rest = chainId;
  while (rest > 0n) {
    at -= 1;
    bytes[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  const length = 34 - at;
  if (length !== 1 || (bytes[at] as number) >= 0x80) {
    at -= 1;
    bytes[at] = 0x80 + length;
  }
  bytes[34] = 0x80;
  bytes[35] = 0x80;
  return bytes.subarray(at);
}

/** keccak of the type byte (if any) and the list of the fields before the signature. */
export function signingHash(
  type: number | undefined,
  fields: Uint8Array,
  suffix: Uint8Array | undefined,
): Hash {
  const typeLength = type === undefined ? 0 : 1;
  const payloadLength = fields.length + (suffix?.length ?? 0);
  const bytes = new Uint8Array(typeLength + headLength(payloadLength) + payloadLength);
  if (type !== undefined) bytes[0] = type;
  const start = writeHead(bytes, typeLength, payloadLength, 0xc0);
  bytes.set(fields, start);
  if (suffix !== undefined) bytes.set(suffix, start + fields.length);
  return keccak256(bytes);
}

function readSignature(reader: RlpReader): Uint8Array {
  const signature = new Uint8Array(64);
  reader.word(signature, 32);
  reader.word(signature, 64);
  return signature;
}

function readAccessList(reader: RlpReader): readonly AccessListItem[] {
  const list: AccessListItem[] = [];
  const end = reader.enterList();
  while (reader.hasMore(end)) {
    const itemEnd = reader.enterList();
    const address = reader.fixed(20) as Address;
    list.push({ address, storageKeys: readHashes(reader) });
    reader.leaveList(itemEnd);
  }
  reader.leaveList(end);
  return list;
}

function readHashes(reader: RlpReader): readonly Hash[] {
  const hashes: Hash[] = [];
  const end = reader.enterList();
  while (reader.hasMore(end)) hashes.push(reader.fixed(32) as Hash);
  reader.leaveList(end);
  return hashes;
}

/** EIP-7702 bounds: whether a tuple is valid is decided when it is applied, not here. */
function readAuthorizationList(reader: RlpReader): readonly Authorization[] {
  const list: Authorization[] = [];
  const end = reader.enterList();
  while (reader.hasMore(end)) {
    const itemEnd = reader.enterList();
    const chainId = reader.integer(32);
    const address = reader.fixed(20) as Address;
    const nonce = reader.integer(8);
    const yParity = reader.smallInteger(1);
    const signature = readSignature(reader);
    reader.leaveList(itemEnd);
    const r = signature.subarray(0, 32);
    const s = signature.subarray(32);
    list.push({ chainId, address, nonce, yParity, r, s });
  }
  reader.leaveList(end);
  return list;
}
