/** What the reference engine adds of its own: precompiles on our crypto, and surviving its own faults. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Address,
  asAddress,
  bytesToHex,
  CodedError,
  equalBytes,
  hexToBytes,
  InvariantError,
  type StateReader,
} from '../ledger/model/index.ts';
import { party } from '../ledger/model/testkit/party.ts';
import type { ChainRules, ForkName } from './chain-rules.ts';
import { environmentOf } from './header-rules.ts';
import { createReferenceEngine } from './reference-engine.ts';
import {
  COIN,
  callRequest,
  createTestChain,
  signed,
  type TestChain,
  testRules,
} from './testkit/chain.ts';
import type { Allocation } from './testkit/memory-state.ts';

const test = suite('vm/reference-engine');
const alice = party('alice');
const bob = party('bob');
const inner = asAddress(new Uint8Array(20).fill(1));
const outer = asAddress(new Uint8Array(20).fill(2));

/** Stores 1 in slot 0, then calls `inner` and stores 2 in slot 1. */
const OUTER = hexToBytes(`0x60016000556000600060006000600073${'01'.repeat(20)}5af150600260015500`);
/** Reads slot 7. */
const INNER = hexToBytes('0x60075400');

const referenceChain = (rules: ChainRules, allocations: readonly Allocation[]): TestChain =>
  createTestChain(rules, allocations, createReferenceEngine);

test('a transaction that the engine gives up on leaves no trace on those after it', async () => {
  const chain = referenceChain(testRules('osaka'), [
    { address: alice.address, balance: COIN },
    { address: outer, nonce: 1n, code: OUTER },
    {
      address: inner,
      nonce: 1n,
      code: INNER,
      storage: [{ slot: word(9), value: Uint8Array.of(1) }],
    },
  ]);
  const failing = readerThatThrows(chain.state, new RangeError('a fault of a library'));
  const outcome = await chain.engine.executeBlock(
    {
      environment: environmentOf((await chain.build([])).executed.block.header),
      transactions: [signed(alice, { to: outer }), signed(alice, { to: bob.address, value: 1n })],
      mode: 'build',
    },
    failing,
  );
  assert.ok(outcome.ok);
  assert.equal(outcome.execution.included, [1]);
  assert.is(outcome.execution.skipped[0]?.code, 'VM_ENGINE_REFUSED');
  const changed = outcome.execution.changes.accounts.map(({ address }) => bytesToHex(address));
  assert.equal(changed, [alice.address, bob.address].map(bytesToHex).sort());
});

test('a fault of the state is no verdict on a transaction: it passes through', async () => {
  const chain = referenceChain(testRules('osaka'), [
    { address: alice.address, balance: COIN },
    {
      address: inner,
      nonce: 1n,
      code: INNER,
      storage: [{ slot: word(9), value: Uint8Array.of(1) }],
    },
  ]);
  const input = {
    environment: environmentOf((await chain.build([])).executed.block.header),
    transactions: [signed(alice, { to: inner })],
    mode: 'build',
  } as const;
  const faults = [
    new CodedError('the store is damaged', { code: 'STORE_DAMAGED' }),
    new InvariantError('stored values are there'),
  ];
  for (const fault of faults) {
    let caught: unknown;
    await chain.engine
      .executeBlock(input, readerThatThrows(chain.state, fault))
      .catch((error: unknown) => {
        caught = error;
      });
    assert.is(caught, fault);
  }
  assert.ok((await chain.engine.executeBlock(input, chain.state)).ok);
});

test('BLOCKHASH reads final blocks of the last 256', async () => {
  /** BLOCKHASH of the first calldata word. */
  const code = hexToBytes('0x6000354060005260206000f3');
  const chain = referenceChain(testRules('osaka'), [{ address: inner, nonce: 1n, code }]);
  const hash = word(77) as ReturnType<NonNullable<StateReader['blockHash']>>;
  const state: StateReader = { ...chain.state, blockHash: (n) => (n >= 100n ? hash : undefined) };
  const environment = { ...environmentOf(chain.head()), number: 400n };
  for (const [number, expected] of [
    [399, 77],
    [144, 77],
    [143, 0],
    [400, 0],
    [99, 0],
  ] as const) {
    const result = await chain.engine.call(
      callRequest(alice.address, { to: inner, data: word(number) }),
      environment,
      state,
    );
    assert.equal(result.kind === 'returned' ? result.returnData : result.kind, word(expected));
  }
});

const directory =
  process.env['EHB_FIXTURES'] ??
  join(fileURLToPath(new URL('..', import.meta.url)), '../shared/fixtures');
const vectors = join(directory, 'precompiles');

type Vector = { readonly Input: string; readonly Expected?: string; readonly Name: string };

/** Address of the precompile, and the fork whose gas does not matter here. */
const PRECOMPILES: readonly (readonly [string, number, ForkName])[] = [
  ['ecRecover', 0x01, 'osaka'],
  ['bn256Add', 0x06, 'osaka'],
  ['bn256ScalarMul', 0x07, 'osaka'],
  ['blake2F', 0x09, 'osaka'],
  ['pointEvaluation', 0x0a, 'osaka'],
  ['blsG1Add', 0x0b, 'osaka'],
  ['p256Verify', 0x100, 'osaka'],
];

if (existsSync(vectors)) {
  for (const [name, place, fork] of PRECOMPILES) {
    test(`the precompile ${name} gives the published results`, async () => {
      assert.ok(readdirSync(vectors).includes(`${name}.json`));
      const cases = JSON.parse(readFileSync(join(vectors, `${name}.json`), 'utf8')) as Vector[];
      for (const { Input, Expected, Name } of cases) {
        assert.is(await runPrecompile(place, fork, Input), Expected, Name);
      }
    });
  }
} else if (process.env['EHB_FIXTURES'] === undefined) {
  console.log('fixtures absent');
} else {
  test('the precompile vectors are present', () => {
    assert.unreachable(`no ${vectors}`);
  });
}

async function runPrecompile(place: number, fork: ForkName, input: string): Promise<string> {
  const chain = referenceChain(testRules(fork), []);
  const to = asAddress(new Uint8Array(20));
  to.set([place >> 8, place & 0xff], 18);
  const result = await createReferenceEngine(chain.rules).call(
    callRequest(alice.address, { to, data: hexToBytes(input) }),
    environmentOf(chain.head()),
    chain.state,
  );
  return result.kind === 'returned' ? bytesToHex(result.returnData).slice(2) : result.kind;
}

/** A state whose storage of `inner` cannot be read. */
function readerThatThrows(state: StateReader, fault: Error): StateReader {
  return {
    ...state,
    storage: (address: Address, slot) => {
      if (equalBytes(address, inner)) throw fault;
      return state.storage(address, slot);
    },
  };
}

function word(value: number): Uint8Array {
  return hexToBytes(value.toString(16).padStart(64, '0'));
}

test.run();
