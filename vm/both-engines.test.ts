/** Two engines behind one port: agreement passes through, a difference stops and is named. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asAddress, CodedError, hexToBytes } from '../ledger/model/index.ts';
import { party } from '../ledger/model/testkit/party.ts';
import { createBothEngines } from './both-engines.ts';
import type { BlockExecution, Engine, ExecuteBlockInput } from './engine.ts';
import { createFastEngine } from './fast-engine.ts';
import { environmentOf } from './header-rules.ts';
import { createReferenceEngine } from './reference-engine.ts';
import { COIN, createTestChain, signed, testRules } from './testkit/chain.ts';

const test = suite('vm/both-engines');
const alice = party('alice');
const bob = party('bob');
const counter = asAddress(new Uint8Array(20).fill(7));
const rules = testRules('osaka');
const chain = createTestChain(rules, [
  { address: alice.address, balance: COIN },
  { address: counter, nonce: 1n, code: hexToBytes('0x600054600101600055') },
]);

function input(mode: 'build' | 'validate'): ExecuteBlockInput {
  return {
    environment: environmentOf({ ...chain.head(), number: 1n }),
    transactions: [
      signed(alice, { to: counter }),
      signed(bob, { to: counter, value: 1n }),
      signed(alice, { to: bob.address, value: 5n, nonce: 1n }),
    ],
    mode,
  };
}

/** The engine with something else in its results. */
function altered(engine: Engine, change: (execution: BlockExecution) => object): Engine {
  return {
    ...engine,
    async executeBlock(work, state) {
      const outcome = await engine.executeBlock(work, state);
      if (!outcome.ok) return outcome;
      return { ok: true, execution: { ...outcome.execution, ...change(outcome.execution) } };
    },
  };
}

test('engines that agree give what the first gives, refusals and skips included', async () => {
  const fast = createFastEngine(rules);
  const both = createBothEngines(fast, createReferenceEngine(rules));
  const built = await both.executeBlock(input('build'), chain.state);
  assert.equal(built, await fast.executeBlock(input('build'), chain.state));
  assert.ok(built.ok);
  assert.equal(built.execution.included, [0, 2]);
  assert.is(built.execution.skipped[0]?.code, 'VM_INSUFFICIENT_FUNDS');
  const refused = await both.executeBlock(input('validate'), chain.state);
  assert.is(refused.ok ? '' : refused.code, 'VM_INSUFFICIENT_FUNDS');
});

test('the second engine gets what the first one looked at before its deadline', async () => {
  const both = createBothEngines(createFastEngine(rules), createReferenceEngine(rules));
  let asked = 0;
  const built = await both.executeBlock(
    { ...input('build'), deadline: () => ++asked > 1 },
    chain.state,
  );
  assert.ok(built.ok);
  assert.equal(built.execution.included, [0]);
});

test('a difference in receipts, gas or state throws and says what differs', async () => {
  const reference = createReferenceEngine(rules);
  const cases: readonly (readonly [string, (execution: BlockExecution) => object])[] = [
    ['receipt 1', ({ receipts }) => ({ receipts: receipts.slice(0, 1) })],
    ['gas used', ({ gasUsed }) => ({ gasUsed: gasUsed + 1n })],
    ['request 0', () => ({ requests: [Uint8Array.of(1, 2)] })],
    [
      'changed account 2',
      ({ changes }) => ({
        changes: { ...changes, accounts: changes.accounts.slice(0, 2) },
      }),
    ],
    ['skipped transactions', () => ({ skipped: [] })],
    [
      'reason 0x01',
      ({ receipts }) => ({
        receipts: receipts.map((each) => ({ ...each, revertReason: Uint8Array.of(1) })),
      }),
    ],
  ];
  for (const [words, change] of cases) {
    const both = createBothEngines(altered(createFastEngine(rules), change), reference);
    let caught: unknown;
    await both.executeBlock(input('build'), chain.state).catch((error: unknown) => {
      caught = error;
    });
    assert.instance(caught, CodedError);
    assert.is((caught as CodedError<{ code: string }>).code, 'VM_ENGINES_DIFFER');
    assert.ok((caught as Error).message.includes(words), (caught as Error).message);
  }
});

test.run();
