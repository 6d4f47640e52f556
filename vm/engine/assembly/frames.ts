/**
 * The stack of frames, one for each message in progress: explicit, so that depth costs no native stack and
 * a run can stop anywhere. `frame` is the one on top.
 */
import { arenaBase, forgetMoved, moved } from './heap';
import { FRAME_SIZE, FRAMES } from './layout';

export const CALL: u32 = 0;
export const CALLCODE: u32 = 1;
export const DELEGATECALL: u32 = 2;
export const STATICCALL: u32 = 3;
export const CREATE: u32 = 4;
export const CREATE2: u32 = 5;

// Fields. Pointers into the arena move with it: see `relocate`.
export const PC: usize = 0;
export const SP: usize = 4;
export const GAS: usize = 8;
/** One word below the frame's first: where SP points when the stack is empty. */
export const BASE: usize = 16;
export const MEM: usize = 20;
export const MEM_SIZE: usize = 24;
export const CODE: usize = 28;
export const CODE_LENGTH: usize = 32;
export const ARENA_START: usize = 36;
export const DATA: usize = 40;
export const DATA_LENGTH: usize = 44;
export const SELF: usize = 48;
export const CALLER: usize = 52;
export const KIND: usize = 56;
export const IS_STATIC: usize = 60;
export const RET_OFFSET: usize = 64;
export const RET_LENGTH: usize = 68;
export const JOURNAL_MARK: usize = 72;
export const LOG_MARK: usize = 76;
export const REFUND_MARK: usize = 80;
export const LOG_COUNT: usize = 88;
/** Number of the precompile that runs instead of code, plus one; else zero. */
export const PRECOMPILE: usize = 92;
export const VALUE: usize = 96;
/** Number of the code that runs; zero for initcode. */
export const CODE_NUMBER: usize = 144;
/** Account whose code runs. */
export const CODE_ACCOUNT: usize = 128;
/** Whether the instruction at PC was announced to the tracer. */
export const ANNOUNCED: usize = 132;
/** For tracing: gas when the frame began. */
export const GAS_START: usize = 136;

export let frame: usize = FRAMES;
/** Frames on the stack; the outermost has depth 0. */
export let frameCount: u32 = 0;

export function pushFrame(): void {
  frame = FRAMES + <usize>frameCount * FRAME_SIZE;
  ++frameCount;
  memory.fill(frame, 0, FRAME_SIZE);
}

export function popFrame(): void {
  --frameCount;
  frame = FRAMES + <usize>(frameCount == 0 ? 0 : frameCount - 1) * FRAME_SIZE;
}

export function dropFrames(): void {
  frameCount = 0;
  frame = FRAMES;
}

/** After the heap may have grown: follows the arena. */
export function relocate(): void {
  const by = moved;
  if (by == 0) return;
  const before = arenaBase - by;
  for (let i: u32 = 0; i < frameCount; ++i) {
    const place = FRAMES + <usize>i * FRAME_SIZE;
    shift(place + PC, by, before);
    shift(place + MEM, by, before);
    shift(place + CODE, by, before);
    shift(place + ARENA_START, by, before);
    shift(place + DATA, by, before);
  }
  forgetMoved();
}

@inline
function shift(field: usize, by: usize, before: usize): void {
  const pointer = <usize>load<u32>(field);
  if (pointer >= before) store<u32>(field, pointer + by);
}
