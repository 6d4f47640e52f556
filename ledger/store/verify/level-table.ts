/**
 * The table files of LevelDB, checked by their own checksums. LevelDB does not do so when it reads, and stops the
 * process when a damaged table confuses it: so what may be damaged is looked at here before it is opened.
 *
 * A file is blocks, each followed by its kind (1) and the masked CRC-32C of both (4), and a footer of 48 bytes that
 * says where the index of the blocks is (leveldb, doc/table_format.md).
 */
import { crc32c } from '../checksum.ts';
import { unpackSnappy } from './snappy.ts';

const FOOTER_LENGTH = 48;
const TRAILER_LENGTH = 5;
/** The last eight bytes of a file, little-endian. */
const MAGIC: readonly number[] = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];
const MASK_DELTA = 0xa282ead8;

/** As LevelDB stores a CRC-32C. */
export function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}

type Handle = { readonly offset: number; readonly size: number };

/** What is wrong with a table; undefined if every byte that counts is as it was written. */
export function faultOfTable(file: Uint8Array): string | undefined {
  if (file.length < FOOTER_LENGTH) return 'the file is cut short';
  const footer = file.subarray(file.length - FOOTER_LENGTH);
  if (MAGIC.some((byte, at) => footer[40 + at] !== byte)) return 'the end of the file is damaged';
  const cursor = { at: 0 };
  const meta = readHandle(footer, cursor);
  const index = readHandle(footer, cursor);
  const handles: Handle[] = [];
  for (const handle of [meta, index]) {
    const block = handle && contentOf(file, handle);
    const listed = block && handlesIn(block);
    if (listed === undefined) return 'the index of the file is damaged';
    handles.push(...listed);
  }
  for (const handle of handles) {
    if (contentOf(file, handle) === undefined)
      return `the block at byte ${handle.offset} is damaged`;
  }
  return undefined;
}

/** The content of a block; undefined if it fails its checksum. */
function contentOf(file: Uint8Array, { offset, size }: Handle): Uint8Array | undefined {
  const end = offset + size;
  if (end + TRAILER_LENGTH > file.length - FOOTER_LENGTH) return undefined;
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  if (view.getUint32(end + 1, true) !== maskedCrc(file.subarray(offset, end + 1))) return undefined;
  const content = file.subarray(offset, end);
  return file[end] === 1 ? unpackSnappy(content) : content;
}

/** The handles that are the values of an index block: shared, rest and value lengths, rest of the key, value. */
function handlesIn(block: Uint8Array): readonly Handle[] | undefined {
  if (block.length < 4) return undefined;
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  const entriesEnd = block.length - 4 - 4 * view.getUint32(block.length - 4, true);
  const handles: Handle[] = [];
  const cursor = { at: 0 };
  while (cursor.at < entriesEnd) {
    const lengths = [0, 0, 0].map(() => readNumber(block, cursor));
    const [, rest, valueLength] = lengths;
    if (rest === undefined || valueLength === undefined) return undefined;
    cursor.at += rest;
    const end = cursor.at + valueLength;
    const handle = readHandle(block, cursor);
    if (handle === undefined || end > entriesEnd) return undefined;
    handles.push(handle);
    cursor.at = end;
  }
  return handles;
}

type Cursor = { at: number };

function readHandle(bytes: Uint8Array, cursor: Cursor): Handle | undefined {
  const offset = readNumber(bytes, cursor);
  const size = readNumber(bytes, cursor);
  return offset === undefined || size === undefined ? undefined : { offset, size };
}

/** LEB128; undefined if it does not end or is larger than any file. */
function readNumber(bytes: Uint8Array, cursor: Cursor): number | undefined {
  let value = 0;
  for (let unit = 1; unit < 2 ** 49; unit *= 128) {
    const byte = bytes[cursor.at];
    if (byte === undefined) return undefined;
    cursor.at += 1;
    value += (byte & 0x7f) * unit;
    if (byte < 0x80) return value;
  }
  return undefined;
}
