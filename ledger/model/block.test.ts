import assert from 'node:assert/strict';
import { suite } from 'uvu';
import { addressOf } from '#crypto';
import type { Block } from './block.ts';
import { decodeBlock, encodeBlock, encodeWithdrawal } from './block-codec.ts';
import { receiptsRoot, transactionsRoot } from './block-roots.ts';
import { bloomMayContain, combineBlooms, logsBloom } from './bloom.ts';
import { asAddress, asHash, bytesToHex, concatBytes, hexToBytes } from './bytes.ts';
import { EMPTY_ROOT } from './constants.ts';
import { encodeHeader } from './header-codec.ts';
import { headerHash } from './header-hash.ts';
import type { Log, Receipt } from './receipt.ts';
import { decodeReceipt, encodeReceipt } from './receipt-codec.ts';
import { encodeListOf, encodeRlp } from './rlp.ts';
import { RlpReader } from './rlp-reader.ts';
import { recoverSender } from './sender.ts';
import { emptyHeader } from './testkit/empty-header.ts';
import { readFixture } from './testkit/fixtures.ts';
import { seededRandom } from './testkit/seeded-random.ts';
import { signTransaction } from './transaction-signer.ts';
import { orderedRoot } from './trie-build.ts';

const test = suite('ledger/model/block');
const KEY = new Uint8Array(32).fill(7);

const call = {
  chainId: 1n,
  nonce: 0n,
  gasLimit: 21_000n,
  to: asAddress(new Uint8Array(20).fill(9)),
  value: 1n,
  data: new Uint8Array(0),
};
const legacy = signTransaction({ ...call, type: 0, gasPrice: 1n }, KEY);
const typed = signTransaction(
  { ...call, type: 2, maxPriorityFeePerGas: 1n, maxFeePerGas: 2n, accessList: [] },
  KEY,
);

const block: Block = {
  header: emptyHeader({
    transactionsRoot: transactionsRoot([legacy.raw, typed.raw]),
    number: 1n,
    gasUsed: 42_000n,
    timestamp: 1n,
  }),
  transactions: [legacy, typed],
  ommers: [],
};

const log: Log = {
  address: asAddress(new Uint8Array(20).fill(1)),
  topics: [asHash(new Uint8Array(32).fill(2)), asHash(new Uint8Array(32).fill(3))],
  data: new Uint8Array(40).fill(4),
};
const receipt: Receipt = {
  type: 2,
  status: 1,
  cumulativeGasUsed: 21_000n,
  logsBloom: logsBloom([log]),
  logs: [log],
};

test('the public chain decodes, encodes to the same bytes and links up', () => {
  const chain = readFixture('execution-apis/chain.rlp');
  if (chain === undefined) return;
  const reader = new RlpReader(chain);
  let parent: Block | undefined;
  let count = 0;
  for (; reader.hasMore(); count += 1) {
    const bytes = reader.raw();
    const decoded = decodeBlock(bytes);
    assert.ok(decoded.ok, `block ${count}`);
    const { header, transactions, withdrawals } = decoded.block;
    assert.deepEqual(encodeBlock(decoded.block), bytes);
    assert.deepEqual(transactionsRoot(transactions.map(({ raw }) => raw)), header.transactionsRoot);
    if (withdrawals !== undefined) {
      assert.deepEqual(orderedRoot(withdrawals.map(encodeWithdrawal)), header.withdrawalsRoot);
    }
    for (const transaction of transactions) assert.ok(recoverSender(transaction) !== undefined);
    if (parent !== undefined) {
      assert.deepEqual(header.parentHash, headerHash(parent.header, 'plain'));
      assert.equal(header.number, parent.header.number + 1n);
    }
    parent = decoded.block;
  }
  assert.equal(reader.fault, undefined);
  assert.equal(count, 54);
});

test('blocks come back from their encoding, with every list there can be', () => {
  const address = addressOf(KEY);
  const withdrawals = [{ index: 1n, validatorIndex: 2n, address, amount: 3n }];
  const ommers = [block.header];
  for (const value of [
    block,
    { ...block, ommers },
    { ...block, withdrawals: [] },
    { ...block, withdrawals },
  ]) {
    const decoded = decodeBlock(encodeBlock(value));
    assert.deepEqual(decoded, { ok: true, block: value });
    assert.deepEqual(decodeBlock(Buffer.from(encodeBlock(value))), { ok: true, block: value });
  }
});

