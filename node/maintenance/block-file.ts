/** Files of blocks: their RLP, one behind the other, as `geth export` and Besu write them. */
import type { FileHandle } from 'node:fs/promises';
import { CodedError } from '../../ledger/model/index.ts';

export type FileBlock = {
  readonly encoded: Uint8Array;
  /** Where it starts and ends in the file. */
  readonly start: number;
  readonly end: number;
};

/** Longer than any block that gas allows. */
const MAX_BLOCK_BYTES: number = 64 * 1024 * 1024;
/** The head of an RLP list. */
const MAX_HEAD_BYTES = 9;

/**
 * The whole blocks of a file, in order; returns where the last of them ends.
 * @throws CodedError `NODE_BLOCK_FILE_DAMAGED` where no block can start
 */
export async function* blocksOf(file: FileHandle, path: string): AsyncGenerator<FileBlock, number> {
  const { size } = await file.stat();
  let start = 0;
  while (start < size) {
    const head = await readAt(file, start, Math.min(MAX_HEAD_BYTES, size - start));
    const length = itemLength(head);
    if (length === undefined || length > MAX_BLOCK_BYTES) {
      const message = `${path}: no block starts at byte ${start}`;
      throw new CodedError(message, { code: 'NODE_BLOCK_FILE_DAMAGED', path, offset: start });
    }
    if (length === 0 || start + length > size) return start;
    const end = start + length;
    yield { encoded: await readAt(file, start, length), start, end };
    start = end;
  }
  return start;
}

/** Of the list whose head this is; 0 if the head is cut, undefined if it is no list. */
function itemLength(head: Uint8Array): number | undefined {
  const first = head[0] as number;
  if (first < 0xc0) return undefined;
  if (first <= 0xf7) return 1 + first - 0xc0;
  const size = first - 0xf7;
  if (head.length < 1 + size) return 0;
  let length = 0;
  for (let at = 1; at <= size; at += 1) length = length * 256 + (head[at] as number);
  return 1 + size + length;
}

async function readAt(file: FileHandle, start: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await file.read(bytes, at, length - at, start + at);
    if (bytesRead === 0) return bytes.subarray(0, at);
    at += bytesRead;
  }
  return bytes;
}
