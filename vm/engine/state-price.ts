/** What the instructions that look at accounts and slots cost beyond what is the same for every run of them. */
import { type Address, bytesToBigint, type Gas } from '../../ledger/model/index.ts';
import { type ChainRules, type ForkName, isAtLeast } from '../chain-rules.ts';
import { addressOfWord, wordBytes } from '../stack-word.ts';
import { INITCODE_SIZE_LIMIT, storageNumbers } from './fork-rules.ts';
import { readWord } from './instance.ts';
import { wordsGas } from './memory-price.ts';
import { readSlot } from './traced-state.ts';
import { delegateAt, findAccount, loadAccount, nonceAt, type World } from './world.ts';

/** Where a transaction is watched. */
export type Watched = {
  readonly world: World;
  readonly rules: ChainRules;
  readonly fork: ForkName;
};

/** A step whose price is not known yet. */
export type UnpricedStep = {
  readonly opcode: number;
  readonly gas: Gas;
  readonly address: Address;
  readonly stackSize: number;
  stack(fromTop: number): bigint;
  readonly memorySize: number;
};

/** Gas beyond the fixed part, or why it cannot be told. `left`: what the fixed part left; `memory`: what growth costs. */
export type Dynamic = (step: UnpricedStep, left: Gas, memory: Gas) => Gas | CallPrice | string;

type CallPrice = { readonly own: Gas; readonly given: Gas };

export const OUT_OF_GAS = 'out of gas';
export const OVERFLOW = 'gas uint64 overflow';

const CREATE = 0xf0;
const CALL = 0xf1;
const CALLCODE = 0xf2;
const DELEGATECALL = 0xf4;
const CREATE2 = 0xf5;
const STATICCALL = 0xfa;

const U64 = 2n ** 64n;
const COLD_ACCOUNT = 2_500n;
const WARM_ACCESS = 100n;
const COLD_SLOT = 2_100n;
const NEW_ACCOUNT = 25_000n;
const CALL_VALUE = 9_000n;
const SENTRY = 2_300n;
const SET_SLOT = 20_000n;

export function statePrices(watched: Watched): readonly (readonly [number, Dynamic])[] {
  const { world, fork } = watched;
  const isBerlin = isAtLeast(fork, 'berlin');
  const touch: Dynamic = ({ stack }) => coldGas(watched, accountOf(watched, stack(0)));
  const creates: Dynamic = (step, _, memory) => createGas(watched, step, memory);
  const calls: Dynamic = (step, left, memory) => callGas(watched, step, left, memory);
  const loads: Dynamic = ({ address, stack }) =>
    readSlot(world, address, wordBytes(stack(0))).isWarm ? WARM_ACCESS : COLD_SLOT;
  const copies: Dynamic = ({ stack }, _, memory) =>
    memory + wordsGas(stack(3), 3n) + coldGas(watched, accountOf(watched, stack(0)));
  return [
    [0x31, touch], // BALANCE
    [0x3b, touch], // EXTCODESIZE
    [0x3c, copies], // EXTCODECOPY
    [0x3f, touch], // EXTCODEHASH
    ...(isBerlin ? [[0x54, loads] as const] : []), // SLOAD
    [0x55, (step, left) => storeGas(watched, step, left)], // SSTORE
    [CREATE, creates],
    [CALL, calls],
    [CALLCODE, calls],
    [DELEGATECALL, calls],
    [CREATE2, creates],
    [STATICCALL, calls],
    [0xff, (step) => selfdestructGas(watched, step)], // SELFDESTRUCT
  ];
}

function createGas(
  { rules, fork }: Watched,
  { opcode, stack }: UnpricedStep,
  memory: Gas,
): Gas | string {
  const length = stack(2);
  const limitsSize = isAtLeast(fork, 'shanghai');
  if (limitsSize && length > BigInt(rules.initcodeSizeLimit ?? INITCODE_SIZE_LIMIT)) {
    return `max initcode size exceeded: size ${length}`;
  }
  return memory + wordsGas(length, (limitsSize ? 2n : 0n) + (opcode === CREATE2 ? 6n : 0n));
}

/** What a call pays for itself and hands on; without the stipend. */
function callGas(
  watched: Watched,
  { opcode, stack }: UnpricedStep,
  left: Gas,
  memory: Gas,
): CallPrice | string {
  const { world, fork } = watched;
  const target = accountOf(watched, stack(1));
  let access = coldGas(watched, target);
  if (access > left) return OUT_OF_GAS;
  const delegate = isAtLeast(fork, 'prague') ? delegateAt(world, target) : undefined;
  if (delegate !== undefined) {
    const named = findAccount(world, delegate);
    // The target is warm by now, even where it delegates to itself.
    access += WARM_ACCESS + (named === target ? 0n : coldGas(watched, named));
    if (access > left) return OUT_OF_GAS;
  }
  let base = memory;
  if ((opcode === CALL || opcode === CALLCODE) && stack(2) !== 0n) {
    base += CALL_VALUE;
    if (opcode === CALL && isEmpty(world, target)) base += NEW_ACCOUNT;
  }
  // What is left may be less than the base: geth reckons in 64 bits, and so is what it reports.
  const available = BigInt.asUintN(64, left - access - base);
  const most = available - available / 64n;
  const wanted = stack(0);
  const given = wanted < most ? wanted : most;
  return base + given >= U64 ? OVERFLOW : { own: base + access, given };
}

/** SSTORE by the rules of the fork. */
function storeGas(
  { world, fork }: Watched,
  { address, stack }: UnpricedStep,
  left: Gas,
): Gas | string {
  if (isAtLeast(fork, 'istanbul') && left <= SENTRY) return 'not enough gas for reentrancy sentry';
  const { isNet, noop, reset } = storageNumbers(fork);
  const { value, original, isWarm } = readSlot(world, address, wordBytes(stack(0)));
  const current = bytesToBigint(value);
  const next = stack(1);
  if (!isNet) return current === 0n && next !== 0n ? SET_SLOT : BigInt(reset);
  const cold = isAtLeast(fork, 'berlin') && !isWarm ? COLD_SLOT : 0n;
  if (current === next || current !== bytesToBigint(original)) return cold + BigInt(noop);
  return cold + (current === 0n ? SET_SLOT : BigInt(reset));
}

function selfdestructGas(watched: Watched, { address, stack }: UnpricedStep): Gas {
  const { world } = watched;
  const heir = accountOf(watched, stack(0));
  const cold = coldGas(watched, heir);
  const balance = balanceAt(world, loadAccount(world, address));
  const touch = cold === 0n ? 0n : cold + WARM_ACCESS;
  return touch + (balance !== 0n && isEmpty(world, heir) ? NEW_ACCOUNT : 0n);
}

function accountOf({ world }: Watched, word: bigint): number {
  return loadAccount(world, addressOfWord(word));
}

/** What an account costs beyond the price of a warm one. */
function coldGas({ world, fork }: Watched, account: number): Gas {
  if (!isAtLeast(fork, 'berlin')) return 0n;
  return world.instance.functions.isAccountWarm(account) !== 0 ? 0n : COLD_ACCOUNT;
}

function isEmpty(world: World, account: number): boolean {
  const { functions } = world.instance;
  if (functions.hasAccountCode(account) !== 0 || nonceAt(world, account) !== 0n) return false;
  return balanceAt(world, account) === 0n;
}

export function balanceAt({ instance }: World, account: number): bigint {
  return readWord(instance, instance.functions.accountBalance(account));
}
