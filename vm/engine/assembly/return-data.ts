/** What the last call of the running frame returned: one buffer, since only the newest can be asked for. */
import { allocate } from './heap';

let buffer: usize = 0;
let capacity: usize = 0;
export let returnLength: u32 = 0;

export function setUpReturnData(size: usize): void {
  buffer = allocate(size);
  capacity = size;
}

/** Room for that much; what is in it is lost. May move the arena. */
export function reserveReturnData(length: usize): usize {
  if (length > capacity) {
    capacity = max<usize>(length, capacity * 2);
    buffer = allocate(capacity);
  }
  returnLength = <u32>length;
  return buffer;
}

@inline
export function returnBytes(): usize {
  return buffer;
}
@inline
export function clearReturnData(): void {
  returnLength = 0;
}
