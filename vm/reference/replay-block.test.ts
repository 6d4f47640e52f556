/** a small chain from proof of work to withdrawals, and each of its claims altered. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { keccak256 } from '#crypto';
import {
  type Address,
  asAddress,
  asHash,
  type Block,
  type BlockHeader,
  bigintToBytes,
  decodeHeader,
  EMPTY_OMMERS_HASH,
  EMPTY_ROOT,
  encodeHeader,
  encodeRlp,
  type Hash,
  headerHash,
  orderedRoot,
  type Receipt,
  receiptsRoot,
  transactionsRoot,
} from '../../ledger/model/index.ts';
import { emptyHeader } from '../../ledger/model/testkit/empty-header.ts';
import { party } from '../../ledger/model/testkit/party.ts';
import type { ChainRules } from '../chain-rules.ts';
import { signed, testRules } from '../testkit/chain.ts';
import { createMemoryState, type MemoryState } from '../testkit/memory-state.ts';
import { createReplay, type ReplayBlock } from './replay-block.ts';

const test = suite('vm/reference/replay-block');

const COIN = 10n ** 18n;
const alice = party('alice');
const miner: Address = asAddress(new Uint8Array(20).fill(0xaa));
const uncle: Address = asAddress(new Uint8Array(20).fill(0xbb));
const staker: Address = asAddress(new Uint8Array(20).fill(0xcc));
/** In the state of block 0 with nothing in it, as old chains have them. */
const empty: Address = asAddress(new Uint8Array(20).fill(0xee));
const EASIEST = 131_072n;

const RULES: ChainRules = {
  ...testRules('frontier'),
  forks: [
    { fork: 'spuriousDragon', block: 0n },
    { fork: 'london', block: 4n },
    { fork: 'paris', block: 5n },
    { fork: 'shanghai', timestamp: 60n },
  ],
  hashRule: 'plain',
  gasLimitMoves: true,
  reference: { blobSchedule: [] },
};

type Chain = {
  readonly blocks: Block[];
  readonly balances: Map<Address, bigint>;
  readonly nonces: Map<Address, bigint>;
  readonly state: MemoryState;
  readonly replay: ReplayBlock;
};

async function createChain(): Promise<Chain> {
  const blocks: Block[] = [];
  const hashOf = (number: bigint): Hash | undefined => {
    const block = blocks[Number(number)];
    return block && headerHash(block.header, 'plain');
  };
  const balance = 100n * COIN;
  const state = createMemoryState(
    [{ address: alice.address, balance }, { address: empty }],
    hashOf,
  );
  const header = emptyHeader({
    stateRoot: state.root(),
    difficulty: EASIEST,
    gasLimit: 10_000_000n,
  });
  blocks.push({ header, transactions: [], ommers: [] });
  return {
    blocks,
    balances: new Map([
      [alice.address, balance],
      [empty, 0n],
    ]),
    nonces: new Map(),
    state,
    replay: await createReplay(RULES),
  };
}

/** The state root once balances and nonces are what the test worked out. */
function rootOf({ balances, nonces }: Chain): Hash {
  const allocations = [...balances].map(([address, balance]) => ({
    address,
    balance,
    nonce: nonces.get(address) ?? 0n,
  }));
  return createMemoryState(allocations).root();
}

function pay({ balances }: Chain, address: Address, amount: bigint): void {
  balances.set(address, (balances.get(address) ?? 0n) + amount);
}

/** The block after the head with these claims in its header. */
function next({ blocks }: Chain, claims: Partial<BlockHeader>, body: Partial<Block> = {}): Block {
  const { header: parent } = blocks.at(-1) as Block;
  const number = parent.number + 1n;
  const header: BlockHeader = {
    ...parent,
    parentHash: headerHash(parent, 'plain'),
    ommersHash: EMPTY_OMMERS_HASH,
    beneficiary: miner,
    transactionsRoot: EMPTY_ROOT,
    receiptsRoot: EMPTY_ROOT,
    number,
    gasUsed: 0n,
    timestamp: 10n * number,
    ...claims,
  };
  return { header, transactions: [], ommers: [], ...body };
}

