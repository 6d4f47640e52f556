/** Files of chunks, each with a checksum that continues that of the one before; an empty chunk is the last. */
import { crc32c } from './checksum.ts';

/** What is read from its beginning on, bytes after bytes: a file, or the answers of a peer. */
export type ByteSource = {
  /** Fills `bytes` from `at` on with at most `length` bytes; none at the end. */
  read(bytes: Uint8Array, at: number, length: number): Promise<{ readonly bytesRead: number }>;
};

/** Length 4, checksum 4. */
const CHUNK_HEAD = 8;
/** What a chunk holds may be larger than it is meant to be, not larger than this. */
const MAX_CHUNK_BYTES: number = 256 * 1024 * 1024;

/** @param seed checksum of the chunk before, or of what comes before the first */
export function encodeChunk(
  payload: Uint8Array,
  seed: number,
): { readonly bytes: Uint8Array; readonly crc: number } {
  const bytes = new Uint8Array(CHUNK_HEAD + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, payload.length);
  const crc = crc32c(payload, crc32c(bytes.subarray(0, 4), seed));
  view.setUint32(4, crc);
  bytes.set(payload, CHUNK_HEAD);
  return { bytes, crc };
}

/**
 * The payloads up to the empty one, with where each ends, once each has passed its checksum.
 * @param start where the first chunk begins @throws what `damaged` makes
 */
export async function* chunksOf(
  source: ByteSource,
  { seed, start }: { readonly seed: number; readonly start: number },
  damaged: (fact: string) => Error,
): AsyncGenerator<{ readonly payload: Uint8Array; readonly end: number }> {
  let crc = seed;
  let end = start;
  for (;;) {
    const head = await readExactly(source, CHUNK_HEAD);
    if (head === undefined) throw damaged('the file ends too early');
    const view = new DataView(head.buffer, head.byteOffset);
    const length = view.getUint32(0);
    if (length > MAX_CHUNK_BYTES) throw damaged(`byte ${end} is damaged`);
    const payload = await readExactly(source, length);
    if (payload === undefined) throw damaged('the file ends too early');
    crc = crc32c(payload, crc32c(head.subarray(0, 4), crc));
    if (crc !== view.getUint32(4)) throw damaged(`the part from byte ${end} on is damaged`);
    end += CHUNK_HEAD + length;
    yield { payload, end };
    if (length > 0) continue;
    if ((await readExactly(source, 1)) !== undefined) throw damaged('bytes are left after the end');
    return;
  }
}

/** Undefined if fewer bytes are left. */
export async function readExactly(
  source: ByteSource,
  length: number,
): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await source.read(bytes, at, length - at);
    if (bytesRead === 0) return undefined;
    at += bytesRead;
  }
  return bytes;
}
