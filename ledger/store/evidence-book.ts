/**
 * Proofs of equivocation, beside the chain: kept for whoever asks, read by no rule of consensus. The
 * store sees opaque bundles under author, height and kind. Evidence E-7
 */
import { type Address, asAddress, type Height } from '../model/index.ts';
import { createBatch } from './batch.ts';
import type { Database } from './database.ts';
import { evidenceKey, keysFrom, numberFrom } from './keyspace.ts';
import type { SerialQueue } from './serial-queue.ts';

export type EvidenceRecord = {
  readonly author: Address;
  readonly height: Height;
  /** Of the contradicting messages; one byte. */
  readonly kind: number;
  readonly bundle: Uint8Array;
};

export type EvidenceBook = {
  /**
   * Keeps a record, synced. False if there is one of that author, height and kind, or enough of that
   * author.
   * @throws CodedError `STORE_WRITE_FAILED`, `STORE_DAMAGED`
   */
  add(record: EvidenceRecord): Promise<boolean>;
  /**
   * By author, then height, then kind; at most 64 for each author.
   * @throws CodedError `STORE_DAMAGED`
   */
  list(author?: Address): Promise<readonly EvidenceRecord[]>;
};

/** The first ones: one proves guilt, and more must not fill the disk. */
export const RECORDS_PER_AUTHOR = 64;

const EVERYONE = new Uint8Array(0);

/** @param serially shared with the writes of blocks: one batch at a time */
export function createEvidenceBook(database: Database, serially: SerialQueue): EvidenceBook {
  const add = async ({ author, height, kind, bundle }: EvidenceRecord): Promise<boolean> => {
    const key = evidenceKey(author, height, kind);
    if (database.get(key) !== undefined) return false;
    const known = await database.keys(keysFrom('evidence', author));
    if (known.length >= RECORDS_PER_AUTHOR) return false;
    const batch = createBatch();
    batch.put(key, bundle);
    await database.write(batch.writes());
    return true;
  };
  return {
    add: (record) => serially(() => add(record)),
    list: async (author) => {
      const keys = await database.keys(keysFrom('evidence', author ?? EVERYONE));
      return keys.map((key) => ({ ...placeOf(key), bundle: database.require(key) }));
    },
  };
}

function placeOf(key: Uint8Array): Omit<EvidenceRecord, 'bundle'> {
  const author = asAddress(key.slice(1, 21));
  return { author, height: numberFrom(key, 21), kind: key[29] as number };
}
