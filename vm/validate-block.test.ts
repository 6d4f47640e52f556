/** Blocks built here validate here, and every claim of a header is checked. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Block,
  type BlockHeader,
  EMPTY_REQUESTS_HASH,
  hexToBytes,
  type Verdict,
  ZERO_ADDRESS,
} from '../ledger/model/index.ts';
import { party } from '../ledger/model/testkit/party.ts';
import type { ChainRules, ForkName } from './chain-rules.ts';
import { COIN, createTestChain, signed, type TestChain, testRules } from './testkit/chain.ts';
import { validateBlock } from './validate-block.ts';

const test = suite('vm/validate-block');
const alice = party('alice');
const bob = party('bob');

/** Creation code whose contract logs one topic and stores the caller: LOG1 with 0x2a, SSTORE(0, CALLER). */
const LOGGER = hexToBytes('0x600c600c600039600c6000f3602a60206000a13360005500');

async function builtChain(fork: ForkName, changed: Partial<ChainRules> = {}) {
  const chain = createTestChain(testRules(fork, changed), [
    { address: alice.address, balance: 10n * COIN },
  ]);
  const built = await chain.build([
    signed(alice, { to: bob.address, value: COIN }),
    signed(alice, { nonce: 1n, data: LOGGER }),
  ]);
  return { chain, built };
}

function validate(
  chain: TestChain,
  block: Block,
  senders: readonly (typeof alice.address | undefined)[],
): Promise<Verdict<object>> {
  return validateBlock(
    { parent: chain.head(), rules: chain.rules, block, senders },
    chain.engine,
    chain.state,
  );
}

for (const fork of [
  'byzantium',
  'berlin',
  'london',
  'paris',
  'shanghai',
  'cancun',
  'prague',
  'osaka',
] as const) {
  test(`a block built at ${fork} validates and leads to the same result`, async () => {
    const { chain, built } = await builtChain(fork);
    const { executed } = built;
    assert.is(executed.receipts.length, 2);
    assert.is(executed.receipts[1]?.status, 1);
    const verdict = await validateBlock(
      {
        parent: chain.head(),
        rules: chain.rules,
        block: executed.block,
        senders: executed.senders,
      },
      chain.engine,
      chain.state,
    );
    assert.ok(verdict.ok);
    assert.equal(verdict.executed.changes, executed.changes);
    assert.equal(verdict.executed.receipts, executed.receipts);
    assert.equal(verdict.executed.commitment.stateRoot, executed.commitment.stateRoot);
    chain.append(built);
    const next = await chain.build([]);
    assert.ok((await validate(chain, next.executed.block, [])).ok);
  });
}

const flip = (bytes: Uint8Array): never => {
  const other = bytes.slice();
  other[other.length - 1] = (other.at(-1) ?? 0) ^ 1;
  // The flipped copy has the length of the original, so it is of the same brand.
  return other as never;
};

const FLIPS: readonly (readonly [string, (header: BlockHeader) => Partial<BlockHeader>])[] = [
  ['VM_PARENT_HASH', (h) => ({ parentHash: flip(h.parentHash) })],
  ['VM_OMMERS', (h) => ({ ommersHash: flip(h.ommersHash) })],
  ['VM_STATE_ROOT', (h) => ({ stateRoot: flip(h.stateRoot) })],
  ['VM_TRANSACTIONS_ROOT', (h) => ({ transactionsRoot: flip(h.transactionsRoot) })],
  ['VM_RECEIPTS_ROOT', (h) => ({ receiptsRoot: flip(h.receiptsRoot) })],
  ['VM_LOGS_BLOOM', (h) => ({ logsBloom: flip(h.logsBloom) })],
  ['VM_HEADER_CONSTANT', () => ({ difficulty: 2n })],
  ['VM_NUMBER', (h) => ({ number: h.number + 1n })],
  ['VM_GAS_LIMIT', (h) => ({ gasLimit: h.gasLimit + 1n })],
  ['VM_GAS_USED', (h) => ({ gasUsed: h.gasUsed + 1n })],
  ['VM_GAS_USED_ABOVE_LIMIT', (h) => ({ gasUsed: h.gasLimit + 1n })],
  ['VM_TIMESTAMP', () => ({ timestamp: 999n })],
  ['VM_HEADER_CONSTANT', (h) => ({ mixHash: flip(h.mixHash) })],
  ['VM_HEADER_CONSTANT', (h) => ({ nonce: flip(h.nonce) })],
  ['VM_BASE_FEE', () => ({ baseFeePerGas: 1n })],
  ['VM_WITHDRAWALS', (h) => ({ withdrawalsRoot: flip(h.stateRoot) })],
  ['VM_HEADER_CONSTANT', () => ({ blobGasUsed: 131_072n })],
  ['VM_HEADER_CONSTANT', () => ({ excessBlobGas: 1n })],
  ['VM_HEADER_CONSTANT', (h) => ({ parentBeaconBlockRoot: h.stateRoot })],
  ['VM_REQUESTS_HASH', () => ({ requestsHash: flip(EMPTY_REQUESTS_HASH) })],
];

