/**
 * The least gas limit with which a call goes through, searched for as geth does.
 *
 * A run at the upper limit tells whether the call goes through at all and what it used; the answer lies between
 * that and what was needed on the way: refunds come at the end only, and of the gas that a frame has left, one
 * 64th stays behind at each call (EIP-150). Most calls pass with just the gas that they used, so that is tried
 * first and then exact. For others the search ends within 1.5 % of the least, as in geth: exact answers would take
 * 11.5 runs in place of 5 on the random programs of the test, and wallets add more than 1.5 % anyway.
 */
import type { Gas, StateReader } from '../ledger/model/index.ts';
import { EMPTY_CODE_HASH, equalBytes, refuse } from '../ledger/model/index.ts';
import { refusedCall } from './call-rules.ts';
import { type ChainRules, forkAt, isAtLeast, rulesAt } from './chain-rules.ts';
import type { BlockEnvironment, CallOptions, CallRequest, CallResult, Engine } from './engine.ts';
import { TRANSACTION_GAS_CAP } from './transaction-rules.ts';

const TRANSFER_GAS: Gas = 21_000n;
const CALL_STIPEND: Gas = 2_300n;
/** The search ends when the bounds are closer than this many thousandths of the upper one. */
const ERROR_PER_MILLE = 15n;

export type GasEstimate =
  | { readonly kind: 'estimated'; readonly gas: Gas }
  | Exclude<CallResult, { readonly kind: 'returned' }>;

export type EstimateOptions = Pick<CallOptions, 'pause'> & {
  /** The most that this node spends on a call, whatever it asks for. */
  readonly gasCap?: Gas;
};

type Run = (gas: Gas) => Promise<CallResult>;

/**
 * A gas limit that suffices on this state, at most 1.5 % above the least one; or the run that failed.
 *
 * `request.gas` is the most to try, the block's if it is below that of a transfer; it is lowered to the caps of
 * fork, rules and node, and to what the sender can pay for. What the last one does not suffice for is refused
 * with VM_GAS_ALLOWANCE.
 */
export async function estimateGas(
  request: CallRequest,
  environment: BlockEnvironment,
  rules: ChainRules,
  engine: Engine,
  state: StateReader,
  { gasCap, ...options }: EstimateOptions = {},
): Promise<GasEstimate> {
  const run: Run = async (gas) => {
    // Between runs too: not every engine pauses within them.
    await options.pause?.();
    return engine.call({ ...request, gas }, environment, state, options);
  };
  const allowance = allowanceOf(request, state);
  if (allowance === undefined) {
    return refusedCall(refuse('VM_INSUFFICIENT_FUNDS', 'insufficient funds for transfer'));
  }
  const caps = [...capsOf(request, environment, rules), allowance, gasCap ?? allowance];
  const cap = caps.reduce((least, one) => (one < least ? one : least));
  if (isTransfer(request, state) && (await run(TRANSFER_GAS)).kind === 'returned') {
    return { kind: 'estimated', gas: TRANSFER_GAS };
  }
  const first = await run(cap);
  if (lacksGas(first)) {
    const message = `gas required exceeds allowance (${cap})`;
    return refusedCall(refuse('VM_GAS_ALLOWANCE', message));
  }
  if (first.kind !== 'returned') return first;
  return { kind: 'estimated', gas: await search(first, cap, run) };
}

/** @param first the run with `cap`, which succeeded */
async function search(
  { gasUsed, gasNeeded }: Extract<CallResult, { readonly kind: 'returned' }>,
  cap: Gas,
  run: Run,
): Promise<Gas> {
  if (gasUsed === cap || (await run(gasUsed)).kind === 'returned') return gasUsed;
  let failing = gasUsed;
  let passing = cap;
  const optimistic = ((gasNeeded + CALL_STIPEND) * 64n) / 63n;
  let guess = optimistic;
  while (failing + 1n < passing) {
    if (guess < passing) {
      if ((await run(guess)).kind === 'returned') passing = guess;
      else failing = guess;
    }
    if ((passing - failing) * 1_000n < passing * ERROR_PER_MILLE) break;
    const middle = (failing + passing) / 2n;
    // Most need little more than they use, however high the cap.
    guess = middle > failing * 2n ? failing * 2n : middle;
  }
  return passing;
}

/** Whether more gas could have helped. */
function lacksGas(result: CallResult): boolean {
  if (result.kind === 'halted') return result.reason === 'out of gas';
  if (result.kind !== 'refused') return false;
  return result.code === 'VM_INTRINSIC_GAS' || result.code === 'VM_FLOOR_GAS';
}

/** Nothing but value to an account without code. */
function isTransfer({ to, data }: CallRequest, state: StateReader): boolean {
  if (to === undefined || data.length > 0) return false;
  return equalBytes(state.account(to)?.codeHash ?? EMPTY_CODE_HASH, EMPTY_CODE_HASH);
}

/** What the sender can pay for; undefined if not even the value. */
function allowanceOf(request: CallRequest, state: StateReader): Gas | undefined {
  const { from, value, gasPrice, feeCap = gasPrice } = request;
  if (feeCap === 0n) return MOST_GAS;
  const balance = state.account(from)?.balance ?? 0n;
  return value >= balance ? undefined : (balance - value) / feeCap;
}

/** Gas is counted in 64 bits. */
const MOST_GAS: Gas = 2n ** 63n - 1n;

function capsOf(
  { gas }: CallRequest,
  environment: BlockEnvironment,
  rules: ChainRules,
): readonly Gas[] {
  const fork = forkAt(rules, environment.number, environment.timestamp);
  const { perTransactionGasLimit } = rulesAt(rules, environment.number);
  return [
    gas >= TRANSFER_GAS ? gas : environment.gasLimit,
    ...(isAtLeast(fork, 'osaka') ? [TRANSACTION_GAS_CAP] : []),
    ...(perTransactionGasLimit === undefined ? [] : [perTransactionGasLimit]),
  ];
}
