/** What the stack instructions do with words: pushing, copying, swapping; and where a jump may go. */
import { jumpsAt } from './codes';
import { copyWord, isSmall, setSmall } from './word';

/** The top `length` bytes after the instruction at `pc`, as a word on a new top of the stack. */
@inline
export function push(to: usize, pc: usize, length: i32): void {
  store<u64>(to, limb(pc, length));
  store<u64>(to, length > 8 ? limb(pc, length - 8) : 0, 8);
  store<u64>(to, length > 16 ? limb(pc, length - 16) : 0, 16);
  store<u64>(to, length > 24 ? limb(pc, length - 24) : 0, 24);
}

/** Eight bytes that end `bytes` after `pc`, or fewer if so many are not there. */
@inline
function limb(pc: usize, bytes: i32): u64 {
  const raw = bswap(load<u64>(pc + bytes - 7));
  return bytes >= 8 ? raw : raw & (((<u64>1) << ((<u64>bytes) << 3)) - 1);
}

@inline
export function flag(to: usize, condition: bool): void {
  setSmall(to, u64(condition));
}

@inline
export function dup(sp: usize, nth: usize): void {
  copyWord(sp + 32, sp - (nth - 1) * 32);
}

@inline
export function swap(sp: usize, nth: usize): void {
  const other = sp - nth * 32;
  const low = v128.load(sp);
  const high = v128.load(sp, 16);
  v128.store(sp, v128.load(other));
  v128.store(sp, v128.load(other, 16), 16);
  v128.store(other, low);
  v128.store(other, high, 16);
}

/** Whether the word names a JUMPDEST of code at `code`. */
@inline
export function isTarget(word: usize, code: usize, length: u32): bool {
  if (!isSmall(word)) return false;
  const at = load<u64>(word);
  if (at >= length) return false;
  return ((load<u8>(jumpsAt(code, length) + (<usize>at >> 3)) >> (<u8>at & 7)) & 1) != 0;
}
