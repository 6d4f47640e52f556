/** The second pass: each block's records agree with its header, and the blocks with one another. */
import { setImmediate as breathe } from 'node:timers/promises';
import {
  type Block,
  type BlockHeader,
  combineBlooms,
  decodeBlock,
  encodeHeader,
  equalBytes,
  type Hash,
  type HeaderHashRule,
  type Height,
  headerHash,
  type Receipt,
  receiptsRoot,
  recoverSender,
  transactionsRoot,
  ZERO_HASH,
} from '../../model/index.ts';
import { readBatchRecord, readHead } from '../batch-chain.ts';
import { readHeader } from '../check-store.ts';
import type { Reader } from '../database.ts';
import { isBodyPruned, readHorizons } from '../horizons.ts';
import { hashKey, logKey, numberFrom, numberKey } from '../keyspace.ts';
import { logRecords } from '../log-places.ts';
import { decodeReceipts } from '../receipt-record.ts';
import type { Findings } from './report.ts';
import type { RecordCounts } from './verify-records.ts';

export type BlockCheck = {
  readonly reader: Reader;
  readonly hashRule: HeaderHashRule;
  readonly findings: Findings;
  /** Called for each header in order, for what the store cannot know: seals. Returns what is wrong. */
  readonly checkHeader: (header: BlockHeader) => Promise<string | undefined>;
  readonly onProgress: (done: Height, total: Height) => void;
};

type Expected = { readonly parentHash: Hash; readonly digest: Hash };

export async function verifyBlocks(check: BlockCheck, counts: RecordCounts): Promise<void> {
  const { reader, findings, onProgress } = check;
  const head = readHead(reader);
  if (head === undefined) return;
  const totals = { transactions: 0, logs: 0, bodies: 0 };
  let expected: Expected = { parentHash: ZERO_HASH, digest: ZERO_HASH };
  for (let number = 0n; number <= head.number; number += 1n) {
    expected = await verifyBlock(check, number, expected, totals);
    onProgress(number, head.number);
    if (number % 16n === 0n) await breathe();
  }
  const blocks = Number(head.number) + 1;
  for (const [table, wanted] of [
    ['header', blocks],
    ['block', totals.bodies],
    ['senders', totals.bodies],
    ['receipts', totals.bodies],
    ['batch', blocks],
    ['numberOfHash', blocks],
    ['transaction', totals.transactions],
    ['log', totals.logs],
  ] as const) {
    const found = counts.get(table) ?? 0;
    findings.expect(found === wanted, `table ${table}`, `${found} records, not ${wanted}`);
  }
}

async function verifyBlock(
  { reader, hashRule, findings, checkHeader }: BlockCheck,
  number: Height,
  { parentHash, digest }: Expected,
  totals: { transactions: number; logs: number; bodies: number },
): Promise<Expected> {
  const where = `block ${number}`;
  const unknown = { parentHash: ZERO_HASH, digest: ZERO_HASH };
  const batch = attempt(() => readBatchRecord(reader, number));
  const header = attempt(() => readHeader(reader, number));
  if (header === undefined || batch === undefined) {
    findings.add(where, 'its header or its batch record is missing or damaged');
    return batch === undefined ? unknown : { parentHash: batch.blockHash, digest: batch.digest };
  }
  const hash = headerHash(header, hashRule);
  findings.expect(equalBytes(hash, batch.blockHash), where, 'its hash is not that of its header');
  const isKnown = number === 0n || !equalBytes(digest, ZERO_HASH);
  findings.expect(
    !isKnown || (equalBytes(header.parentHash, parentHash) && equalBytes(batch.before, digest)),
    where,
    'it does not follow the block before',
  );
  const fault = number === 0n ? undefined : await checkHeader(header);
  if (fault !== undefined) findings.add(where, fault);
  const place = attempt(() => reader.get(hashKey('numberOfHash', hash)));
  findings.expect(
    place !== undefined && numberFrom(place) === number,
    where,
    'it is not found by its hash',
  );
  // L-31
  const horizons = attempt(() => readHorizons(reader));
  if (horizons !== undefined && isBodyPruned(horizons, number)) {
    return { parentHash: hash, digest: batch.digest };
  }
  totals.bodies += 1;
  const block = attempt(() => decodedBlock(reader, number));
  const receipts = attempt(() => storedReceipts(reader, number));
  if (block !== undefined) {
    verifyBody(reader, findings, header, block);
    totals.transactions += block.transactions.length;
  } else findings.add(where, 'its body is missing or damaged');
  if (receipts === undefined) findings.add(where, 'its receipts are missing or damaged');
  else totals.logs += verifyReceipts(reader, findings, header, receipts);
  return { parentHash: hash, digest: batch.digest };
}

function verifyBody(
  reader: Reader,
  findings: Findings,
  header: BlockHeader,
  { header: bodyHeader, transactions }: Block,
): void {
  const { number } = header;
  const where = `block ${number}`;
  findings.expect(
    equalBytes(encodeHeader(bodyHeader), encodeHeader(header)),
    where,
    'the header in its body is another one',
  );
  const root = transactionsRoot(transactions.map(({ raw }) => raw));
  findings.expect(
    equalBytes(root, header.transactionsRoot),
    where,
    'its transactions do not give the root in its header',
  );
  const senders = attempt(() => reader.get(numberKey('senders', number)));
  const isCounted = senders?.length === 20 * transactions.length;
  findings.expect(isCounted, where, 'its senders are missing or too many');
  for (const [index, transaction] of transactions.entries()) {
    const sender = recoverSender(transaction);
    const stored = senders?.subarray(20 * index, 20 * (index + 1));
    const isSender = sender !== undefined && stored !== undefined && equalBytes(sender, stored);
    findings.expect(!isCounted || isSender, where, `transaction ${index} has another sender`);
    const place = attempt(() => reader.get(hashKey('transaction', transaction.hash)));
    const isPlace =
      place !== undefined &&
      numberFrom(place) === number &&
      new DataView(place.buffer, place.byteOffset).getUint32(8) === index;
    findings.expect(isPlace, where, `transaction ${index} is not found by its hash`);
  }
}

/** Returns how many records of the log index the block has. */
function verifyReceipts(
  reader: Reader,
  findings: Findings,
  header: BlockHeader,
  receipts: readonly Receipt[],
): number {
  const { number } = header;
  const where = `block ${number}`;
  findings.expect(
    equalBytes(receiptsRoot(receipts), header.receiptsRoot),
    where,
    'its receipts do not give the root in its header',
  );
  findings.expect(
    equalBytes(combineBlooms(receipts.map(({ logsBloom }) => logsBloom)), header.logsBloom),
    where,
    'its logs do not give the bloom in its header',
  );
  const records = logRecords(receipts);
  for (const { term, record } of records) {
    const stored = attempt(() => reader.get(logKey(term, number)));
    findings.expect(
      stored !== undefined && equalBytes(stored, record),
      where,
      'its logs are not all found by the index',
    );
  }
  return records.length;
}

function decodedBlock(reader: Reader, number: Height): Block | undefined {
  const bytes = reader.get(numberKey('block', number));
  const decoded = bytes === undefined ? undefined : decodeBlock(bytes);
  return decoded?.ok === true ? decoded.block : undefined;
}

function storedReceipts(reader: Reader, number: Height): readonly Receipt[] | undefined {
  const bytes = reader.get(numberKey('receipts', number));
  return bytes === undefined ? undefined : decodeReceipts(bytes);
}

/** A damaged record was named by the first pass already: here it is one that is not there. */
function attempt<T>(read: () => T | undefined): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
