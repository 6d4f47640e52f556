/**
 * CRC-32C (Castagnoli, RFC 3720 appendix B.4), the checksum at the end of every stored value and of every log record.
 *
 * Four bytes a step through four tables: `zlib.crc32` is native but has the other polynomial, and a
 * call into native code costs more than the 200 bytes of a typical value take here.
 */

/** The Castagnoli polynomial with its bits reversed. */
const POLYNOMIAL = 0x82f63b78;

const TABLES: readonly [Uint32Array, Uint32Array, Uint32Array, Uint32Array] = makeTables();

/** The checksum of `bytes`, unsigned; `seed` is the checksum of what comes before them. */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  const [t0, t1, t2, t3] = TABLES;
  const { length } = bytes;
  let crc = ~seed;
  let at = 0;
  for (const end = length - 3; at < end; at += 4) {
    crc ^=
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    crc =
      (t3[crc & 0xff] as number) ^
      (t2[(crc >>> 8) & 0xff] as number) ^
      (t1[(crc >>> 16) & 0xff] as number) ^
      (t0[crc >>> 24] as number);
  }
  for (; at < length; at += 1) {
    crc = (crc >>> 8) ^ (t0[(crc ^ (bytes[at] as number)) & 0xff] as number);
  }
  return ~crc >>> 0;
}

/** The value with the checksum of key and value behind it (L-2): under another key it does not fit. */
export function withChecksum(
  key: Uint8Array,
  value: Uint8Array,
  room: (length: number) => Uint8Array = (length) => new Uint8Array(length),
): Uint8Array {
  const { length } = value;
  const stored = room(length + 4);
  stored.set(value);
  // Byte by byte: a view for four bytes would cost more than the checksum of a short value.
  const crc = crc32c(value, crc32c(key));
  stored[length] = crc >>> 24;
  stored[length + 1] = crc >>> 16;
  stored[length + 2] = crc >>> 8;
  stored[length + 3] = crc;
  return stored;
}

/** The value without its checksum; undefined if it does not fit. */
export function withoutChecksum(key: Uint8Array, stored: Uint8Array): Uint8Array | undefined {
  const length = stored.length - 4;
  if (length < 0) return undefined;
  // LevelDB hands out Buffers, whose `slice` shares memory: inside there are plain byte arrays only.
  const value = new Uint8Array(stored.buffer, stored.byteOffset, length);
  const crc = crc32c(value, crc32c(key));
  const fits =
    stored[length] === crc >>> 24 &&
    stored[length + 1] === ((crc >>> 16) & 0xff) &&
    stored[length + 2] === ((crc >>> 8) & 0xff) &&
    stored[length + 3] === (crc & 0xff);
  return fits ? value : undefined;
}

/** Table `k` advances a byte through `k + 1` bytes' worth of bits. */
function makeTables(): [Uint32Array, Uint32Array, Uint32Array, Uint32Array] {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    return crc;
  });
  const next = (table: Uint32Array): Uint32Array =>
    table.map((crc) => (crc >>> 8) ^ (first[crc & 0xff] as number));
  const second = next(first);
  const third = next(second);
  return [first, second, third, next(third)];
}
