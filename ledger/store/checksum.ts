/**
 * CRC-32C (Castagnoli, RFC 3720 appendix B.4) over keys and values. LevelDB does not check what it
 * reads; this does, and a value that lies under another key fails too.
 */

const TABLE: Int32Array = makeTable();

/** Unsigned 32-bit checksum; `seed` continues an earlier one. */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  let crc = ~seed;
  for (let i = 0; i < bytes.length; i += 1) {
    crc = (TABLE[(crc ^ (bytes[i] as number)) & 0xff] as number) ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}

/** The value with the checksum of key and value behind it. */
export function withChecksum(key: Uint8Array, value: Uint8Array): Uint8Array {
  const out = new Uint8Array(value.length + 4);
  out.set(value);
  new DataView(out.buffer).setUint32(value.length, crc32c(value, crc32c(key)));
  return out;
}

/** The value without its checksum; undefined if it does not fit. */
export function withoutChecksum(key: Uint8Array, stored: Uint8Array): Uint8Array | undefined {
  const length = stored.length - 4;
  if (length < 0) return undefined;
  // LevelDB hands out Buffers, whose `slice` shares memory: inside there are plain byte arrays only.
  const value = new Uint8Array(stored.buffer, stored.byteOffset, length);
  const view = new DataView(stored.buffer, stored.byteOffset + length, 4);
  return view.getUint32(0) === crc32c(value, crc32c(key)) ? value : undefined;
}

function makeTable(): Int32Array {
  const table = new Int32Array(256);
  for (let i = 0; i < 256; i += 1) {
    let value = i;
    for (let bit = 0; bit < 8; bit += 1) {
      value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
    }
    table[i] = value;
  }
  return table;
}
