/**
 * calls and creations that fail before there is a frame, told as frames that end where they begin.
 * The machine goes on with the next instruction and does not mention them.
 */
import type { Address, FrameKind, Gas, Wei } from '../../ledger/model/index.ts';
import { addressOfWord } from '../stack-word.ts';
import { createdAddress, initcodeOf, memoryOf } from '../step-reading.ts';
import type { TracedFrame, TracedStep } from '../tracer.ts';
import { HAS_STORAGE } from './layout.ts';
import { balanceAt, type Watched } from './state-price.ts';
import { loadAccount, nonceAt } from './world.ts';

export type FailedCall = {
  readonly frame: TracedFrame;
  readonly gasUsed: Gas;
  readonly failure: string;
};

const STIPEND = 2_300n;
const DEPTH_LIMIT = 1024;
const HIGHEST_NONCE = 2n ** 64n - 1n;

const KINDS: ReadonlyMap<number, FrameKind> = new Map([
  [0xf0, 'create'],
  [0xf1, 'call'],
  [0xf2, 'callcode'],
  [0xf4, 'delegatecall'],
  [0xf5, 'create2'],
  [0xfa, 'staticcall'],
]);

/** Undefined if the instruction, which can pay for itself, gets a frame or is no call. */
export function failedCall(watched: Watched, step: TracedStep): FailedCall | undefined {
  const kind = KINDS.get(step.opcode);
  if (kind === undefined) return undefined;
  const { world } = watched;
  const isCreation = kind === 'create' || kind === 'create2';
  const carriesValue = kind === 'call' || kind === 'callcode';
  const value = isCreation ? step.stack(0) : carriesValue ? step.stack(2) : 0n;
  // It fails its whole frame instead.
  if (step.isStatic && (isCreation || (kind === 'call' && value !== 0n))) return undefined;
  const failure = earlyFailure(watched, step, value);
  if (isCreation) return failedCreation(watched, step, kind, failure);
  if (failure === undefined) return undefined;
  const codeAddress = addressOfWord(step.stack(1));
  const from = carriesValue ? 2 : 1;
  const frame: TracedFrame = {
    kind,
    depth: step.depth + 1,
    from: step.address,
    to: kind === 'callcode' || kind === 'delegatecall' ? step.address : codeAddress,
    codeAddress,
    isPrecompile: world.instance.functions.hasPrecompile(loadAccount(world, codeAddress)) !== 0,
    value,
    gas: step.given + (value === 0n ? 0n : STIPEND),
    input: () => memoryOf(step, step.stack(from + 1), step.stack(from + 2)),
  };
  return { frame, gasUsed: 0n, failure };
}

/** What fails calls and creations alike. */
function earlyFailure({ world }: Watched, step: TracedStep, value: Wei): string | undefined {
  if (step.depth >= DEPTH_LIMIT) return 'max call depth exceeded';
  const balance = balanceAt(world, loadAccount(world, step.address));
  return value > balance ? 'insufficient balance for transfer' : undefined;
}

function failedCreation(
  { world }: Watched,
  step: TracedStep,
  kind: FrameKind,
  early: string | undefined,
): FailedCall | undefined {
  const self = loadAccount(world, step.address);
  const nonce = nonceAt(world, self);
  const made = createdAddress(step, () => nonce) as Address; // it is one of the two
  const isTaken = early === undefined && nonce !== HIGHEST_NONCE && isAddressTaken(world, made);
  const failure =
    early ??
    (nonce === HIGHEST_NONCE ? 'nonce uint64 overflow' : undefined) ??
    (isTaken ? 'contract address collision' : undefined);
  if (failure === undefined) return undefined;
  const left = step.gas - step.cost;
  const gas = left - left / 64n;
  const frame: TracedFrame = {
    kind,
    depth: step.depth + 1,
    from: step.address,
    to: made,
    codeAddress: made,
    isPrecompile: false,
    value: step.stack(0),
    gas,
    input: () => initcodeOf(step),
  };
  return { frame, gasUsed: isTaken ? gas : 0n, failure };
}

/** EIP-684, EIP-7610. */
function isAddressTaken(world: Watched['world'], address: Address): boolean {
  const { functions } = world.instance;
  const account = loadAccount(world, address);
  return (
    nonceAt(world, account) !== 0n ||
    functions.hasAccountCode(account) !== 0 ||
    (functions.accountFlags(account) & HAS_STORAGE) !== 0
  );
}
