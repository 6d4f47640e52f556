/**
 * CRC-32C (Castagnoli, RFC 3720 appendix B.4), the checksum at the end of every stored value and of every log record.
 *
 * Eight bytes a step through eight tables: `zlib.crc32` is native but has the other polynomial, and a
 * call into native code costs more than the 200 bytes of a typical value take here.
 */

/** The Castagnoli polynomial with its bits reversed. */
const POLYNOMIAL = 0x82f63b78;

/** Table `k` advances a byte through `k + 1` bytes' worth of bits. */
type Tables = readonly [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
];
const [T0, T1, T2, T3, T4, T5, T6, T7] = makeTables();

/** The checksum of `bytes`, unsigned; `seed` is the checksum of what comes before them. */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  const { length } = bytes;
  let crc = ~seed;
  let at = 0;
  for (const end = length - 7; at < end; at += 8) {
    const first =
      crc ^
      ((bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24));
    crc =
      (T7[first & 0xff] as number) ^
      (T6[(first >>> 8) & 0xff] as number) ^
      (T5[(first >>> 16) & 0xff] as number) ^
      (T4[first >>> 24] as number) ^
      (T3[bytes[at + 4] as number] as number) ^
      (T2[bytes[at + 5] as number] as number) ^
      (T1[bytes[at + 6] as number] as number) ^
      (T0[bytes[at + 7] as number] as number);
  }
  for (; at < length; at += 1) {
    crc = (crc >>> 8) ^ (T0[(crc ^ (bytes[at] as number)) & 0xff] as number);
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

function makeTables(): Tables {
  const first = Int32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    return crc;
  });
  const next = (table: Int32Array): Int32Array =>
    table.map((crc) => (crc >>> 8) ^ (first[crc & 0xff] as number));
  const second = next(first);
  const third = next(second);
  const fourth = next(third);
  const fifth = next(fourth);
  const sixth = next(fifth);
  const seventh = next(sixth);
  return [first, second, third, fourth, fifth, sixth, seventh, next(seventh)];
}