async function replayed(chain: Chain, block: Block): Promise<string> {
  const { blocks, state, replay } = chain;
  const ancestors = {
    hashOf: state.blockHash,
    header: (number: bigint) => blocks[Number(number)]?.header,
    block: (number: bigint) => blocks[Number(number)],
  };
  const { header: parent } = blocks.at(-1) as Block;
  const senders = block.transactions.map(() => alice.address);
  const verdict = await replay({ parent, block, senders, ancestors }, state);
  if (!verdict.ok) return verdict.code;
  state.apply(verdict.executed.changes);
  blocks.push(block);
  return 'replayed';
}

/** Refused with each code for what is altered, and taken as it is. */
async function takesOnly(
  chain: Chain,
  block: Block,
  altered: readonly (readonly [code: string, header: Partial<BlockHeader>])[],
): Promise<void> {
  for (const [code, claims] of altered) {
    const forged = { ...block, header: { ...block.header, ...claims } };
    assert.is(await replayed(chain, forged), code, `${Object.keys(claims)}`);
  }
  assert.is(await replayed(chain, block), 'replayed', `block ${block.header.number}`);
}

const OTHER: Hash = asHash(new Uint8Array(32).fill(1));

/** A transfer at a gas price of 10, with the receipt that it has before Byzantium. */
function transfer(chain: Chain, nonce: bigint, to: Address, value: bigint) {
  const { transaction } = signed(alice, { nonce, gasPrice: 10n, to, value });
  pay(chain, alice.address, -value - 210_000n);
  pay(chain, miner, 210_000n);
  if (value > 0n) pay(chain, to, value);
  // EIP-161: an empty account that is touched is gone.
  else chain.balances.delete(to);
  chain.nonces.set(alice.address, nonce + 1n);
  const receipt: Receipt = {
    type: 0,
    status: rootOf(chain),
    cumulativeGasUsed: 21_000n * (nonce + 1n),
    logsBloom: new Uint8Array(256),
    logs: [],
  };
  return { transaction, receipt };
}

