/** Simulated blocks on both engines: order, state that stays, validation, transfers, limits. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { keccak256, sha256 } from '#crypto';
import {
  type Address,
  asAddress,
  asHash,
  bytesToBigint,
  bytesToHex,
  contractAddress,
  encodeHeader,
  headerHash,
  hexToBytes,
  type SimulatedBlockReport,
  type SimulatedBlockRequest,
  type TransactionRequest,
  ZERO_ADDRESS,
} from '../../ledger/model/index.ts';
import { party } from '../../ledger/model/testkit/party.ts';
import type { Engine } from '../engine.ts';
import { createFastEngine } from '../fast-engine.ts';
import { createReferenceEngine } from '../reference-engine.ts';
import { COIN, createTestChain, testRules } from '../testkit/chain.ts';
import { isTransferLog } from '../transfer-log.ts';
import { simulateBlocks } from './simulate-blocks.ts';
import type { SimulationInput } from './simulation.ts';

const test = suite('vm/simulate/simulate-blocks');
const alice = party('alice').address;
const bob = party('bob').address;
const treasury = party('treasury').address;
const at = (byte: number): Address => asAddress(new Uint8Array(20).fill(byte));

/** Adds 1 to slot 0 and returns the new value. */
const COUNTER = hexToBytes('0x60005460010180600055600052' + '60206000f3');
const REVERTING = hexToBytes('0x63deadbeef6000526004601cfd');
/** Emits LOG0, sends 1 wei to bob, calls 0x33 with 1 wei, which logs and reverts, emits LOG0 again. */
const SENDER = hexToBytes(
  `0x60006000a06000600060006000600173${bytesToHex(bob).slice(2)}5af150` +
    `6000600060006000600173${'33'.repeat(20)}5af15060006000a000`,
);
const LOGS_AND_REVERTS = hexToBytes('0x60006000a060006000fd');
/** SELFDESTRUCT for bob. */
const DESTRUCT = hexToBytes(`0x73${bytesToHex(bob).slice(2)}ff`);
/** NUMBER, TIMESTAMP, COINBASE, BASEFEE, BLOCKHASH(NUMBER - 1). */
const FACTS = hexToBytes('0x436000524260205241604052486060526001430340608052' + '60a06000f3');

const rules = testRules('osaka', { zeroBaseFee: false, blockReward: 5n, beneficiary: treasury });
const chain = createTestChain(rules, [
  { address: alice, balance: COIN },
  {
    address: at(0x11),
    code: COUNTER,
    nonce: 1n,
    storage: [{ slot: new Uint8Array(32), value: Uint8Array.of(41) }],
  },
  { address: at(0x22), code: REVERTING, nonce: 1n },
  { address: at(0x33), code: LOGS_AND_REVERTS, nonce: 1n },
  { address: at(0x44), code: SENDER, nonce: 1n, balance: 10n },
  { address: at(0x55), code: DESTRUCT, nonce: 1n, balance: 7n },
  { address: at(0x66), code: FACTS, nonce: 1n },
]);
const head = chain.head();
const base = { header: head, hash: headerHash(head, rules.hashRule) };
const ENGINES: readonly (readonly [string, Engine])[] = [
  ['fast', createFastEngine(rules)],
  ['reference', createReferenceEngine(rules)],
];

function simulate(
  engine: Engine,
  blocks: readonly SimulatedBlockRequest[],
  changed: Partial<SimulationInput> = {},
): ReturnType<typeof simulateBlocks> {
  const input = {
    ...{ base, rules, blocks, isValidating: false, logsTransfers: false, gasCap: 50_000_000n },
    ...changed,
  };
  const { state } = chain;
  const modules = {
    engine,
    state,
    rootAfter: (c: Parameters<typeof state.commit>[0]) => state.commit(c).stateRoot,
  };
  return simulateBlocks(input, modules);
}

async function made(
  engine: Engine,
  blocks: readonly SimulatedBlockRequest[],
  changed: Partial<SimulationInput> = {},
): Promise<readonly SimulatedBlockReport[]> {
  const verdict = await simulate(engine, blocks, changed);
  assert.ok(verdict.ok, verdict.ok ? '' : `${verdict.code}: ${verdict.message}`);
  return verdict.blocks;
}

