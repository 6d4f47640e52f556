/**
 * Room for many short byte strings that live equally long. The engine gives each typed array of more than
 * 64 bytes a block of memory of its own, which costs more than most of what is done with it; here they are
 * views of a few large ones. A view keeps its whole chunk alive.
 */

/** Zeroed bytes to be filled by the caller. */
export type Arena = (length: number) => Uint8Array;

export function createArena(chunkBytes: number): Arena {
  let chunk = new ArrayBuffer(0);
  let used = 0;
  return (length) => {
    if (used + length > chunk.byteLength) {
      chunk = new ArrayBuffer(Math.max(chunkBytes, length));
      used = 0;
    }
    const view = new Uint8Array(chunk, used, length);
    used += length;
    return view;
  };
}
