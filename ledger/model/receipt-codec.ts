/** Receipts in the form that the receipts trie commits to (EIP-2718, EIP-658). */
import { type Address, bigintToBytes, concatBytes, type Hash, plainBytes } from './bytes.ts';
import { refuse, type Verdict } from './errors.ts';
import type { Log, Receipt } from './receipt.ts';
import { encodeRlp } from './rlp.ts';
import { RlpReader } from './rlp-reader.ts';

const FAILURE = new Uint8Array(0);
const SUCCESS = Uint8Array.of(1);

/** A list for type 0, else the type byte and the list. */
export function encodeReceipt(receipt: Receipt): Uint8Array {
  const list = encodeRlp([
    statusItem(receipt.status),
    bigintToBytes(receipt.cumulativeGasUsed),
    receipt.logsBloom,
    receipt.logs.map((log) => [log.address, log.topics, log.data]),
  ]);
  return receipt.type === 0 ? list : concatBytes(Uint8Array.of(receipt.type), list);
}

function statusItem(status: Receipt['status']): Uint8Array {
  if (status === 0) return FAILURE;
  return status === 1 ? SUCCESS : status;
}

/** Refuses with a `MODEL_RLP_` or `MODEL_RECEIPT_` code. Byte fields are views of `bytes`. */
export function decodeReceipt(bytes: Uint8Array): Verdict<{ receipt: Receipt }> {
  const plain = plainBytes(bytes);
  const first = plain[0] ?? 0;
  const type = first >= 0xc0 ? 0 : first;
  if (type > 4 || (type === 0 && first < 0xc0)) {
    return refuse('MODEL_RECEIPT_TYPE', 'receipt type not supported');
  }
  const reader = new RlpReader(plain, type === 0 ? 0 : 1);
  const end = reader.enterList();
  const status = readStatus(reader);
  const cumulativeGasUsed = reader.integer(8);
  const logsBloom = reader.fixed(256);
  const logs = readLogs(reader);
  reader.leaveList(end);
  reader.finish();
  if (reader.fault !== undefined) {
    return refuse(reader.fault, `receipt malformed near byte ${reader.position}`);
  }
  const receipt: Receipt = {
    type: type as Receipt['type'],
    status,
    cumulativeGasUsed,
    logsBloom,
    logs,
  };
  return { ok: true, receipt };
}

function readStatus(reader: RlpReader): Receipt['status'] {
  const item = reader.string();
  if (item.length === 32) return item as Hash;
  if (item.length === 0) return 0;
  if (item.length > 1 || item[0] !== 1) reader.fail('MODEL_RLP_INTEGER');
  return 1;
}

function readLogs(reader: RlpReader): Log[] {
  const logs: Log[] = [];
  const end = reader.enterList();
  while (reader.hasMore(end)) {
    const logEnd = reader.enterList();
    const address = reader.fixed(20) as Address;
    const topics: Hash[] = [];
    const topicsEnd = reader.enterList();
    while (reader.hasMore(topicsEnd)) topics.push(reader.fixed(32) as Hash);
    reader.leaveList(topicsEnd);
    if (topics.length > 4) reader.fail('MODEL_RLP_LENGTH');
    const data = reader.string();
    reader.leaveList(logEnd);
    logs.push({ address, topics, data });
  }
  reader.leaveList(end);
  return logs;
}
