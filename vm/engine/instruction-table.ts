/** Instructions and what they cost, fork by fork, in the form that `assembly/interpret.ts` reads. */
import { type ForkName, isAtLeast } from '../chain-rules.ts';

/** Since `fork`: byte value, words taken from the stack, words put on it, static gas. */
type Instruction = readonly [
  fork: ForkName,
  opcode: number,
  takes: number,
  puts: number,
  gas: number,
];

const STACK_WORDS = 1024;
const WORD = 32;
/** The case of INVALID in the interpreter's switch. */
const INVALID = 0xfe;
/** The case that stops for the tracer. */
const ANNOUNCE = 0xfb;

/**
 * A later entry for the same byte replaces an earlier one. From Berlin on (EIP-2929) an access costs 100
 * here, and what a cold one costs more is in `fork-rules.ts`.
 */
const INSTRUCTIONS: readonly Instruction[] = [
  ['frontier', 0x00, 0, 0, 0], // STOP
  ['frontier', 0x01, 2, 1, 3], // ADD
  ['frontier', 0x02, 2, 1, 5], // MUL
  ['frontier', 0x03, 2, 1, 3], // SUB
  ['frontier', 0x04, 2, 1, 5], // DIV
  ['frontier', 0x05, 2, 1, 5], // SDIV
  ['frontier', 0x06, 2, 1, 5], // MOD
  ['frontier', 0x07, 2, 1, 5], // SMOD
  ['frontier', 0x08, 3, 1, 8], // ADDMOD
  ['frontier', 0x09, 3, 1, 8], // MULMOD
  ['frontier', 0x0a, 2, 1, 10], // EXP
  ['frontier', 0x0b, 2, 1, 5], // SIGNEXTEND
  ['frontier', 0x10, 2, 1, 3], // LT
  ['frontier', 0x11, 2, 1, 3], // GT
  ['frontier', 0x12, 2, 1, 3], // SLT
  ['frontier', 0x13, 2, 1, 3], // SGT
  ['frontier', 0x14, 2, 1, 3], // EQ
  ['frontier', 0x15, 1, 1, 3], // ISZERO
  ['frontier', 0x16, 2, 1, 3], // AND
  ['frontier', 0x17, 2, 1, 3], // OR
  ['frontier', 0x18, 2, 1, 3], // XOR
  ['frontier', 0x19, 1, 1, 3], // NOT
  ['frontier', 0x1a, 2, 1, 3], // BYTE
  ['constantinople', 0x1b, 2, 1, 3], // SHL
  ['constantinople', 0x1c, 2, 1, 3], // SHR
  ['constantinople', 0x1d, 2, 1, 3], // SAR
  ['osaka', 0x1e, 1, 1, 5], // CLZ
  ['frontier', 0x20, 2, 1, 30], // KECCAK256
  ['frontier', 0x30, 0, 1, 2], // ADDRESS
  ['tangerineWhistle', 0x31, 1, 1, 400], // BALANCE
  ['istanbul', 0x31, 1, 1, 700],
  ['berlin', 0x31, 1, 1, 100],
  ['frontier', 0x32, 0, 1, 2], // ORIGIN
  ['frontier', 0x33, 0, 1, 2], // CALLER
  ['frontier', 0x34, 0, 1, 2], // CALLVALUE
  ['frontier', 0x35, 1, 1, 3], // CALLDATALOAD
  ['frontier', 0x36, 0, 1, 2], // CALLDATASIZE
  ['frontier', 0x37, 3, 0, 3], // CALLDATACOPY
  ['frontier', 0x38, 0, 1, 2], // CODESIZE
  ['frontier', 0x39, 3, 0, 3], // CODECOPY
  ['frontier', 0x3a, 0, 1, 2], // GASPRICE
  ['tangerineWhistle', 0x3b, 1, 1, 700], // EXTCODESIZE
  ['berlin', 0x3b, 1, 1, 100],
  ['tangerineWhistle', 0x3c, 4, 0, 700], // EXTCODECOPY
  ['berlin', 0x3c, 4, 0, 100],
  ['byzantium', 0x3d, 0, 1, 2], // RETURNDATASIZE
  ['byzantium', 0x3e, 3, 0, 3], // RETURNDATACOPY
  ['constantinople', 0x3f, 1, 1, 400], // EXTCODEHASH
  ['istanbul', 0x3f, 1, 1, 700],
  ['berlin', 0x3f, 1, 1, 100],
  ['frontier', 0x40, 1, 1, 20], // BLOCKHASH
  ['frontier', 0x41, 0, 1, 2], // COINBASE
  ['frontier', 0x42, 0, 1, 2], // TIMESTAMP
  ['frontier', 0x43, 0, 1, 2], // NUMBER
  ['frontier', 0x44, 0, 1, 2], // DIFFICULTY, PREVRANDAO
  ['frontier', 0x45, 0, 1, 2], // GASLIMIT
  ['istanbul', 0x46, 0, 1, 2], // CHAINID
  ['istanbul', 0x47, 0, 1, 5], // SELFBALANCE
  ['london', 0x48, 0, 1, 2], // BASEFEE
  ['cancun', 0x49, 1, 1, 3], // BLOBHASH
  ['cancun', 0x4a, 0, 1, 2], // BLOBBASEFEE
  ['frontier', 0x50, 1, 0, 2], // POP
  ['frontier', 0x51, 1, 1, 3], // MLOAD
  ['frontier', 0x52, 2, 0, 3], // MSTORE
  ['frontier', 0x53, 2, 0, 3], // MSTORE8
  ['tangerineWhistle', 0x54, 1, 1, 200], // SLOAD
  ['istanbul', 0x54, 1, 1, 800],
  ['berlin', 0x54, 1, 1, 100],
  ['frontier', 0x55, 2, 0, 0], // SSTORE
  ['frontier', 0x56, 1, 0, 8], // JUMP
  ['frontier', 0x57, 2, 0, 10], // JUMPI
  ['frontier', 0x58, 0, 1, 2], // PC
  ['frontier', 0x59, 0, 1, 2], // MSIZE
  ['frontier', 0x5a, 0, 1, 2], // GAS
  ['frontier', 0x5b, 0, 0, 1], // JUMPDEST
  ['cancun', 0x5c, 1, 1, 100], // TLOAD
  ['cancun', 0x5d, 2, 0, 100], // TSTORE
  ['cancun', 0x5e, 3, 0, 3], // MCOPY
  ['shanghai', 0x5f, 0, 1, 2], // PUSH0
  ...rangeOf(32, (n): Instruction => ['frontier', 0x60 + n, 0, 1, 3]), // PUSH1 to PUSH32
  ...rangeOf(16, (n): Instruction => ['frontier', 0x80 + n, n + 1, n + 2, 3]), // DUP1 to DUP16
  ...rangeOf(16, (n): Instruction => ['frontier', 0x90 + n, n + 2, n + 2, 3]), // SWAP1 to SWAP16
  ...rangeOf(5, (n): Instruction => ['frontier', 0xa0 + n, n + 2, 0, 375 + 375 * n]), // LOG0 to LOG4
  ['frontier', 0xf0, 3, 1, 32_000], // CREATE
  ['tangerineWhistle', 0xf1, 7, 1, 700], // CALL
  ['berlin', 0xf1, 7, 1, 100],
  ['tangerineWhistle', 0xf2, 7, 1, 700], // CALLCODE
  ['berlin', 0xf2, 7, 1, 100],
  ['frontier', 0xf3, 2, 0, 0], // RETURN
  ['tangerineWhistle', 0xf4, 6, 1, 700], // DELEGATECALL
  ['berlin', 0xf4, 6, 1, 100],
  ['constantinople', 0xf5, 4, 1, 32_000], // CREATE2
  ['byzantium', 0xfa, 6, 1, 700], // STATICCALL
  ['berlin', 0xfa, 6, 1, 100],
  ['byzantium', 0xfd, 2, 0, 0], // REVERT
  ['tangerineWhistle', 0xff, 1, 0, 5_000], // SELFDESTRUCT
];

