/**
 * Random programs that mostly run: each instruction comes with operands that make sense to it, so that
 * programs reach their end instead of failing at the first empty stack. A list of instructions, so that a
 * failing program can be made smaller by leaving some out.
 */
import type { Random } from '../../../consensus/testkit/random.ts';
import { bigintToBytes, concatBytes } from '../../../ledger/model/index.ts';
import { randomAddress, randomBytes, randomOffset, randomWord } from './pool.ts';

export type Program = readonly Uint8Array[];

type Emit = (random: Random) => Uint8Array[];

const OP = {
  stop: 0x00,
  keccak: 0x20,
  calldatacopy: 0x37,
  codecopy: 0x39,
  extcodecopy: 0x3c,
  returndatacopy: 0x3e,
  pop: 0x50,
  mload: 0x51,
  mstore: 0x52,
  mstore8: 0x53,
  sload: 0x54,
  sstore: 0x55,
  jump: 0x56,
  jumpi: 0x57,
  pc: 0x58,
  gas: 0x5a,
  jumpdest: 0x5b,
  tload: 0x5c,
  tstore: 0x5d,
  mcopy: 0x5e,
  push0: 0x5f,
  create: 0xf0,
  return: 0xf3,
  create2: 0xf5,
  revert: 0xfd,
  selfdestruct: 0xff,
} as const;

const NO_OPERAND = [
  0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3a, 0x3d, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48,
  0x4a, 0x58, 0x59, 0x5a, 0x5f,
] as const;
const ONE_OPERAND = [0x15, 0x19, 0x1e, 0x35, 0x40, 0x49] as const;
const TWO_OPERANDS = [
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x0a, 0x0b, 0x10, 0x11, 0x12, 0x13, 0x14, 0x16, 0x17,
  0x18, 0x1a, 0x1b, 0x1c, 0x1d,
] as const;
const THREE_OPERANDS = [0x08, 0x09] as const;

/** PUSH with as few bytes as the number takes; zero as PUSH1, which every fork has. */
function push(value: bigint): Uint8Array {
  const bytes = value === 0n ? Uint8Array.of(0) : bigintToBytes(value);
  return concatBytes(Uint8Array.of(0x5f + bytes.length), bytes);
}

function pushBytes(bytes: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(0x5f + bytes.length), bytes);
}

const op = (code: number): Uint8Array => Uint8Array.of(code);
const words = (random: Random, count: number): Uint8Array[] =>
  Array.from({ length: count }, () => push(randomWord(random)));
const slot = (random: Random): Uint8Array => push(BigInt(random.between(0, 4)));
const offset = (random: Random): Uint8Array => push(randomOffset(random));
const someAddress = (random: Random): Uint8Array => pushBytes(randomAddress(random));

const pure: Emit = (random) => {
  const kind = random.between(0, 9);
  if (kind < 6) return [...words(random, 2), op(random.pick(TWO_OPERANDS))];
  if (kind < 7) return [...words(random, 3), op(random.pick(THREE_OPERANDS))];
  if (kind < 8) return [...words(random, 1), op(random.pick(ONE_OPERAND))];
  return [op(random.pick(NO_OPERAND))];
};

const memory: Emit = (random) => {
  switch (random.between(0, 5)) {
    case 0:
      return [offset(random), op(OP.mload)];
    case 1:
      return [...words(random, 1), offset(random), op(OP.mstore8)];
    case 2:
      return [offset(random), offset(random), op(OP.keccak)];
    case 3:
      return [offset(random), offset(random), offset(random), op(OP.mcopy)];
    case 4: {
      const copy = random.pick([OP.calldatacopy, OP.codecopy, OP.returndatacopy]);
      // Most return data is short, and reading past its end fails.
      const from = copy === OP.returndatacopy ? push(BigInt(random.between(0, 2))) : offset(random);
      return [offset(random), from, offset(random), op(copy)];
    }
    default:
      return [...words(random, 1), offset(random), op(OP.mstore)];
  }
};

const storage: Emit = (random) => {
  switch (random.between(0, 4)) {
    case 0:
      return [slot(random), op(OP.sload)];
    case 1:
      return [slot(random), op(OP.tload)];
    case 2:
      return [push(BigInt(random.between(0, 2))), slot(random), op(OP.tstore)];
    default:
      return [push(BigInt(random.between(0, 2))), slot(random), op(OP.sstore)];
  }
};

const accounts: Emit = (random) =>
  random.chance(0.2)
    ? [offset(random), offset(random), offset(random), someAddress(random), op(OP.extcodecopy)]
    : [someAddress(random), op(random.pick([0x31, 0x3b, 0x3f]))];

const stack: Emit = (random) => {
  const depth = random.between(1, 16);
  const filled = random.chance(0.9) ? words(random, depth + 1) : [];
  return [...filled, op((random.chance(0.5) ? 0x7f : 0x8f) + depth)];
};

const log: Emit = (random) => {
  const topics = random.between(0, 4);
  return [...words(random, topics), offset(random), offset(random), op(0xa0 + topics)];
};

const gasFor: Emit = (random) => {
  const kind = random.between(0, 9);
  if (kind < 6) return [op(OP.gas)];
  return [push(kind < 9 ? BigInt(random.between(0, 60_000)) : randomWord(random))];
};

