/** Files of blocks, one RLP list after the other, as tests cut and alter them. */

/** Where each block starts. */
export function blockStarts(file: Uint8Array): readonly number[] {
  const starts: number[] = [];
  for (let at = 0; at < file.length; ) {
    starts.push(at);
    const size = (file[at] as number) - 0xf7;
    let length = 0;
    for (let i = 1; i <= size; i += 1) length = length * 256 + (file[at + i] as number);
    at += 1 + size + length;
  }
  return starts;
}
