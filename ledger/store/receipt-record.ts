/**
 * The receipts of a block as they are stored: an RLP list of `[type, status, cumulativeGasUsed, logs]` and,
 * where it is kept, a revert reason behind them (L-18), where a log is `[address, topics, data]`. Blooms are left out: they follow from the logs, and would be
 * half of the bytes.
 */
import {
  type Address,
  bigintToBytes,
  bytesToBigint,
  decodeRlp,
  encodeRlp,
  type Hash,
  invariant,
  type Log,
  logsBloom,
  type Receipt,
  type RlpItem,
  RlpReader,
} from '../model/index.ts';

const FAILURE = new Uint8Array(0);
const SUCCESS = Uint8Array.of(1);

export function encodeReceipts(receipts: readonly Receipt[]): Uint8Array {
  return encodeRlp(
    receipts.map(({ type, status, cumulativeGasUsed, logs, revertReason }) => [
      bigintToBytes(BigInt(type)),
      status === 0 ? FAILURE : status === 1 ? SUCCESS : status,
      bigintToBytes(cumulativeGasUsed),
      logs.map((log) => [log.address, log.topics, log.data]),
      ...(revertReason === undefined ? [] : [revertReason]),
    ]),
  );
}

/**
 * The logs at some places (ascending) of such a list. Receipts that have none of them are passed over.
 * @throws InvariantError if there is no log at one of the places
 */
export function logsAt(
  record: Uint8Array,
  places: readonly { readonly transactionIndex: number; readonly indexInReceipt: number }[],
): readonly Log[] {
  const receipts = new RlpReader(record);
  receipts.enterList();
  const found: Log[] = [];
  let passed = 0;
  for (let at = 0; at < places.length; ) {
    const { transactionIndex } = places[at] as { transactionIndex: number };
    for (; passed < transactionIndex; passed += 1) receipts.skip();
    const logs = logsOf(receipts.raw());
    passed += 1;
    for (; places[at]?.transactionIndex === transactionIndex; at += 1) {
      const log = logs[(places[at] as { indexInReceipt: number }).indexInReceipt];
      invariant(log !== undefined, 'the log index names logs that are stored');
      found.push(logFrom(log));
    }
  }
  return found;
}

function logsOf(receipt: Uint8Array): readonly StoredLog[] {
  const decoded = decodeRlp(receipt);
  return decoded.ok ? (decoded.item as StoredReceipt)[3] : [];
}

/** Undefined if the bytes are not such a list. */
export function decodeReceipts(bytes: Uint8Array): readonly Receipt[] | undefined {
  const decoded = decodeRlp(bytes);
  if (!decoded.ok || decoded.item instanceof Uint8Array) return undefined;
  // What is decoded has passed its checksum: it has the shape that `encodeReceipts` gave it.
  return (decoded.item as readonly StoredReceipt[]).map(receiptFrom);
}

type StoredLog = readonly [Address, readonly Hash[], Uint8Array];
type StoredReceipt = readonly [
  type: Uint8Array,
  status: Uint8Array,
  gas: Uint8Array,
  logs: readonly StoredLog[],
  revertReason?: Uint8Array,
] &
  readonly RlpItem[];

function receiptFrom([type, status, gas, stored, revertReason]: StoredReceipt): Receipt {
  const logs = stored.map(logFrom);
  return {
    type: (type[0] ?? 0) as Receipt['type'],
    status: status.length === 32 ? (status as Hash) : status.length === 0 ? 0 : 1,
    cumulativeGasUsed: bytesToBigint(gas),
    logsBloom: logsBloom(logs),
    logs,
    ...(revertReason !== undefined && { revertReason }),
  };
}

function logFrom([address, topics, data]: StoredLog): Log {
  return { address, topics, data };
}