test('a block with a bad transaction or shape is refused', () => {
  const header = encodeHeader(block.header);
  const none = encodeListOf([]);
  const blockOf = (transactions: readonly Uint8Array[]): Uint8Array =>
    encodeListOf([header, encodeListOf(transactions), none]);
  const cases: readonly (readonly [Uint8Array, string])[] = [
    [blockOf([encodeRlp(legacy.raw)]), 'MODEL_BLOCK_WRAPPED_LEGACY'],
    [blockOf([encodeRlp(Uint8Array.of(9, 1))]), 'MODEL_TRANSACTION_TYPE'],
    [blockOf([Uint8Array.of(0x80)]), 'MODEL_RLP_TRUNCATED'],
    [blockOf([encodeRlp(typed.raw.subarray(0, -1))]), 'MODEL_RLP_TRUNCATED'],
    [blockOf([Uint8Array.of(0xc5)]), 'MODEL_RLP_TRUNCATED'],
    [encodeListOf([header, none]), 'MODEL_RLP_TRUNCATED'],
    [encodeListOf([header, none, none, none, none]), 'MODEL_RLP_LENGTH'],
    [encodeListOf([none, none, none]), 'MODEL_RLP_TRUNCATED'],
    [concatBytes(encodeBlock(block), Uint8Array.of(0)), 'MODEL_RLP_TRAILING'],
    [new Uint8Array(0), 'MODEL_RLP_TRUNCATED'],
  ];
  for (const [bytes, code] of cases) {
    const decoded = decodeBlock(bytes);
    assert.equal(decoded.ok ? 'ok' : decoded.code, code);
  }
});

test('changed and cut blocks never throw, and decode only to what encodes alike', () => {
  const random = seededRandom('blocks');
  for (let i = 0; i < 3_000; i += 1) {
    const bytes = encodeBlock({ ...block, ommers: [block.header], withdrawals: [] });
    for (let changes = random.below(3); changes >= 0; changes -= 1) {
      bytes[random.below(bytes.length)] = random.below(256);
    }
    const cut = random.below(5) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes;
    const decoded = decodeBlock(cut);
    if (decoded.ok) assert.deepEqual(encodeBlock(decoded.block), cut, random.rerun);
  }
});

test('receipts of every type and status come back from their encoding', () => {
  for (const type of [0, 1, 2, 3, 4] as const) {
    for (const status of [0, 1, asHash(new Uint8Array(32).fill(6))] as const) {
      const value: Receipt = { ...receipt, type, status };
      assert.deepEqual(decodeReceipt(encodeReceipt(value)), { ok: true, receipt: value });
    }
  }
  assert.deepEqual(receiptsRoot([]), EMPTY_ROOT);
  assert.deepEqual(receiptsRoot([receipt]), orderedRoot([encodeReceipt(receipt)]));
});

test('a receipt of another type, status or shape is refused', () => {
  const bloom = new Uint8Array(256);
  const zero = new Uint8Array(0);
  const topics = Array.from({ length: 5 }, () => new Uint8Array(32));
  const cases: readonly (readonly [Uint8Array, string])[] = [
    [zero, 'MODEL_RECEIPT_TYPE'],
    [Uint8Array.of(5, 0xc0), 'MODEL_RECEIPT_TYPE'],
    [Uint8Array.of(0, 0xc0), 'MODEL_RECEIPT_TYPE'],
    [encodeRlp([Uint8Array.of(2), zero, bloom, []]), 'MODEL_RLP_INTEGER'],
    [encodeRlp([new Uint8Array(31), zero, bloom, []]), 'MODEL_RLP_INTEGER'],
    [encodeRlp([zero, zero, bloom.subarray(1), []]), 'MODEL_RLP_LENGTH'],
    [encodeRlp([zero, zero, bloom, [[new Uint8Array(20), topics, zero]]]), 'MODEL_RLP_LENGTH'],
  ];
  for (const [bytes, code] of cases) {
    const decoded = decodeReceipt(bytes);
    assert.equal(decoded.ok ? 'ok' : decoded.code, code);
  }
});

test('a bloom holds the addresses and topics of its logs', () => {
  const bloom = logsBloom([log]);
  for (const entry of [log.address, ...log.topics]) assert.ok(bloomMayContain(bloom, entry));
  assert.equal(bloomMayContain(bloom, new Uint8Array(20).fill(8)), false);
  assert.equal(bloomMayContain(bloom, log.data), false);
  const other = logsBloom([{ ...log, address: addressOf(KEY), topics: [] }]);
  const union = combineBlooms([bloom, other]);
  assert.ok(bloomMayContain(union, addressOf(KEY)) && bloomMayContain(union, log.address));
  assert.deepEqual(logsBloom([]), new Uint8Array(256));
});

test('the bloom sets the bits that the yellow paper names', () => {
  // keccak(0x00..01, 20 bytes) = 1468288056310c82aa4c01a7e12a10f8111a0560e72b700555479031b86c357d
  const one = hexToBytes('0x0000000000000000000000000000000000000001');
  const bloom = logsBloom([{ address: asAddress(one), topics: [], data: new Uint8Array(0) }]);
  const set = [0x1468, 0x2880, 0x5631].map((pair) => pair & 2047);
  const expected = new Uint8Array(256);
  for (const bit of set) expected[255 - (bit >> 3)]! |= 1 << (bit & 7);
  assert.equal(bytesToHex(bloom), bytesToHex(expected));
});

test.run();
