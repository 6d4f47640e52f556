/** Runs a case on an engine, and tells two engines' outcomes apart. */
import { keccak256 } from '#crypto';
import { bytesToHex } from '../../../ledger/model/index.ts';
import type { ChainRules } from '../../chain-rules.ts';
import type { CallResult, Engine } from '../../engine.ts';
import { createMemoryState } from '../memory-state.ts';
import { allocationsOf, type FuzzCase, signedOf } from './fuzz-case.ts';

/** What an engine made of a case, part by part as text. */
export type Outcome = ReadonlyMap<string, string>;

/** A part in which two engines differ. */
export type Difference = { readonly part: string; readonly a: string; readonly b: string };

export type EngineFactory = (rules: ChainRules) => Engine;

/** Everything that another node, a wallet or a later block could see. */
export async function outcomeOf(fuzzCase: FuzzCase, engine: Engine): Promise<Outcome> {
  const { environment, calls } = fuzzCase;
  const state = createMemoryState(allocationsOf(fuzzCase), (number) =>
    keccak256(new TextEncoder().encode(number.toString())),
  );
  const outcome = new Map<string, string>();
  try {
    const transactions = signedOf(fuzzCase);
    const block = await engine.executeBlock({ environment, transactions, mode: 'build' }, state);
    if (block.ok) {
      const { changes, skipped, ...rest } = block.execution;
      for (const [part, value] of Object.entries(rest)) outcome.set(part, textOf(value));
      outcome.set('accounts', textOf(changes.accounts));
      outcome.set('codes', textOf(changes.codes));
      outcome.set('skipped', textOf(skipped.map(({ index, code }) => ({ index, code }))));
    } else {
      outcome.set('refused', block.code);
    }
    for (const [i, call] of calls.entries()) {
      outcome.set(`call ${i}`, textOf(visible(await engine.call(call, environment, state))));
    }
  } catch (error) {
    outcome.set('threw', error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  return outcome;
}

/** Words for people may differ, and whether a list of what was touched counts frames that failed. */
function visible(result: CallResult): unknown {
  if (result.kind === 'refused') return { kind: result.kind, code: result.code };
  if (result.kind === 'halted') return { ...result, reason: undefined, accessList: undefined };
  return { ...result, accessList: undefined };
}

/** A fault of either engine is a difference, even if both have the same. */
export function differencesOf(a: Outcome, b: Outcome): readonly Difference[] {
  const parts = [...new Set([...a.keys(), ...b.keys()])];
  return parts
    .map((part) => ({ part, a: a.get(part) ?? 'nothing', b: b.get(part) ?? 'nothing' }))
    .filter((each) => each.a !== each.b || each.part === 'threw');
}

/** Bytes as hex and numbers as they are, so that equal values have equal texts. */
export function textOf(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => {
    if (typeof each === 'bigint') return each.toString();
    return each instanceof Uint8Array ? bytesToHex(each) : each;
  });
}
