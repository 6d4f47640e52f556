/**
 * Tables at the bottom, frame memory at the top, with room between.
 *
 * The heap only grows; a table that doubles leaves its old place unused, which costs at most as much again.
 * Where heap and arena meet, the arena moves up whole, so whoever keeps a pointer into it is told how far
 * (`moved`). The arena holds, frame by frame, copied initcode and memory.
 */
import { HEAP } from './layout';

const PAGE: u64 = 65536;
/** The arena moves by at least this much. */
const ROOM: usize = 0x100000;

let heapTop: usize = HEAP;
export let arenaBase: usize = HEAP + ROOM;
/** End of what frames use. */
export let arenaTop: usize = HEAP + ROOM;
/** How far the arena moved since the last look. */
export let moved: usize = 0;

@inline
export function setArenaTop(top: usize): void {
  arenaTop = top;
}

export function forgetMoved(): void {
  moved = 0;
}

/** Whether linear memory reaches up to `end`, after growing it if need be. */
export function ensureMemory(end: u64): bool {
  const have = <u64>memory.size() * PAGE;
  if (end <= have) return true;
  // Some slack, so that a growing frame does not come back at once.
  let pages = <i32>((end + (end >> 3) - have + PAGE - 1) / PAGE);
  if (memory.grow(pages) >= 0) return true;
  pages = <i32>((end - have + PAGE - 1) / PAGE);
  return memory.grow(pages) >= 0;
}

/** Memory that stays; zeroed. A failure to grow is a fault of the node. */
export function allocate(size: usize): usize {
  const place = heapTop;
  const end = place + ((size + 15) & ~15);
  if (end > arenaBase) moveArena(end - arenaBase + ROOM);
  if (!ensureMemory(end)) unreachable();
  heapTop = end;
  memory.fill(place, 0, end - place);
  return place;
}

function moveArena(by: usize): void {
  const used = arenaTop - arenaBase;
  if (!ensureMemory(<u64>arenaTop + by)) unreachable();
  memory.copy(arenaBase + by, arenaBase, used);
  arenaBase += by;
  arenaTop += by;
  moved += by;
}
