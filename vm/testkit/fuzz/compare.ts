/** Runs a case on an engine, and tells two engines' outcomes apart. */
import { keccak256 } from '#crypto';
import {
  type AccessListItem,
  bytesToHex,
  concatBytes,
  equalBytes,
  type Log,
  type StateChanges,
} from '../../../ledger/model/index.ts';
import type { ChainRules } from '../../chain-rules.ts';
import type { CallResult, Engine, SignedTransaction } from '../../engine.ts';
import { overrideState } from '../../overrides.ts';
import { createMemoryState, type MemoryState } from '../memory-state.ts';
import { allocationsOf, type FuzzCall, type FuzzCase, signedOf } from './fuzz-case.ts';

/** What an engine made of a case, part by part as text. */
export type Outcome = ReadonlyMap<string, string>;

/** A part in which two engines differ. */
export type Difference = { readonly part: string; readonly a: string; readonly b: string };

/** Names the part that is an access list. */
const LIST = 'access list';
/** Between the account of a list and its slots. */
const STORAGE = ' ';

export type EngineFactory = (rules: ChainRules) => Engine;

/** Everything that another node, a wallet or a later block could see. */
export async function outcomesOf(
  fuzzCase: FuzzCase,
  engines: readonly Engine[],
): Promise<readonly Outcome[]> {
  const state = createMemoryState(allocationsOf(fuzzCase), (number) =>
    keccak256(new TextEncoder().encode(number.toString())),
  );
  const transactions = signedOf(fuzzCase);
  const outcomes: Outcome[] = [];
  for (const engine of engines) outcomes.push(await run(fuzzCase, engine, state, transactions));
  return outcomes;
}

async function run(
  fuzzCase: FuzzCase,
  engine: Engine,
  state: MemoryState,
  transactions: readonly SignedTransaction[],
): Promise<Outcome> {
  const { environment, calls } = fuzzCase;
  const outcome = new Map<string, string>();
  try {
    const block = await engine.executeBlock({ environment, transactions, mode: 'build' }, state);
    if (block.ok) {
      const { changes, skipped, ...rest } = block.execution;
      for (const [part, value] of Object.entries(rest)) outcome.set(part, textOf(value));
      outcome.set('accounts', textOf(changes.accounts));
      outcome.set('codes', textOf(newCodes(changes, fuzzCase)));
      outcome.set('skipped', textOf(skipped.map(({ index, code }) => ({ index, code }))));
    } else {
      outcome.set('refused', block.code);
    }
    for (const [i, call] of calls.entries()) {
      const { overrides = [], ...request } = call;
      const overridden = overrideState(state, overrides, fuzzCase.fork);
      if (!overridden.ok) continue;
      const { movedPrecompiles } = overridden;
      const asked = { ...request, movedPrecompiles };
      const result = await engine.call(asked, environment, overridden.state);
      outcome.set(`call ${i}`, textOf(visible(result, call, fuzzCase)));
      if (result.kind !== 'refused' && result.accessList !== undefined) {
        outcome.set(`${LIST} of call ${i}`, listText(result.accessList));
      }
    }
  } catch (error) {
    outcome.set('threw', error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  return outcome;
}

/** Writing a code that is there already changes nothing, so it may be told or not. */
function newCodes({ codes }: StateChanges, { contracts }: FuzzCase): unknown {
  const known = new Set(contracts.map(({ program }) => textOf(keccak256(concatBytes(...program)))));
  return codes.filter(({ codeHash }) => !known.has(textOf(codeHash)));
}

/**
 * Words for people may differ. A failing precompile takes all gas and returns nothing; ethereumjs says "revert" for
 * some of them.
 */
function visible(result: CallResult, { gas }: FuzzCall, fuzzCase: FuzzCase): unknown {
  if (result.kind === 'refused') return { kind: result.kind, code: result.code };
  const isFailure =
    result.kind === 'halted' ||
    (result.kind === 'reverted' && result.returnData.length === 0 && result.gasUsed === gas);
  const { changes, accessList: _, logPlaces: __, logsMade: ___, ...rest } = result;
  const shown = {
    ...rest,
    ...('logs' in rest && { logs: rest.logs.filter((log) => !isTransferToOneself(log)) }),
    changes: changes && { accounts: changes.accounts, codes: newCodes(changes, fuzzCase) },
  };
  return isFailure ? { ...shown, kind: 'halted', reason: undefined, returnData: undefined } : shown;
}

/** Simulations of geth log it, as the fast engine does; the library keeps EIP-7708, which does not. */
function isTransferToOneself({ address, topics }: Log): boolean {
  const [, from, to] = topics;
  const isTransfer = address.every((byte) => byte === 0xee) && topics.length === 3;
  return isTransfer && from !== undefined && to !== undefined && equalBytes(from, to);
}

/** A fault of either engine is a difference, even if both have the same. */
export function differencesOf(a: Outcome, b: Outcome): readonly Difference[] {
  const parts = [...new Set([...a.keys(), ...b.keys()])];
  return parts
    .map((part) => ({ part, a: a.get(part) ?? 'nothing', b: b.get(part) ?? 'nothing' }))
    .filter((each) => !isAlike(each) || each.part === 'threw');
}

/**
 * A call that fails for being static is in the list of the fast engine, as in geth's; the library leaves out whom it
 * named.
 */
function isAlike({ part, a, b }: Difference): boolean {
  if (a === b || !part.startsWith(LIST)) return a === b;
  const [fewer, more] = [a.split('\n'), b.split('\n')].sort((x, y) => x.length - y.length);
  const added = more?.filter((line) => !fewer?.includes(line)) ?? [];
  const isAll = fewer?.every((line) => line === '' || more?.includes(line)) ?? false;
  return isAll && added.every((line) => !line.includes(STORAGE));
}

/** Bytes as hex and numbers as they are, so that equal values have equal texts. */
export function textOf(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => {
    if (typeof each === 'bigint') return each.toString();
    return each instanceof Uint8Array ? bytesToHex(each) : each;
  });
}

/** Sorted, an account a line: engines list in the order in which they found things. */
function listText(list: readonly AccessListItem[]): string {
  const lines = list.map(({ address, storageKeys }) =>
    [bytesToHex(address), ...storageKeys.map(bytesToHex).sort()].join(STORAGE),
  );
  return lines.sort().join('\n');
}