async function code(
  blocks: readonly SimulatedBlockRequest[],
  changed: Partial<SimulationInput> = {},
): Promise<string> {
  const codes = await Promise.all(
    ENGINES.map(async ([, engine]) => {
      const verdict = await simulate(engine, blocks, changed);
      return verdict.ok ? 'made' : verdict.code;
    }),
  );
  assert.is(codes[0], codes[1], 'the engines agree');
  return String(codes[0]);
}

const calls = (...list: readonly TransactionRequest[]): SimulatedBlockRequest => ({ calls: list });
const count: TransactionRequest = { from: alice, to: at(0x11) };

function outputs(results: readonly SimulatedBlockReport[]): readonly (bigint | string)[] {
  return results.flatMap(({ outcomes }) =>
    outcomes.map((outcome) =>
      outcome.kind === 'success' ? bytesToBigint(outcome.output) : outcome.kind,
    ),
  );
}

test('both engines make the same blocks', async () => {
  const blocks: readonly SimulatedBlockRequest[] = [
    calls(count, { from: alice, to: bob, value: 5n }, { from: alice, to: at(0x22) }),
    {
      block: { number: head.number + 4n, beneficiary: bob },
      ...calls(count, { from: bob, data: COUNTER }),
    },
    calls({ from: at(0x55), to: at(0x55) }, count),
  ];
  const [fast, reference] = await Promise.all(ENGINES.map(([, engine]) => made(engine, blocks)));
  const plain = (results: readonly SimulatedBlockReport[] | undefined): string[] =>
    (results ?? []).map(({ block, outcomes }) =>
      [
        bytesToHex(encodeHeader(block.header)),
        ...outcomes.map(({ kind, gasUsed }) => `${kind} ${gasUsed}`),
      ].join(),
    );
  assert.equal(plain(fast), plain(reference));
  assert.is(fast?.length, 5);
});

for (const [name, engine] of ENGINES) {
  test(`X-26: what a call changes is there for those after it (${name})`, async () => {
    const results = await made(engine, [calls(count, count), calls(count)]);
    assert.equal(outputs(results), [42n, 43n, 44n]);
    const again = await made(engine, [calls(count)]);
    assert.equal(outputs(again), [42n]);
  });

  test(`X-26: overrides come before all else, moves end with their block (${name})`, async () => {
    const state = [
      { address: at(0x11), stateDiff: [{ slot: new Uint8Array(32), value: Uint8Array.of(9) }] },
    ];
    assert.equal(outputs(await made(engine, [calls(count), { state, ...calls(count) }])), [
      42n,
      10n,
    ]);
    const hash = asAddress(hexToBytes('02'.padStart(40, '0')));
    const moved = [{ address: hash, movePrecompileTo: at(0xee) }];
    const ask = calls({ from: alice, to: at(0xee) }, { from: alice, to: hash });
    const empty = bytesToBigint(sha256(new Uint8Array(0)));
    assert.equal(outputs(await made(engine, [{ state: moved, ...ask }, ask])), [
      empty,
      0n,
      0n,
      empty,
    ]);
  });

  test(`X-24: headers follow one another and instructions see them (${name})`, async () => {
    const results = await made(engine, [
      {
        block: { timestamp: head.timestamp + 100n, beneficiary: bob, baseFeePerGas: 0n },
        ...calls({ to: at(0x66) }),
      },
      calls({ to: at(0x66) }),
    ]);
    const [first, second] = results;
    assert.equal(first?.block.header.parentHash, base.hash);
    assert.equal(second?.block.header.parentHash, first?.hash);
    assert.is(second?.block.header.timestamp, head.timestamp + 112n);
    assert.equal(second?.block.header.beneficiary, bob);
    const seen = second?.outcomes[0];
    assert.ok(seen?.kind === 'success');
    const word = (index: number) => seen.output.subarray(32 * index, 32 * index + 32);
    assert.is(bytesToBigint(word(0)), head.number + 2n);
    assert.is(bytesToBigint(word(1)), head.timestamp + 112n);
    assert.equal(word(2).slice(12), bob);
    assert.equal(word(4), first?.hash);
  });

  test(`X-25: transfers are logs in their place, and those of failed frames are not (${name})`, async () => {
    const send = { from: alice, to: at(0x44), value: 3n };
    const destroy = { from: alice, to: at(0x55) };
    const [block] = await made(engine, [calls(send, destroy)], { logsTransfers: true });
    const [sent, destroyed] = block?.outcomes ?? [];
    const shape = (sent?.logs ?? []).map((log) =>
      isTransferLog(log) ? Number(bytesToBigint(log.data)) : bytesToHex(log.address).slice(0, 6),
    );
    assert.equal(shape, [3, '0x4444', 1, '0x4444']);
    assert.equal(
      sent?.logs[0]?.topics.slice(1).map((topic) => topic.slice(12)),
      [alice, at(0x44)],
    );
    assert.equal(
      (destroyed?.logs ?? []).map(({ data }) => bytesToBigint(data)),
      [7n],
    );
    const [plain] = await made(engine, [calls(send, destroy)]);
    assert.is(plain?.outcomes[0]?.logs.length, 2);
    assert.equal(plain?.block.header.receiptsRoot, block?.block.header.receiptsRoot);
    assert.equal(plain?.block.header.logsBloom, block?.block.header.logsBloom);
  });

  test(`the reward goes to whom the rules name, or to the supposed fee recipient (${name})`, async () => {
    const balance = hexToBytes(`0x73${bytesToHex(treasury).slice(2)}3160005260206000f3`);
    const ask = { state: [{ address: at(0x77), code: balance }], ...calls({ to: at(0x77) }) };
    assert.equal(outputs(await made(engine, [calls(), ask])), [5n]);
    assert.equal(outputs(await made(engine, [{ block: { beneficiary: bob } }, ask])), [0n]);
  });
}

