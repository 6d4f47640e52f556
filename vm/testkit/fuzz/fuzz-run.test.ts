/** The fuzzer itself: it must see what a broken engine does, and give the same cases for the same seed. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concatBytes } from '../../../ledger/model/index.ts';
import type { ChainRules } from '../../chain-rules.ts';
import type { Engine } from '../../engine.ts';
import { createEngineCache } from '../engines.ts';
import { type EngineFactory, outcomesOf, textOf } from './compare.ts';
import { createCase } from './create-case.ts';
import { type Finding, runCases } from './fuzz-run.ts';
import { instructionsOf } from './mutate.ts';

const test = suite('vm/fuzz-run');
const CASES = 150;
const SEED = 20_260;

const reference = createEngineCache('reference');

async function findings(b: EngineFactory, range = { first: 0, end: CASES }): Promise<Finding[]> {
  const found: Finding[] = [];
  const run = { seed: SEED, step: 1, ...range };
  for await (const finding of runCases(run, { a: reference, b }, [])) {
    if (finding !== undefined) found.push(finding);
    if (found.length === 2) break;
  }
  return found;
}

/** An engine whose fault is in what it leaves behind, not in what it answers. */
function forgetting(rules: ChainRules): Engine {
  const engine = reference(rules);
  return {
    call: engine.call,
    async executeBlock(input, state) {
      const outcome = await engine.executeBlock(input, state);
      if (!outcome.ok) return outcome;
      const { execution } = outcome;
      const accounts = execution.changes.accounts.map((change) => ({
        ...change,
        storage: change.storage.filter(({ value }) => value.length > 0),
      }));
      return {
        ok: true,
        execution: { ...execution, changes: { ...execution.changes, accounts } },
      };
    },
  };
}

/** An engine that sometimes fails instead of answering. */
function falling(rules: ChainRules): Engine {
  const engine = reference(rules);
  return {
    executeBlock: engine.executeBlock,
    async call(request, environment, state) {
      const result = await engine.call(request, environment, state);
      if (result.kind === 'reverted' || result.kind === 'halted') throw new RangeError('a trap');
      return result;
    },
  };
}

/** An engine that asks Ethereum's price where the chain asks more. */
function cheap(rules: ChainRules): Engine {
  return reference({ ...rules, precompileGasFactors: [] });
}

test('an engine agrees with itself', async () => {
  assert.equal(await findings(reference, { first: 0, end: 60 }), []);
});

test('an engine that forgets cleared slots is caught, and the case made small', async () => {
  const [first] = await findings(forgetting);
  assert.ok(first !== undefined, `no difference in ${CASES} cases of seed ${SEED}`);
  assert.ok(first.differences.some(({ part }) => part === 'accounts'));
  assert.is(first.minimised.match(/^transaction /gm)?.length, 1);
  const again = await findings(forgetting, { first: first.index, end: first.index + 1 });
  assert.equal(again, [first]);
});

test('an engine that throws is caught', async () => {
  const [first] = await findings(falling);
  assert.ok(first !== undefined, `no difference in ${CASES} cases of seed ${SEED}`);
  assert.ok(first.differences.some(({ part }) => part === 'threw'));
});

test('an engine that passes over the prices of precompiled contracts is caught', async () => {
  const [first] = await findings(cheap);
  assert.ok(first !== undefined, `no difference in ${CASES} cases of seed ${SEED}`);
  assert.ok(first.minimised.includes('precompileGasFactors'));
});

test('a seed and a number give one case; its programs do work', async () => {
  assert.is(textOf(createCase(SEED, 7)), textOf(createCase(SEED, 7)));
  assert.is.not(textOf(createCase(SEED, 7)), textOf(createCase(SEED, 8)));
  let succeeded = 0;
  for (let index = 0; index < 40; index += 1) {
    const fuzzCase = createCase(SEED, index);
    const [outcome] = await outcomesOf(fuzzCase, [reference(fuzzCase.rules)]);
    if (outcome?.get('receipts')?.includes('"status":1')) succeeded += 1;
  }
  assert.ok(succeeded >= 20, `only ${succeeded} of 40 cases have a transaction that succeeds`);
});

test('the instructions of a code put together are the code', () => {
  const code = Uint8Array.of(0x60, 0x5b, 0x5b, 0x7f, 1, 2, 3);
  assert.equal(concatBytes(...instructionsOf(code)), code);
});

test.run();