test('a chain from proof of work to withdrawals is replayed, and no altered block of it', async () => {
  const chain = await createChain();

  const transfers = [transfer(chain, 0n, staker, COIN), transfer(chain, 1n, empty, 0n)];
  const transactions = transfers.map(({ transaction }) => transaction);
  const receipts = transfers.map(({ receipt }) => receipt);
  pay(chain, miner, 5n * COIN);
  const one = next(
    chain,
    {
      stateRoot: rootOf(chain),
      transactionsRoot: transactionsRoot(transactions.map(({ raw }) => raw)),
      receiptsRoot: receiptsRoot(receipts),
      gasUsed: 42_000n,
    },
    { transactions },
  );
  await takesOnly(chain, one, [
    ['VM_NUMBER', { number: 2n }],
    ['VM_PARENT_HASH', { parentHash: OTHER }],
    ['VM_TIMESTAMP', { timestamp: 0n }],
    ['VM_HEADER_CONSTANT', { difficulty: EASIEST + 1n }],
    ['VM_GAS_LIMIT', { gasLimit: 11_000_000n }],
    ['VM_REPLAY_REFUSED', { baseFeePerGas: 7n }],
    ['VM_REPLAY_REFUSED', { transactionsRoot: OTHER }],
    ['VM_GAS_USED', { gasUsed: 42_001n }],
    [
      'VM_RECEIPTS_ROOT',
      { receiptsRoot: receiptsRoot(receipts.map((one) => ({ ...one, status: 1 }))) },
    ],
    ['VM_LOGS_BLOOM', { logsBloom: new Uint8Array(256).fill(1) }],
    ['VM_STATE_ROOT', { stateRoot: OTHER }],
  ]);

  // an ommer is a child of an ancestor, and its miner and the block's get their part.
  const ommer = { ...one.header, beneficiary: uncle, extraData: Uint8Array.of(1) };
  pay(chain, miner, 5n * COIN + (5n * COIN) / 32n);
  pay(chain, uncle, (5n * COIN * 7n) / 8n);
  const ommersHash = hashOfList([ommer]);
  const two = next(chain, { stateRoot: rootOf(chain), ommersHash }, { ommers: [ommer] });
  const withOmmers = (ommers: readonly BlockHeader[]): Block => ({
    ...two,
    header: { ...two.header, ommersHash: hashOfList(ommers) },
    ommers,
  });
  for (const ommers of [
    [{ ...ommer, parentHash: OTHER }],
    [{ ...ommer, difficulty: 1n }],
    [{ ...ommer, timestamp: 0n }],
    [{ ...ommer, number: 2n }],
    [one.header],
  ]) {
    assert.is(await replayed(chain, withOmmers(ommers)), 'VM_OMMERS');
  }
  assert.is(await replayed(chain, withOmmers([ommer, ommer])), 'VM_REPLAY_REFUSED');
  await takesOnly(chain, two, [['VM_REPLAY_REFUSED', { ommersHash: EMPTY_OMMERS_HASH }]]);

  pay(chain, miner, 5n * COIN);
  const three = next(chain, { stateRoot: rootOf(chain) });
  assert.is(
    await replayed(chain, {
      ...three,
      header: { ...three.header, ommersHash },
      ommers: [ommer],
    }),
    'VM_OMMERS',
    'an ommer counts once',
  );
  await takesOnly(chain, three, []);

  // London: the fee appears, the gas limit doubles, the reward is Constantinople's.
  pay(chain, miner, 2n * COIN);
  const four = next(chain, {
    stateRoot: rootOf(chain),
    baseFeePerGas: 10n ** 9n,
    gasLimit: 20_000_000n,
  });
  await takesOnly(chain, four, [['VM_REPLAY_REFUSED', { baseFeePerGas: 1n }]]);

  // Paris: no work, no reward.
  const five = next(chain, { difficulty: 0n, baseFeePerGas: 875_000_000n });
  await takesOnly(chain, five, [
    ['VM_REPLAY_REFUSED', { difficulty: 1n }],
    ['VM_BASE_FEE', { baseFeePerGas: 10n ** 9n }],
  ]);

  // Shanghai: withdrawals.
  const withdrawal = { index: 0n, validatorIndex: 9n, address: staker, amount: 3n };
  pay(chain, staker, 3n * 10n ** 9n);
  const withdrawalsRoot = orderedRoot([
    encodeRlp([new Uint8Array(0), Uint8Array.of(9), staker, bigintToBytes(3n)]),
  ]);
  const six = next(
    chain,
    { stateRoot: rootOf(chain), baseFeePerGas: 765_625_000n, withdrawalsRoot },
    { withdrawals: [withdrawal] },
  );
  await takesOnly(chain, six, [
    ['VM_REPLAY_REFUSED', { withdrawalsRoot: EMPTY_ROOT }],
    ['VM_STATE_ROOT', { stateRoot: five.header.stateRoot }],
  ]);
});

/** The list of RLP headers, hashed. */
function hashOfList(headers: readonly BlockHeader[]): Hash {
  const items = headers.map((header) => {
    const encoded = encodeHeader(header);
    assert.ok(decodeHeader(encoded).ok);
    return encoded;
  });
  const length = items.reduce((sum, { length: own }) => sum + own, 0);
  const head = length < 256 ? [0xf8, length] : [0xf9, length >> 8, length & 0xff];
  return keccak256(Buffer.concat([Uint8Array.from(head), ...items]));
}

test.run();