/** 256 entries of 64 bits, packed as `assembly/interpret.ts` says. */
export function instructionTable(fork: ForkName): BigUint64Array {
  const table = new BigUint64Array(256).fill(entry(INVALID, 0, 0, 0));
  for (const [from, opcode, takes, puts, gas] of INSTRUCTIONS) {
    if (isAtLeast(fork, from)) table[opcode] = entry(opcode, takes, puts, gas);
  }
  return table;
}

/** Every byte stops before it runs. */
export function announcingTable(): BigUint64Array {
  return new BigUint64Array(256).fill(entry(ANNOUNCE, 0, 0, 0));
}

function entry(handler: number, takes: number, puts: number, gas: number): bigint {
  const fewest = takes * WORD;
  const most = Math.min(STACK_WORDS, STACK_WORDS - puts + takes) * WORD;
  return (
    BigInt(gas) |
    (BigInt(fewest) << 16n) |
    (BigInt(most - fewest) << 32n) |
    (BigInt(handler) << 48n)
  );
}

/** What an entry says: words that the stack must have and may have, and static gas. */
export function entryFields(entry: bigint): {
  readonly fewest: number;
  readonly most: number;
  readonly gas: bigint;
} {
  const fewest = Number((entry >> 16n) & 0xffffn) / WORD;
  const more = Number((entry >> 32n) & 0xffffn) / WORD;
  return { fewest, most: fewest + more, gas: entry & 0xffffn };
}

function rangeOf<T>(count: number, make: (n: number) => T): T[] {
  return Array.from({ length: count }, (_, n) => make(n));
}