const value: Emit = (random) => {
  const kind = random.between(0, 9);
  if (kind < 6) return [push(0n)];
  return kind < 9 ? [push(BigInt(random.between(1, 3)))] : words(random, 1);
};

/** CALL, CALLCODE, DELEGATECALL, STATICCALL; often their success is stored, which shows it in the state. */
const call: Emit = (random) => {
  const code = random.pick([0xf1, 0xf1, 0xf1, 0xf2, 0xf4, 0xfa]);
  const withValue = code === 0xf1 || code === 0xf2;
  return [
    ...Array.from({ length: 4 }, () => offset(random)),
    ...(withValue ? value(random) : []),
    someAddress(random),
    ...gasFor(random),
    op(code),
    ...(random.chance(0.5) ? [slot(random), op(OP.sstore)] : []),
  ];
};

/** Creation code: a few bytes that return, revert, write, end or fail, or a random program. */
export function initcode(random: Random): Uint8Array {
  switch (random.between(0, 7)) {
    case 0:
      return new Uint8Array(0);
    case 1: // Returns as many zero bytes as it says.
      return concatBytes(push(randomOffset(random)), push(0n), op(OP.return));
    case 2: // Deploys SELFDESTRUCT(CALLER).
      return concatBytes(
        push(0x33ff_0000n << 224n),
        push(0n),
        op(OP.mstore),
        push(2n),
        push(0n),
        op(OP.return),
      );
    case 3: // Deploys code that no fork since London allows.
      return concatBytes(push(0xefn), push(0n), op(OP.mstore8), push(1n), push(0n), op(OP.return));
    case 4:
      return concatBytes(push(1n), push(0n), op(OP.sstore), op(OP.stop));
    case 5:
      return concatBytes(someAddress(random), op(OP.selfdestruct));
    case 6: // Deploys a copy of itself.
      return concatBytes(
        op(0x38),
        push(0n),
        push(0n),
        op(OP.codecopy),
        op(0x38),
        push(0n),
        op(OP.return),
      );
    default:
      return concatBytes(...randomProgram(random, random.between(1, 8)));
  }
}

const create: Emit = (random) => {
  const code = initcode(random).subarray(0, 32);
  const padded = concatBytes(code, new Uint8Array(32 - code.length));
  const length = random.chance(0.9) ? push(BigInt(code.length)) : offset(random);
  const two = random.chance(0.5);
  return [
    pushBytes(padded),
    push(0n),
    op(OP.mstore),
    ...(two ? [push(BigInt(random.between(0, 2)))] : []),
    length,
    random.chance(0.95) ? push(0n) : offset(random),
    ...value(random),
    op(two ? OP.create2 : OP.create),
    ...(random.chance(0.3) ? [op(0x80), ...memoryForCall(), op(0xf1)] : []),
    slot(random),
    op(OP.sstore),
  ];
};

/** Operands of a call to the address under them. */
function memoryForCall(): Uint8Array[] {
  return [push(0n), push(0n), push(0n), push(0n), push(0n), op(0x85), op(OP.gas)];
}

const ending: Emit = (random) => {
  switch (random.between(0, 5)) {
    case 0:
      return [someAddress(random), op(OP.selfdestruct)];
    case 1:
      return [offset(random), offset(random), op(OP.revert)];
    case 2:
      return [op(OP.stop)];
    default:
      return [offset(random), offset(random), op(OP.return)];
  }
};

/** Skips or repeats: PC + n is where the JUMPDEST stands. */
const jump: Emit = (random) => {
  if (random.chance(0.1)) return [...words(random, 1), op(OP.jump)];
  const skipped = random.chance(0.5) ? [op(0x60), op(0x5b)] : [op(OP.jumpdest), op(OP.pc)];
  const conditional = random.chance(0.5);
  const head = conditional ? [push(BigInt(random.between(0, 1)))] : [];
  // PC; PUSH1 n; ADD; JUMP(I): the destination lies n after PC.
  const distance = BigInt(5 + skipped.length);
  return [
    ...head,
    op(OP.pc),
    push(distance - 0n),
    op(0x01),
    op(conditional ? OP.jumpi : OP.jump),
    ...skipped,
    op(OP.jumpdest),
  ];
};

const junk: Emit = (random) => [randomBytes(random, random.between(1, 4))];

/** A thousand words: near the end of the stack. */
const deep: Emit = (random) =>
  Array.from({ length: random.between(1_000, 1_024) }, () => op(OP.pc));

const EMITTERS: readonly (readonly [weight: number, emit: Emit])[] = [
  [24, pure],
  [16, memory],
  [16, storage],
  [6, accounts],
  [6, stack],
  [4, log],
  [14, call],
  [5, create],
  [5, jump],
  [2, ending],
  [1, junk],
];
const TOTAL = EMITTERS.reduce((sum, [weight]) => sum + weight, 0);

/** About `length` steps, each of one to some instructions. */
export function randomProgram(random: Random, length: number): Program {
  const program: Uint8Array[] = [];
  if (random.chance(0.005)) program.push(...deep(random));
  for (let i = 0; i < length; i += 1) program.push(...pickEmitter(random)(random));
  if (random.chance(0.6)) program.push(...ending(random));
  return program;
}

function pickEmitter(random: Random): Emit {
  let at = random.between(0, TOTAL - 1);
  for (const [weight, emit] of EMITTERS) {
    if (at < weight) return emit;
    at -= weight;
  }
  return junk;
}
