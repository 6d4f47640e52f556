/**
 * LevelDB's log and manifest, checked by their own checksums: blocks of 32 KiB with records of masked CRC-32C (4),
 * length (2), kind (1) and payload; little-endian (leveldb, doc/log_format.md).
 */
import { concatBytes } from '../../model/index.ts';
import { maskedCrc } from './level-table.ts';

const BLOCK_LENGTH = 32_768;
const HEAD_LENGTH = 7;

/**
 * What is wrong with a log; undefined if nothing is. A last record of which bytes are missing was being
 * written when the process died, and is no fault.
 */
export function faultOfLog(file: Uint8Array): string | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  for (let at = 0; at < file.length; ) {
    const left = BLOCK_LENGTH - (at % BLOCK_LENGTH);
    if (left < HEAD_LENGTH) {
      if (file.subarray(at, at + left).some((byte) => byte !== 0)) return faultAt(at);
      at += left;
      continue;
    }
    if (at + HEAD_LENGTH > file.length) return undefined;
    const end = at + HEAD_LENGTH + view.getUint16(at + 4, true);
    if (end - at > left) return faultAt(at);
    if (end > file.length) return undefined;
    if (view.getUint32(at, true) !== maskedCrc(file.subarray(at + 6, end))) return faultAt(at);
    at = end;
  }
  return undefined;
}

/** Kinds of a part of a record: all of it, its beginning, more of it, its end. */
const [FULL, FIRST, MIDDLE, LAST] = [1, 2, 3, 4];

/** The whole records of a log without a fault. */
export function recordsOf(file: Uint8Array): readonly Uint8Array[] {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const records: Uint8Array[] = [];
  let parts: Uint8Array[] = [];
  for (let at = 0; at + HEAD_LENGTH <= file.length; ) {
    const left = BLOCK_LENGTH - (at % BLOCK_LENGTH);
    if (left < HEAD_LENGTH) {
      at += left;
      continue;
    }
    const kind = file[at + 6] as number;
    const end = at + HEAD_LENGTH + view.getUint16(at + 4, true);
    if (end > file.length) break;
    if (kind === FULL || kind === FIRST) parts = [];
    if ([FULL, FIRST, MIDDLE, LAST].includes(kind))
      parts.push(file.subarray(at + HEAD_LENGTH, end));
    if (kind === FULL || kind === LAST) records.push(concatBytes(...parts));
    at = end;
  }
  return records;
}

function faultAt(at: number): string {
  return `the record at byte ${at} is damaged`;
}
