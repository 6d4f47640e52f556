/** The file of a snapshot: a header that names the chain and the block, and a chunk for each piece. */
import { open } from 'node:fs/promises';
import { asHash, equalBytes, type Hash, type Height } from '../../model/index.ts';
import { crc32c } from '../checksum.ts';
import { type ByteSource, readExactly } from '../chunk-file.ts';
import { numberBytes, numberFrom } from '../keyspace.ts';
import { storeError } from '../store-error.ts';

export type SnapshotHeader = {
  readonly genesisHash: Hash;
  readonly number: Height;
  readonly hash: Hash;
};

const MAGIC: Uint8Array = new TextEncoder().encode('EHBSNAPS');
const VERSION = 1;
/** Magic 8, version 4, genesis hash 32, number 8, hash 32, checksum 4. */
export const SNAPSHOT_HEADER_LENGTH = 88;

export function encodeSnapshotHeader({ genesisHash, number, hash }: SnapshotHeader): Uint8Array {
  const bytes = new Uint8Array(SNAPSHOT_HEADER_LENGTH);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint32(8, VERSION);
  bytes.set(genesisHash, 12);
  bytes.set(numberBytes(number), 44);
  bytes.set(hash, 52);
  view.setUint32(SNAPSHOT_HEADER_LENGTH - 4, crcOf(bytes));
  return bytes;
}

/** Of a header without its own checksum: what the first chunk's continues. */
export function crcOf(header: Uint8Array): number {
  return crc32c(header.subarray(0, SNAPSHOT_HEADER_LENGTH - 4));
}

/** @throws CodedError `STORE_SNAPSHOT_INVALID`, `STORE_SNAPSHOT_FOREIGN`, `STORE_UNKNOWN_VERSION` */
export async function readSnapshotHeader(
  source: ByteSource,
  file: string,
  genesisHash: Hash,
): Promise<SnapshotHeader & { readonly crc: number }> {
  const bytes = await readExactly(source, SNAPSHOT_HEADER_LENGTH);
  if (bytes === undefined || MAGIC.some((byte, at) => bytes[at] !== byte)) {
    throw storeError('STORE_SNAPSHOT_INVALID', file, 'the file is no snapshot of this program');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const crc = crcOf(bytes);
  if (view.getUint32(SNAPSHOT_HEADER_LENGTH - 4) !== crc) {
    throw storeError('STORE_SNAPSHOT_INVALID', file, 'the header is damaged');
  }
  if (view.getUint32(8) !== VERSION) {
    const fact = `the snapshot has format ${view.getUint32(8)}`;
    throw storeError('STORE_UNKNOWN_VERSION', file, fact);
  }
  const own = asHash(bytes.slice(12, 44));
  if (!equalBytes(own, genesisHash)) {
    const fact = 'the snapshot is of the chain of another genesis';
    throw storeError('STORE_SNAPSHOT_FOREIGN', file, fact);
  }
  return {
    genesisHash: own,
    number: numberFrom(bytes, 44),
    hash: asHash(bytes.slice(52, 84)),
    crc,
  };
}

/**
 * What a file says that it is; its pieces are not looked at.
 * @throws CodedError `STORE_SNAPSHOT_INVALID`, `STORE_SNAPSHOT_FOREIGN`, `STORE_UNKNOWN_VERSION`
 */
export async function describeSnapshot(file: string, genesisHash: Hash): Promise<SnapshotHeader> {
  const handle = await openSnapshot(file);
  try {
    return await readSnapshotHeader(handle, file, genesisHash);
  } finally {
    await handle.close();
  }
}

/** @throws CodedError `STORE_SNAPSHOT_INVALID` */
export async function openSnapshot(file: string): Promise<Awaited<ReturnType<typeof open>>> {
  try {
    return await open(file, 'r');
  } catch (cause) {
    throw storeError('STORE_SNAPSHOT_INVALID', file, 'the snapshot cannot be read', { cause });
  }
}