test('X-25: indexes of logs count those that were rolled back', async () => {
  const [, engine] = ENGINES[0] as (typeof ENGINES)[0];
  const send = { from: alice, to: at(0x44) };
  const [block] = await made(engine, [calls({ from: alice, to: at(0x33), value: 1n }, send)], {
    logsTransfers: true,
  });
  assert.equal(block?.outcomes[0]?.logIndexes, []);
  // Two of the first call; then of the second one log, one transfer, two rolled back, one log.
  assert.equal(block?.outcomes[1]?.logIndexes, [2, 3, 6]);
});

test('X-23: a call is an unsigned transaction of the type that its fields ask for', async () => {
  const [, engine] = ENGINES[0] as (typeof ENGINES)[0];
  const [block] = await made(engine, [
    calls(
      { from: alice, to: bob },
      { from: alice, to: bob, gasPrice: 0n },
      { from: alice, data: COUNTER },
    ),
  ]);
  assert.equal(
    block?.block.transactions.map(({ type, nonce }) => [type, nonce]),
    [
      [2, 0n],
      [0, 1n],
      [2, 2n],
    ],
  );
  assert.equal(
    block?.block.transactions.map(({ raw }) => keccak256(raw)),
    block?.block.transactions.map(({ hash }) => hash),
  );
  assert.is(block?.block.transactions[0]?.gasLimit, 30_000_000n);
  assert.is(block?.block.transactions[1]?.gasLimit, 29_979_000n);
  const created = contractAddress(alice, 2n);
  const [, called] = await made(engine, [
    block === undefined
      ? {}
      : calls(
          { from: alice },
          { from: alice },
          { from: alice, data: hexToBytes('0x6001600c60003960016000f300') },
        ),
    calls({ to: created }),
  ]);
  assert.is(called?.outcomes[0]?.kind, 'success');
});

test('X-23: with validation nonce, price and funds are those of a block', async () => {
  const paying = { from: alice, to: bob, maxFeePerGas: 10n ** 10n, gas: 21_000n };
  const strict = { isValidating: true };
  assert.is(await code([calls(paying, { ...paying, nonce: 1n })], strict), 'made');
  assert.is(await code([calls({ ...paying, nonce: 1n })], strict), 'VM_NONCE_TOO_HIGH');
  assert.is(await code([calls(paying, { ...paying, nonce: 0n })], strict), 'VM_NONCE_TOO_LOW');
  assert.is(
    await code([calls({ from: alice, to: bob, gas: 21_000n })], strict),
    'VM_FEE_BELOW_BASE_FEE',
  );
  assert.is(await code([calls({ ...paying, value: COIN })], strict), 'VM_INSUFFICIENT_FUNDS');
  assert.is(await code([calls({ ...paying, gas: 20_999n })], strict), 'VM_INTRINSIC_GAS');
  const highest = 2n ** 64n - 1n;
  const full = {
    state: [{ address: alice, nonce: highest }],
    ...calls({ ...paying, nonce: highest }),
  };
  assert.is(await code([full], strict), 'VM_NONCE_MAX');
  // Without it, none of these matters but funds and gas.
  assert.is(
    await code([calls({ from: alice, to: bob, nonce: 7n }, { from: alice, to: bob, nonce: 0n })]),
    'made',
  );
  assert.is(await code([calls({ from: bob, to: alice, value: 1n })]), 'VM_INSUFFICIENT_FUNDS');
});

