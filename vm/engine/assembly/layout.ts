/**
 * Where things lie in linear memory, and the words in which engine and host speak.
 *
 * Everything below HEAP has a fixed place; `vm/engine/layout.ts` repeats what the host touches, and a test
 * compares the two. A word is 32 bytes: four 64-bit limbs, lowest first.
 */

// Host to engine: addresses, keys and values as big-endian bytes; and answers the other way.
export const INPUT: usize = 0x10000;
export const OUTPUT: usize = 0x11000;

// Rules of the fork, each a u32 (see fork-rules.ts).
export const RULES: usize = 0x12000;
// One byte for each number below 1024 that is a precompile's.
export const PRECOMPILES: usize = 0x12400;
// Precompiles that answer elsewhere for one call: how many, then words of which the low 20 bytes are the
// address and the next four the number.
export const MOVED_COUNT: usize = 0x12800;
export const MOVED: usize = 0x12820;
// One u64 for each byte value: see `interpret.ts`. The second table stops before every instruction.
export const OPCODES: usize = 0x13000;
export const STEP_OPCODES: usize = 0x13800;

// Block and transaction as words.
export const NUMBER: usize = 0x15000;
export const TIMESTAMP: usize = 0x15020;
export const GAS_LIMIT: usize = 0x15040;
export const COINBASE: usize = 0x15060;
export const PREV_RANDAO: usize = 0x15080;
export const BASE_FEE: usize = 0x150a0;
export const BLOB_BASE_FEE: usize = 0x150c0;
export const CHAIN_ID: usize = 0x150e0;
export const ORIGIN: usize = 0x15100;
export const GAS_PRICE: usize = 0x15120;
export const BLOB_COUNT: usize = 0x15140;
export const BLOB_HASHES: usize = 0x15160;
export const MOST_BLOBS: u32 = 64;

// The last 256 block hashes by number modulo 256, and whether each was asked for.
export const BLOCK_HASHES: usize = 0x16000;
export const BLOCK_HASHES_KNOWN: usize = 0x18000;

export const DIVISION: usize = 0x19000;
export const WIDE: usize = 0x19200;
export const SCRATCH: usize = 0x1a000;
export const KECCAK_STATE: usize = 0x1b000;

export const FRAMES: usize = 0x20000;
export const FRAME_SIZE: usize = 256;
/** A call from the frame at this depth fails. */
export const DEPTH_LIMIT: u32 = 1024;

// Digests of short inputs, which mappings hash again and again.
export const MEMO: usize = 0x70000;
export const MEMO_ENTRY: usize = 112;
export const MEMO_MASK: usize = 4095;

// Bits of addresses and topics in bloom filters.
export const BLOOM_MEMO: usize = 0xe0000;
export const BLOOM_MEMO_ENTRY: usize = 48;
export const BLOOM_MEMO_MASK: usize = 2047;

// One stack after the other, each frame's above its caller's: at most 1025 of 1024 words.
export const STACKS: usize = 0x100000;
export const STACK_WORDS: u32 = 1024;

export const HEAP: usize = 0x2200000;

// How an instruction ends. Failures: the frame is over, its gas gone.
export const OUT_OF_GAS: i32 = -1;
export const INVALID_OPCODE: i32 = -2;
export const STACK_UNDERFLOW: i32 = -3;
export const STACK_OVERFLOW: i32 = -4;
export const INVALID_JUMP: i32 = -5;
export const WRITE_PROTECTION: i32 = -6;
export const RETURN_DATA_BOUNDS: i32 = -7;
export const CODE_SIZE: i32 = -8;
export const CODE_STORE_OUT_OF_GAS: i32 = -9;
export const CODE_PREFIX: i32 = -10;
export const COLLISION: i32 = -11;
export const PRECOMPILE_FAILED: i32 = -12;
export const INITCODE_SIZE: i32 = -13;
export const NONCE_OVERFLOW: i32 = -14;
export const DEPTH: i32 = -15;
export const BALANCE_TOO_LOW: i32 = -16;

// The host is asked for something; the same instruction runs again afterwards.
export const NEED_ACCOUNT: i32 = -33;
export const NEED_SLOT: i32 = -34;
export const NEED_CODE: i32 = -35;
export const NEED_BLOCK_HASH: i32 = -36;
export const NEED_PRECOMPILE: i32 = -37;
/** Tables are nearly full: grown inside, never seen by the host. */
export const NEED_ROOM: i32 = -38;
/** More memory than an address space holds, and gas enough to pay for it. */
export const NEED_MEMORY: i32 = -39;
export const NEED_CODE_ROOM: i32 = -40;

// The frame or the slice is over.
export const STOPPED: i32 = -64;
export const RETURNED: i32 = -65;
export const REVERTED: i32 = -66;
/** Another frame is on top. */
export const ENTERED: i32 = -67;
/** The gas of the slice is used up. */
export const SLICE: i32 = -68;
/** Tracing: before an instruction. */
export const STEP: i32 = -69;
/** Tracing: a frame was pushed; a frame that is not the outermost ended. */
export const FRAME_ENTERED: i32 = -71;
export const FRAME_LEFT: i32 = -72;
/** The outermost frame ended. */
export const DONE: i32 = -70;
