/**
 * The receipts of a block as they are stored: an RLP list of `[type, status, cumulativeGasUsed, logs]`,
 * where a log is `[address, topics, data]`. Blooms are left out: they follow from the logs, and would be
 * half of the bytes.
 */
import {
  type Address,
  bigintToBytes,
  bytesToBigint,
  decodeRlp,
  encodeRlp,
  type Hash,
  type Log,
  logsBloom,
  type Receipt,
  type RlpItem,
} from '../model/index.ts';

const FAILURE = new Uint8Array(0);
const SUCCESS = Uint8Array.of(1);

export function encodeReceipts(receipts: readonly Receipt[]): Uint8Array {
  return encodeRlp(
    receipts.map(({ type, status, cumulativeGasUsed, logs }) => [
      bigintToBytes(BigInt(type)),
      status === 0 ? FAILURE : status === 1 ? SUCCESS : status,
      bigintToBytes(cumulativeGasUsed),
      logs.map((log) => [log.address, log.topics, log.data]),
    ]),
  );
}

/** Undefined if the bytes are not such a list. */
export function decodeReceipts(bytes: Uint8Array): readonly Receipt[] | undefined {
  const decoded = decodeRlp(bytes);
  if (!decoded.ok || decoded.item instanceof Uint8Array) return undefined;
  // What is decoded has passed its checksum: it has the shape that `encodeReceipts` gave it.
  return (decoded.item as readonly StoredReceipt[]).map(receiptFrom);
}

type StoredLog = readonly [Address, readonly Hash[], Uint8Array];
type StoredReceipt = readonly [Uint8Array, Uint8Array, Uint8Array, readonly StoredLog[]] &
  readonly RlpItem[];

function receiptFrom([type, status, gas, stored]: StoredReceipt): Receipt {
  const logs: readonly Log[] = stored.map(([address, topics, data]) => ({ address, topics, data }));
  return {
    type: (type[0] ?? 0) as Receipt['type'],
    status: status.length === 32 ? (status as Hash) : status.length === 0 ? 0 : 1,
    cumulativeGasUsed: bytesToBigint(gas),
    logsBloom: logsBloom(logs),
    logs,
  };
}
