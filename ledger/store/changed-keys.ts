/**
 * Which accounts and slots a block changed: with the history of their values, what it takes to go back to the
 * tries of an earlier block (L-12). The record is a list of addresses (20), each with 1 if the account
 * itself changed, else 0 (1), a number of slots (4) and the slots (32 each).
 */
import type { Address } from '../model/index.ts';

export type ChangedAccount = {
  readonly address: Address;
  /** False: only slots did, and gave the same storage root. */
  readonly isAccountChanged: boolean;
  readonly slots: readonly Uint8Array[];
};

export function encodeChangedKeys(changed: readonly ChangedAccount[]): Uint8Array {
  let length = 0;
  for (const { slots } of changed) length += 25 + 32 * slots.length;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { address, isAccountChanged, slots } of changed) {
    bytes.set(address, at);
    bytes[at + 20] = isAccountChanged ? 1 : 0;
    view.setUint32(at + 21, slots.length);
    at += 25;
    for (const slot of slots) {
      bytes.set(slot, at);
      at += 32;
    }
  }
  return bytes;
}

/** Of a record that has passed its checksum. The keys are views of it. */
export function decodeChangedKeys(record: Uint8Array): readonly ChangedAccount[] {
  const view = new DataView(record.buffer, record.byteOffset, record.length);
  const changed: ChangedAccount[] = [];
  for (let at = 0; at < record.length; ) {
    const address = record.subarray(at, at + 20) as Address;
    const isAccountChanged = record[at + 20] === 1;
    const count = view.getUint32(at + 21);
    at += 25;
    const slots = Array.from({ length: count }, (_, index) =>
      record.subarray(at + 32 * index, at + 32 * (index + 1)),
    );
    at += 32 * count;
    changed.push({ address, isAccountChanged, slots });
  }
  return changed;
}
