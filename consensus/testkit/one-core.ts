/** The core that tests of its rules talk to: validator 1 of four, at height 1. Validator 0 proposes round 0, 1 round 1, and so on. */
import * as assert from 'uvu/assert';
import { asHash, commitSealHash, type Hash } from '../../ledger/model/index.ts';
import type { Effect } from '../effect.ts';
import type { InputBody } from '../input.ts';
import { type Actor, type ActorOptions, createActor, createScript, type Script } from './script.ts';
import type { ToyBody } from './toy-chain.ts';

export const script: Script = createScript(4, 1);
/** The block of round 0. */
export const body: ToyBody = script.block(0);
export const digest: Hash = commitSealHash(body.header);
/** No block's. */
export const otherHash: Hash = asHash(new Uint8Array(32).fill(9));
export const WORK: InputBody = { kind: 'work', height: 1n };

export const actor = (options?: ActorOptions): Actor => createActor(script, 1, options);

/** The kinds of effects in order, timers with name and milliseconds. */
export function kindsOf(effects: readonly Effect[]): readonly string[] {
  return effects.map((effect) =>
    effect.kind === 'set-timer' ? `timer ${effect.timer.name} ${effect.afterMs}` : effect.kind,
  );
}

/** The first effect of a kind, which must be there. */
export function effectOf<K extends Effect['kind']>(
  effects: readonly Effect[],
  kind: K,
): Extract<Effect, { kind: K }> {
  const found = effects.find((effect) => effect.kind === kind);
  assert.ok(found, `an effect ${kind}`);
  return found as Extract<Effect, { kind: K }>;
}
