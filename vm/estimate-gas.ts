/**
 * The least gas limit with which a call goes through, and the access list that it wants.
 *
 * One run at the cap tells what was needed; most calls pass with exactly that. Only those that hand gas to
 * inner calls (63/64 rule, EIP-150) or earn refunds need the search, which starts between the two.
 */
import type { AccessListItem, Gas, StateReader, Verdict } from '../ledger/model/index.ts';
import { equalBytes, refuse } from '../ledger/model/index.ts';
import { type ChainRules, forkAt, isAtLeast, rulesAt } from './chain-rules.ts';
import type { BlockEnvironment, CallRequest, CallResult, Engine } from './engine.ts';
import { TRANSACTION_GAS_CAP } from './transaction-rules.ts';

const CALL_STIPEND = 2_300n;
/** The search ends when the bounds are within 1/64: further runs would save less than they cost. */
const PRECISION = 64n;
const ACCESS_LIST_ROUNDS = 4;

export type GasEstimate =
  | { readonly kind: 'estimated'; readonly gas: Gas }
  | Exclude<CallResult, { readonly kind: 'returned' }>;

/**
 * A gas limit that suffices on this state, at most 1/64 above the least one; or the failed run.
 *
 * `request.gas` is the most to try; it is lowered to the caps of block, fork and rules, and to what the
 * sender can pay for.
 */
export async function estimateGas(
  request: CallRequest,
  environment: BlockEnvironment,
  rules: ChainRules,
  engine: Engine,
  state: StateReader,
): Promise<GasEstimate> {
  const cap = highestGas(request, environment, rules, state);
  const run = (gas: Gas): Promise<CallResult> =>
    engine.call({ ...request, gas }, environment, state);
  const first = await run(cap);
  if (first.kind !== 'returned') return first;
  let failing = first.gasUsed - 1n;
  let passing = cap;
  for (const guess of [first.gasUsed, ((first.gasNeeded + CALL_STIPEND) * 64n) / 63n]) {
    if (guess <= failing || guess >= passing) continue;
    if ((await run(guess)).kind === 'returned') passing = guess;
    else failing = guess;
  }
  while (failing + 1n < passing && (passing - failing) * PRECISION > passing) {
    const middle = (failing + passing) / 2n;
    if ((await run(middle)).kind === 'returned') passing = middle;
    else failing = middle;
  }
  return { kind: 'estimated', gas: passing };
}

export type AccessListResult = {
  readonly accessList: readonly AccessListItem[];
  /** With that list given. */
  readonly gasUsed: Gas;
  /** Why the call ended badly, if it did; the list holds what it touched until then. */
  readonly error: string | undefined;
};

/** The addresses and slots that the call touches beyond those that are warm anyway. */
export async function createAccessList(
  request: CallRequest,
  environment: BlockEnvironment,
  engine: Engine,
  state: StateReader,
): Promise<Verdict<AccessListResult>> {
  let accessList: readonly AccessListItem[] = request.accessList ?? [];
  // Naming a slot can change the path that the call takes: repeat until nothing new is touched.
  for (let round = 1; ; round += 1) {
    const asked: CallRequest = { ...request, accessList, reportAccessList: true };
    const result = await engine.call(asked, environment, state);
    if (result.kind === 'refused') return refuse(result.code, result.message);
    const touched = result.accessList ?? [];
    if (slotCount(touched) === slotCount(accessList) || round === ACCESS_LIST_ROUNDS) {
      return { ok: true, accessList, gasUsed: result.gasUsed, error: errorOf(result) };
    }
    accessList = touched;
  }
}

function errorOf(result: Exclude<CallResult, { readonly kind: 'refused' }>): string | undefined {
  if (result.kind === 'returned') return undefined;
  return result.kind === 'reverted' ? 'execution reverted' : result.reason;
}

function highestGas(
  request: CallRequest,
  environment: BlockEnvironment,
  rules: ChainRules,
  state: StateReader,
): Gas {
  const fork = forkAt(rules, environment.number, environment.timestamp);
  const caps = [request.gas, environment.gasLimit];
  if (isAtLeast(fork, 'osaka')) caps.push(TRANSACTION_GAS_CAP);
  const { perTransactionGasLimit } = rulesAt(rules, environment.number);
  if (perTransactionGasLimit !== undefined) caps.push(perTransactionGasLimit);
  if (request.gasPrice > 0n) {
    const override = request.overrides?.find(({ address }) =>
      equalBytes(address, request.from),
    )?.balance;
    const balance = override ?? state.account(request.from)?.balance ?? 0n;
    if (balance > request.value) caps.push((balance - request.value) / request.gasPrice);
  }
  return caps.reduce((least, cap) => (cap < least ? cap : least));
}

function slotCount(list: readonly AccessListItem[]): number {
  return list.reduce((sum, item) => sum + 1 + item.storageKeys.length, 0);
}