for (const [code, change] of FLIPS) {
  const field = Object.keys(change({ ...headerShape() }))[0];
  test(`a header with another ${field} is refused as ${code}`, async () => {
    const { chain, built } = await builtChain('osaka');
    const { block, senders } = built.executed;
    const changed = { ...block, header: { ...block.header, ...change(block.header) } };
    const verdict = await validate(chain, changed, senders);
    assert.is(verdict.ok ? 'accepted' : verdict.code, code);
  });
}

for (const field of [
  'withdrawalsRoot',
  'blobGasUsed',
  'excessBlobGas',
  'parentBeaconBlockRoot',
  'requestsHash',
] as const) {
  test(`a header without ${field} is refused where its fork asks for it, and with it before`, async () => {
    const late = await builtChain('osaka');
    const { [field]: value, ...without } = late.built.executed.block.header;
    const missing = { ...late.built.executed.block, header: without as BlockHeader };
    const refused = await validate(late.chain, missing, late.built.executed.senders);
    assert.is(refused.ok ? 'accepted' : refused.code, 'VM_FORK_FIELDS');
    const early = await builtChain('paris');
    const { block, senders } = early.built.executed;
    const added = { ...block, header: { ...block.header, [field]: value } };
    const verdict = await validate(early.chain, added, senders);
    assert.is(verdict.ok ? 'accepted' : verdict.code, 'VM_FORK_FIELDS');
  });
}

test('X-6: a body with ommers, withdrawals or an unrecovered sender is refused', async () => {
  const { chain, built } = await builtChain('osaka');
  const { block, senders } = built.executed;
  const withdrawal = { index: 0n, validatorIndex: 0n, address: ZERO_ADDRESS, amount: 1n };
  const { withdrawals: _, ...bare } = block;
  const cases: readonly (readonly [
    Block,
    readonly (typeof alice.address | undefined)[],
    string,
  ])[] = [
    [{ ...block, ommers: [block.header] }, senders, 'VM_OMMERS'],
    [{ ...block, withdrawals: [withdrawal] }, senders, 'VM_WITHDRAWALS'],
    [bare, senders, 'VM_WITHDRAWALS'],
    [block, [senders[0], undefined], 'VM_SENDER'],
    [block, [], 'VM_SENDER'],
    [
      { ...block, transactions: block.transactions.slice(1) },
      senders.slice(1),
      'VM_TRANSACTIONS_ROOT',
    ],
  ];
  for (const [changed, from, code] of cases) {
    const verdict = await validate(chain, changed, from);
    assert.is(verdict.ok ? 'accepted' : verdict.code, code);
  }
});

test('a block with a transaction that cannot run is refused with the reason and its place', async () => {
  const { chain, built } = await builtChain('osaka');
  const { block } = built.executed;
  const verdict = await validate(chain, block, [bob.address, alice.address]);
  assert.is(verdict.ok ? 'accepted' : verdict.code, 'VM_INSUFFICIENT_FUNDS');
  assert.match(verdict.ok ? '' : verdict.message, /^transaction 0: insufficient funds/);
});

test('X-14: the gas limit may move by less than a 1024th where the rules say so', async () => {
  const { chain, built } = await builtChain('osaka', { gasLimitMoves: true });
  const step = chain.head().gasLimit / 1_024n;
  for (const [move, accepted] of [
    [step - 1n, true],
    [step, false],
    [1n - step, true],
    [-step, false],
  ] as const) {
    const moved = await chain.build([], { gasLimit: chain.head().gasLimit + move });
    assert.is((await validate(chain, moved.executed.block, [])).ok, accepted, `${move}`);
  }
  assert.ok((await validate(chain, built.executed.block, built.executed.senders)).ok);
});

test('X-9: the base fee follows EIP-1559 unless the rules fix it', async () => {
  const priced = createTestChain(testRules('osaka', { zeroBaseFee: false }), []);
  const first = await priced.build([]);
  assert.is(first.executed.block.header.baseFeePerGas, 875_000_000n);
  const fixed = createTestChain(testRules('osaka', { zeroBaseFee: false, fixedBaseFee: 7n }), []);
  assert.is((await fixed.build([])).executed.block.header.baseFeePerGas, 7n);
});

test('X-1: blocks before Byzantium are refused by name', async () => {
  const chain = createTestChain(testRules('homestead'), []);
  let code: unknown;
  await chain.build([]).catch((error) => {
    code = error.code;
  });
  assert.is(code, 'VM_FORK_UNSUPPORTED');
});

/** Enough of a header to learn which field a change touches. */
function headerShape(): BlockHeader {
  const bytes = new Uint8Array(32);
  return {
    number: 0n,
    gasLimit: 0n,
    gasUsed: 0n,
    parentHash: bytes,
    ommersHash: bytes,
    stateRoot: bytes,
    transactionsRoot: bytes,
    receiptsRoot: bytes,
    logsBloom: bytes,
    mixHash: bytes,
    nonce: bytes,
  } as never;
}

test.run();
