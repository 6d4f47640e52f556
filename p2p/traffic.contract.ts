/** What is sent, gossiped and asked arrives, within its limits: W-10 to W-12 of docs/spec/wire.md. */
import * as assert from 'uvu/assert';
import { asHash, bytesToHex } from '../ledger/model/index.ts';
import { refusalOf } from '../ledger/model/testkit/refusal.ts';
import type { Limits } from './limits.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { bytes, connected, dropped, type NetworkTest } from './testkit/network-context.ts';
import { GENESIS, validatorAddress } from './testkit/peers.ts';

const numbered = (i: number): Uint8Array => Uint8Array.of(1 + (i >> 16), i >> 8, i);
const numberOf = (message: Uint8Array): number =>
  (((message[0] as number) - 1) << 16) | ((message[1] as number) << 8) | (message[2] as number);

export function testTraffic(test: NetworkTest): void {
  test('consensus messages arrive once each, in order, whatever their length', async ({ pair }) => {
    const [a, b] = await pair();
    const count = 2_000;
    for (let i = 0; i < count; i += 1) a.network.sendConsensus('all', numbered(i));
    await b.until('all are there', () => b.consensus.length === count);
    assert.equal(
      b.consensus.map(({ message }) => numberOf(message)),
      [...Array(count).keys()],
    );
    const long = bytes(DEFAULT_LIMITS.consensusFrameBytes - 100, 5);
    b.network.sendConsensus(validatorAddress(0), long);
    await a.until('the long one is there', () => a.consensus.length === 1);
    assert.equal(a.consensus[0]?.message, long);
    assert.equal(a.consensus[0]?.from.address, validatorAddress(1));
  });

  test('a consensus message to one validator reaches no other', async ({ peers }) => {
    const a = await peers.start(0);
    const boot = { bootPeers: a.network.addresses };
    const b = await peers.start(1, boot);
    const c = await peers.start(2, boot);
    await connected(a, b, c);
    a.network.sendConsensus(validatorAddress(1), bytes(3, 1));
    a.network.sendConsensus(validatorAddress(2), bytes(3, 2));
    a.network.sendConsensus(validatorAddress(3), bytes(3, 3));
    await b.until('b has it', () => b.consensus.length > 0);
    await c.until('c has it', () => c.consensus.length > 0);
    assert.equal(
      b.consensus.map(({ message }) => message),
      [bytes(3, 1)],
    );
    assert.equal(
      c.consensus.map(({ message }) => message),
      [bytes(3, 2)],
    );
  });

  test('a consensus message over the limit is not sent', async ({ pair }) => {
    const [a, b] = await pair();
    a.network.sendConsensus('all', bytes(DEFAULT_LIMITS.consensusFrameBytes + 1, 1));
    a.network.sendConsensus('all', bytes(1, 2));
    await b.until('the short one is there', () => b.consensus.length > 0);
    assert.is(b.consensus.length, 1);
    assert.is(a.network.metrics().consensusDropped, 1);
  });

  test('a transaction crosses a connection once, and never back (W-10)', async ({ pair }) => {
    const [a, b] = await pair();
    const raw = bytes(100, 1);
    a.network.gossipTransactions([raw, raw]);
    a.network.gossipTransactions([raw]);
    await b.until('it is there', () => b.transactions.length > 0);
    b.network.gossipTransactions([raw, bytes(100, 2)]);
    await a.until('the other one is there', () => a.transactions.length > 0);
    assert.equal(
      b.transactions.map((received) => received.raw),
      [raw],
    );
    assert.equal(
      a.transactions.map((received) => received.raw),
      [bytes(100, 2)],
    );
    assert.is(a.network.metrics().transactionsSent, 1);
    assert.is(b.network.metrics().transactionsKnown, 1);
  });

  test('many transactions arrive in few messages, a too long one not at all', async ({ pair }) => {
    const [a, b] = await pair();
    const raws = Array.from(
      { length: 5_000 },
      (_, i) => new Uint8Array([...bytes(110, 7), i, i >> 8]),
    );
    a.network.gossipTransactions([bytes(DEFAULT_LIMITS.transactionsFrameBytes, 1), ...raws]);
    await b.until('all are there', () => b.transactions.length === raws.length);
    assert.equal(
      b.transactions.map(({ raw }) => bytesToHex(raw)),
      raws.map(bytesToHex),
    );
    assert.is(a.network.metrics().transactionsDropped, 1);
  });

  test('blocks, bodies and transactions are answered (W-12)', async ({ pair }) => {
    const hash = asHash(bytes(32, 9));
    const [a, b] = await pair(
      {},
      {
        serveBlocks: (from) => (from < 5n ? [bytes(1_000, Number(from))] : []),
        serveBody: (digest) => (digest[0] === 9 ? bytes(2_000, 9) : undefined),
        serveTransactions: (hashes) => hashes.map((one) => bytes(10, one[0] as number)),
        serveSnapshot: (offset) => (offset < 5_000n ? bytes(1_000, 7) : bytes(0, 0)),
      },
    );
    const { peerId } = a.network;
    const blocks = await b.network.requestBlocks(peerId, 3n, 10);
    assert.equal(blocks, [bytes(1_000, 3), bytes(1_000, 4)]);
    assert.equal(await b.network.requestBlocks(peerId, 9n, 10), []);
    assert.equal(await b.network.requestBody(peerId, hash), bytes(2_000, 9));
    assert.is(await b.network.requestBody(peerId, GENESIS), undefined);
    assert.equal(await b.network.requestTransactions(peerId, [hash]), [bytes(10, 9)]);
    assert.equal(await b.network.requestSnapshot(peerId, 2n ** 40n), bytes(0, 0));
    assert.equal(await b.network.requestSnapshot(peerId, 4_000n), bytes(1_000, 7));
    assert.is(await a.network.requestSnapshot(b.network.peerId, 0n), undefined);
  });

  test('an answer is cut at its limit, not refused', async ({ pair }) => {
    const [a, b] = await pair({}, { serveBlocks: () => [bytes(6_000_000, 1)] });
    const blocks = await b.network.requestBlocks(a.network.peerId, 1n, 10);
    assert.is(blocks.length, 2);
    assert.is(blocks[1]?.length, 6_000_000);
  });

  test('requests that cannot be answered fail with a code', async ({ pair }) => {
    const [a, b] = await pair();
    const { peerId } = a.network;
    assert.is(await refusalOf(b.network.requestBlocks('nobody', 1n, 1)), 'P2P_UNKNOWN_PEER');
    const signal = AbortSignal.abort();
    assert.is(
      await refusalOf(b.network.requestBlocks(peerId, 1n, 1, { signal })),
      'P2P_REQUEST_ABORTED',
    );
    const abort = new AbortController();
    const aborted = b.network.requestBody(peerId, GENESIS, { signal: abort.signal });
    abort.abort();
    assert.is(await refusalOf(aborted), 'P2P_REQUEST_ABORTED');
    const many = Array.from({ length: DEFAULT_LIMITS.requestsInFlight + 1 }, () =>
      b.network.requestBlocks(peerId, 1n, 1).then(
        () => 'answered',
        (error) => error.code,
      ),
    );
    const codes = await Promise.all(many);
    assert.is(codes.filter((code) => code === 'P2P_REQUEST_LIMIT').length, 1);
    assert.is(codes.filter((code) => code === 'answered').length, DEFAULT_LIMITS.requestsInFlight);
  });

  test('a handler that throws costs its message and nothing else', async ({ peers }) => {
    let calls = 0;
    const a = await peers.start(
      0,
      {},
      {
        onConsensus() {
          calls += 1;
          throw new RangeError('a fault of the node');
        },
      },
    );
    const b = await peers.start(1, { bootPeers: a.network.addresses });
    await connected(a, b);
    b.network.sendConsensus('all', bytes(1, 1));
    b.network.sendConsensus('all', bytes(1, 2));
    await a.until('both were handed over', () => calls === 2);
    assert.is(a.network.metrics().handlerFailures, 2);
    assert.is(a.network.peers().length, 1);
  });

  test('a peer that does not read costs a bounded queue, then its connection (W-11)', async ({
    peers,
    guestOf,
  }) => {
    const limits: Partial<Limits> = {
      sendQueueBytes: 200_000,
      stalledMs: 100,
      // The guest does not answer pings either: silence must not be what ends it.
      pingTimeoutMs: 600_000,
    };
    const a = await peers.start(0, { limits });
    const guest = await guestOf(1);
    await guest.connect(a.network);
    await a.until('it is in', () => a.network.peers().length === 1);
    for (let i = 0; i < 400; i += 1) a.network.sendConsensus('all', bytes(100_000, i));
    assert.ok(a.network.metrics().consensusDropped > 100);
    await a.until('it is dropped', () => dropped(a, 'P2P_STALLED'));
    assert.is(a.network.peers().length, 0);
  });
}
