/**
 * LevelDB's log and manifest, checked by their own checksums: blocks of 32 KiB with records of masked CRC-32C (4),
 * length (2), kind (1) and payload; little-endian (leveldb, doc/log_format.md).
 */
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

function faultAt(at: number): string {
  return `the record at byte ${at} is damaged`;
}
