/** Snappy's raw format (google/snappy, format_description.txt), decompression only: LevelDB packs blocks with it. */

/** Undefined if the bytes are no such stream. */
export function unpackSnappy(packed: Uint8Array): Uint8Array | undefined {
  let length = 0;
  let at = 0;
  for (let unit = 1; ; unit *= 128) {
    const byte = packed[at];
    if (byte === undefined || unit > 2 ** 28) return undefined;
    at += 1;
    length += (byte & 0x7f) * unit;
    if (byte < 0x80) break;
  }
  // A copy of 64 bytes takes three: a claim beyond that is false.
  if (length > packed.length * 32) return undefined;
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (at < packed.length) {
    const tag = packed[at] as number;
    const kind = tag & 3;
    if (kind === 0) {
      const extra = Math.max(0, (tag >> 2) - 59);
      const size = extra === 0 ? (tag >> 2) + 1 : littleEndian(packed, at + 1, extra) + 1;
      const start = at + 1 + extra;
      if (start + size > packed.length || filled + size > length) return undefined;
      bytes.set(packed.subarray(start, start + size), filled);
      filled += size;
      at = start + size;
      continue;
    }
    const size = kind === 1 ? 4 + ((tag >> 2) & 7) : (tag >> 2) + 1;
    const width = kind === 1 ? 1 : kind === 2 ? 2 : 4;
    const low = littleEndian(packed, at + 1, width);
    const offset = kind === 1 ? ((tag >> 5) << 8) | low : low;
    if (offset === 0 || offset > filled || filled + size > length) return undefined;
    // Byte by byte: source and target may overlap, which repeats the source.
    for (let i = 0; i < size; i += 1, filled += 1) bytes[filled] = bytes[filled - offset] as number;
    at += 1 + width;
  }
  return filled === length ? bytes : undefined;
}

function littleEndian(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let i = width - 1; i >= 0; i -= 1) value = value * 256 + (bytes[at + i] ?? 0);
  return value;
}
