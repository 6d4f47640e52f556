/** The part of `assembly/layout.ts` that the host touches; `artefact.test.ts` compares the two. */

export const INPUT = 0x10000;
export const OUTPUT = 0x11000;
export const RULES = 0x12000;
export const PRECOMPILES = 0x12400;
export const MOVED_COUNT = 0x12800;
export const MOVED = 0x12820;
export const OPCODES = 0x13000;
export const STEP_OPCODES = 0x13800;
export const NUMBER = 0x15000;
export const TIMESTAMP = 0x15020;
export const GAS_LIMIT = 0x15040;
export const COINBASE = 0x15060;
export const PREV_RANDAO = 0x15080;
export const BASE_FEE = 0x150a0;
export const BLOB_BASE_FEE = 0x150c0;
export const CHAIN_ID = 0x150e0;
export const ORIGIN = 0x15100;
export const GAS_PRICE = 0x15120;
export const BLOB_COUNT = 0x15140;
export const BLOB_HASHES = 0x15160;
export const BLOCK_HASHES = 0x16000;
export const BLOCK_HASHES_KNOWN = 0x18000;

export const OUT_OF_GAS = -1;
export const INVALID_OPCODE = -2;
export const STACK_UNDERFLOW = -3;
export const STACK_OVERFLOW = -4;
export const INVALID_JUMP = -5;
export const WRITE_PROTECTION = -6;
export const RETURN_DATA_BOUNDS = -7;
export const CODE_SIZE = -8;
export const CODE_STORE_OUT_OF_GAS = -9;
export const CODE_PREFIX = -10;
export const COLLISION = -11;
export const PRECOMPILE_FAILED = -12;
export const INITCODE_SIZE = -13;

export const NEED_ACCOUNT = -33;
export const NEED_SLOT = -34;
export const NEED_CODE = -35;
export const NEED_BLOCK_HASH = -36;
export const NEED_PRECOMPILE = -37;
export const NEED_MEMORY = -39;
export const STOPPED = -64;
export const RETURNED = -65;
export const REVERTED = -66;
export const ENTERED = -67;
export const SLICE = -68;
export const DONE = -70;
export const STEP = -69;
export const FRAME_ENTERED = -71;
export const FRAME_LEFT = -72;

export const FRAME_SIZE = 256;
// Fields of a frame (assembly/frames.ts).
export const FRAME_PC = 0;
export const FRAME_SP = 4;
export const FRAME_GAS = 8;
export const FRAME_BASE = 16;
export const FRAME_MEM = 20;
export const FRAME_MEM_SIZE = 24;
export const FRAME_CODE = 28;
export const FRAME_DATA = 40;
export const FRAME_DATA_LENGTH = 44;
export const FRAME_SELF = 48;
export const FRAME_CALLER = 52;
export const FRAME_KIND = 56;
export const FRAME_IS_STATIC = 60;
export const FRAME_PRECOMPILE = 92;
export const FRAME_VALUE = 96;
export const FRAME_CODE_ACCOUNT = 128;
export const FRAME_CODE_LENGTH = 32;

// Flags of an account (assembly/accounts.ts).
export const EXISTS = 1;
export const LOADED = 8;
export const HAS_STORAGE = 16;
export const CLEARED = 32;