test('X-23: with validation the sender needs the rights that the chain gives', async () => {
  const contract = at(0x99);
  const permissions = { contract, from: 0n };
  const strict = createFastEngine({ ...rules, permissions });
  const paying = { from: alice, to: bob, maxFeePerGas: 10n ** 10n, gas: 21_000n };
  const ask = async (isValidating: boolean): Promise<string> => {
    const verdict = await simulate(strict, [calls(paying)], {
      rules: { ...rules, permissions },
      isValidating,
    });
    return verdict.ok ? 'made' : verdict.code;
  };
  assert.is(await ask(true), 'VM_SENDER_NOT_PERMITTED');
  assert.is(await ask(false), 'made');
});

test('X-5: there are no blobs on our own chain, in simulations neither', async () => {
  const blobVersionedHashes = [asHash(Uint8Array.of(1, ...new Uint8Array(31)))];
  assert.is(
    await code([calls({ from: alice, to: bob, blobVersionedHashes })]),
    'VM_BLOB_TRANSACTION',
  );
});

test('X-24: the base fee is zero without validation and follows from the block before with it', async () => {
  const [, engine] = ENGINES[0] as (typeof ENGINES)[0];
  const [free] = await made(engine, [{}]);
  assert.is(free?.block.header.baseFeePerGas, 0n);
  const [first, second] = await made(engine, [{}, {}], { isValidating: true });
  assert.ok((first?.block.header.baseFeePerGas ?? 0n) > (second?.block.header.baseFeePerGas ?? 0n));
});

test('X-22: numbers and times ascend, gaps are filled, and there are at most 256 blocks', async () => {
  const [, engine] = ENGINES[0] as (typeof ENGINES)[0];
  const numbered = (number: bigint): SimulatedBlockRequest => ({
    block: { number: head.number + number },
  });
  const filled = await made(engine, [numbered(3n), numbered(256n)]);
  assert.is(filled.length, 256);
  assert.equal(
    filled.slice(0, 3).map(({ block }) => block.header.timestamp - head.timestamp),
    [12n, 24n, 36n],
  );
  assert.is(await code([numbered(257n)]), 'VM_SIMULATED_BLOCKS');
  assert.is(await code([numbered(2n), numbered(2n)]), 'VM_SIMULATED_NUMBER');
  assert.is(await code([numbered(0n)]), 'VM_SIMULATED_NUMBER');
  const timed = (timestamp: bigint): SimulatedBlockRequest => ({
    block: { timestamp: head.timestamp + timestamp },
  });
  assert.is(await code([timed(5n), timed(5n)]), 'VM_SIMULATED_TIMESTAMP');
  assert.is(await code([timed(0n)]), 'VM_SIMULATED_TIMESTAMP');
});

test('X-23: gas is bounded by the block and by the node', async () => {
  const [, engine] = ENGINES[0] as (typeof ENGINES)[0];
  assert.is(
    await code([
      { block: { gasLimit: 30_000n }, ...calls({ from: alice, to: bob, gas: 30_001n }) },
    ]),
    'VM_SIMULATED_BLOCK_GAS',
  );
  const loop = {
    state: [{ address: bob, code: hexToBytes('0x5b600056') }],
    ...calls({ from: alice, to: bob }, { from: alice, to: at(0x11), gas: 25_000n }),
  };
  const verdict = await simulate(engine, [loop], { gasCap: 100_000n });
  assert.is(verdict.ok ? '' : verdict.code, 'VM_INTRINSIC_GAS');
});

test('a simulation that nobody waits for any more ends', async () => {
  const [, engine] = ENGINES[0] as (typeof ENGINES)[0];
  const left = new Error('left');
  const pause = () => Promise.reject(left);
  const error = await simulate(engine, [calls(count)], { pause }).catch(
    (reason: unknown) => reason,
  );
  assert.is(error, left);
});

test('an empty call creates an empty contract as the zero address', async () => {
  const [, engine] = ENGINES[0] as (typeof ENGINES)[0];
  const [block] = await made(engine, [calls({})]);
  assert.equal(block?.senders, [ZERO_ADDRESS]);
  assert.is(block?.outcomes[0]?.kind, 'success');
  assert.is(block?.outcomes[0]?.gasUsed, 53_000n);
});

test.run();
