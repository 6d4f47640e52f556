/** Takes the pieces of a snapshot in their order, checks each by itself and writes what it gives. */
import {
  type BlockHeader,
  decodeBlock,
  decodeHeader,
  decodeReceipt,
  encodeHeader,
  equalBytes,
  headerHash,
  type Receipt,
  receiptsRoot,
  recoverSender,
  transactionsRoot,
} from '../../model/index.ts';
import { type Batch, createBatch } from '../batch.ts';
import { type HeadRecord, sealBatch } from '../batch-chain.ts';
import { putRecords } from '../block-writes.ts';
import { createChainReads } from '../chain-reads.ts';
import type { Database } from '../database.ts';
import { putHorizons } from '../horizons.ts';
import { hashKey, numberBytes, numberKey } from '../keyspace.ts';
import type { LoadOptions } from './load-snapshot.ts';
import type { Piece } from './pieces.ts';
import type { SnapshotHeader } from './snapshot-file.ts';
import { createStateMaker, type StateMaker } from './state-maker.ts';

export type StoreMaker = {
  /** @throws what `invalid` makes for a piece that is out of order or does not prove itself */
  take(piece: Piece): Promise<void>;
  /** Once all pieces were taken; resolves with the number of accounts. @throws what `invalid` makes */
  finish(): Promise<number>;
};

export type MakerOptions = LoadOptions & { readonly invalid: (fact: string) => Error };

/** What is gathered before it is written. */
const BATCH_BYTES: number = 4 * 1024 * 1024;

export async function createStoreMaker(
  database: Database,
  { number, hash }: SnapshotHeader,
  options: MakerOptions,
): Promise<StoreMaker> {
  const { genesis, hashRule, invalid } = options;
  const { hashOf, headerOf } = createChainReads(database);
  let tip: { readonly record: HeadRecord; readonly header: BlockHeader } = await putGenesis(
    database,
    options,
  );
  const checkHeader = await options.createHeaderCheck({
    header: headerOf,
    hashOf,
    stateAt: () => undefined,
    oldest: () => ({ state: 0n, bodies: 0n }),
  });
  let hasHead = false;
  let state: StateMaker | undefined;
  let batch: Batch = createBatch();

  const flush = async (least: number): Promise<void> => {
    if (batch.size() < least) return;
    const writes = batch.writes();
    batch = createBatch();
    await database.write(writes);
  };

  const takeHeaders = async (encoded: readonly Uint8Array[]): Promise<void> => {
    const headers = encoded.map((bytes) => headerFrom(bytes, invalid));
    const writes = headers.flatMap((header) => {
      const own = createBatch();
      const ownHash = headerHash(header, hashRule);
      const follows =
        header.number === tip.record.number + 1n && equalBytes(header.parentHash, tip.record.hash);
      if (!follows || header.number > number) {
        throw invalid(`header ${header.number} does not follow block ${tip.record.number}`);
      }
      own.put(numberKey('header', header.number), encodeHeader(header));
      own.put(hashKey('numberOfHash', ownHash), numberBytes(header.number));
      const record = sealBatch(own, { number: header.number, hash: ownHash }, tip.record);
      tip = { record, header };
      return own.writes();
    });
    await database.write(writes);
    // They are read back by the check, which follows the votes in them.
    for (const header of headers) {
      const fault = await checkHeader(header);
      if (fault !== undefined) throw invalid(`block ${header.number}: ${fault}`);
    }
  };

  const takeHead = ({ block: encoded, receipts: list }: Extract<Piece, { kind: 'head' }>): void => {
    if (tip.record.number !== number || !equalBytes(tip.record.hash, hash)) {
      throw invalid(
        `its headers end at block ${tip.record.number}, not at the block that it names`,
      );
    }
    const decoded = decodeBlock(encoded);
    if (!decoded.ok) throw invalid(`its block: ${decoded.message}`);
    const { block } = decoded;
    const receipts = list.map((bytes) => receiptFrom(bytes, invalid));
    const senders = block.transactions.map((transaction) => {
      const sender = recoverSender(transaction);
      if (sender === undefined) throw invalid('a transaction of its block has no valid signature');
      return sender;
    });
    const fits =
      equalBytes(encodeHeader(block.header), encodeHeader(tip.header)) &&
      equalBytes(
        transactionsRoot(block.transactions.map(({ raw }) => raw)),
        tip.header.transactionsRoot,
      ) &&
      equalBytes(receiptsRoot(receipts), tip.header.receiptsRoot) &&
      receipts.length === senders.length &&
      block.ommers.length === 0 &&
      (block.withdrawals?.length ?? 0) === 0;
    if (!fits) throw invalid('its block or receipts are not those that the header commits to');
    putRecords(batch, { block, senders, receipts }, hash);
    hasHead = true;
    state = createStateMaker(tip.header, invalid);
  };

  return {
    take: async (piece) => {
      if (piece.kind === 'headers' && !hasHead) await takeHeaders(piece.headers);
      else if (piece.kind === 'head' && !hasHead) takeHead(piece);
      else if (state === undefined || piece.kind === 'headers' || piece.kind === 'head') {
        throw invalid(`a piece of ${piece.kind} is out of order`);
      } else {
        state.take(piece, batch);
        await flush(BATCH_BYTES);
      }
    },
    finish: async () => {
      if (state === undefined) throw invalid('it has no block');
      const accounts = state.finish();
      // Below the block nothing is known but headers, and block 0.
      putHorizons(batch, { state: number, bodies: number });
      await flush(0);
      return accounts;
    },
  };

  async function putGenesis(
    target: Database,
    { invalid: fail }: MakerOptions,
  ): Promise<{ record: HeadRecord; header: BlockHeader }> {
    const { block, hash: first } = genesis;
    if (number === 0n) throw fail('it is of block 0');
    const own = createBatch();
    putRecords(own, { block, senders: [], receipts: [] }, first);
    const record = sealBatch(own, { number: 0n, hash: first }, undefined);
    await target.write(own.writes());
    return { record, header: block.header };
  }
}

function headerFrom(bytes: Uint8Array, invalid: (fact: string) => Error): BlockHeader {
  const decoded = decodeHeader(bytes);
  if (!decoded.ok) throw invalid(decoded.message);
  return decoded.header;
}

function receiptFrom(bytes: Uint8Array, invalid: (fact: string) => Error): Receipt {
  const decoded = decodeReceipt(bytes);
  if (!decoded.ok) throw invalid(decoded.message);
  return decoded.receipt;
}
