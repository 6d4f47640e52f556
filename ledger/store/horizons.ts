/** From which block on a store keeps what: everything, until it is pruned (L-30). */
import { CodedError, type Height } from '../model/index.ts';
import type { Batch } from './batch.ts';
import type { Reader } from './database.ts';
import { STORE_ERRORS, type StoreErrorDetail } from './errors.ts';
import { HORIZONS_KEY, numberBytes, numberFrom } from './keyspace.ts';

export type Horizons = {
  /** The oldest block after which the state can be read and proved. */
  readonly state: Height;
  /** The oldest block with body, receipts and indexes, beside block 0, which keeps them. */
  readonly bodies: Height;
};

const EVERYTHING: Horizons = { state: 0n, bodies: 0n };

export function readHorizons(database: Reader): Horizons {
  const record = database.get(HORIZONS_KEY);
  if (record === undefined) return EVERYTHING;
  return { state: numberFrom(record), bodies: numberFrom(record, 8) };
}

export function putHorizons(batch: Batch, { state, bodies }: Horizons): void {
  const record = new Uint8Array(16);
  record.set(numberBytes(state));
  record.set(numberBytes(bodies), 8);
  batch.put(HORIZONS_KEY, record);
}

/** Whether body, receipts and indexes of a block are gone. */
export function isBodyPruned({ bodies }: Horizons, number: Height): boolean {
  return number > 0n && number < bodies;
}

/** What is asked for is below a horizon. */
export function prunedError(
  what: 'state' | 'body' | 'logs',
  number: Height,
  horizon: Height,
): CodedError<StoreErrorDetail> {
  const message = `the ${what} of block ${number} ${what === 'logs' ? 'are' : 'is'} pruned: kept from block ${horizon} on. ${STORE_ERRORS.STORE_PRUNED.remedy}`;
  return new CodedError(message, { code: 'STORE_PRUNED', horizon });
}
