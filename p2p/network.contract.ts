/**
 * What every network is: run on libp2p over loopback sockets and on the network in memory. Rule ids
 * are those of `docs/spec/wire.md`.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { keccak256, sign } from '#crypto';
import { asHash, bytesToHex, CodedError } from '../ledger/model/index.ts';
import type { Limits } from './limits.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import type { NetworkOptions, PeerStatus } from './network.ts';
import { createForeigner, helloOf } from './testkit/foreigner.ts';
import {
  createPeers,
  GENESIS,
  type Implementation,
  membersOf,
  nodeKey,
  optionsOf,
  type Peers,
  seededRandom,
  validatorAddress,
  validatorKey,
} from './testkit/peers.ts';
import type { RunningPeer } from './testkit/recorder.ts';

const STATUS: PeerStatus = { height: 7n, hash: GENESIS, round: 2, lost: true };

const bytes = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
const numbered = (i: number): Uint8Array => Uint8Array.of(1 + (i >> 16), i >> 8, i);
const numberOf = (message: Uint8Array): number =>
  (((message[0] as number) - 1) << 16) | ((message[1] as number) << 8) | (message[2] as number);

export function testNetwork(implementation: Implementation, seed: number): void {
  const test = suite(`p2p/network over ${implementation.name}, seed ${seed}`);
  let peers: Peers;

  test.before.each(() => {
    peers = createPeers(implementation, seededRandom(seed));
  });
  test.after.each(() => peers.close());

  /** Two connected validators. */
  const pair = async (
    more: Partial<NetworkOptions> = {},
    serve: Parameters<Peers['start']>[2] = {},
  ): Promise<readonly [RunningPeer, RunningPeer]> => {
    const a = await peers.start(0, more, serve);
    const b = await peers.start(1, { ...more, bootPeers: a.network.addresses });
    await connected(a, b);
    return [a, b];
  };

  const connected = async (...all: readonly RunningPeer[]): Promise<void> => {
    for (const peer of all) {
      await peer.until('all are connected', () => peer.network.peers().length === all.length - 1);
    }
  };

  const dropped = (peer: RunningPeer, code: string): boolean =>
    (peer.network.metrics().dropped[code] ?? 0) > 0;
  const refused = (peer: RunningPeer, code: string): boolean =>
    (peer.network.metrics().refusedByPeers[code] ?? 0) > 0;

  /** `guest` dials `host`, is refused with `code`, and both sides know why. */
  const assertRefused = async (
    host: RunningPeer,
    guest: RunningPeer,
    code: string,
  ): Promise<void> => {
    await guest.until(
      `one side refuses with ${code}`,
      () => refused(guest, code) || dropped(guest, code),
    );
    await host.until(
      `the other side knows ${code}`,
      () => refused(host, code) || dropped(host, code),
    );
    assert.is(host.network.peers().length, 0);
    assert.is(guest.network.peers().length, 0);
    assert.is(host.joined.length, 0);
  };

  test('four validators that know one address meet all with all (W-6, W-9)', async () => {
    const a = await peers.start(0);
    const boot = { bootPeers: a.network.addresses };
    const others = await Promise.all([1, 2, 3].map((index) => peers.start(index, boot)));
    const all = [a, ...others];
    await connected(...all);
    for (const peer of all) {
      assert.is(new Set(peer.network.peers().map(({ peerId }) => peerId)).size, 3);
      assert.ok(peer.network.peers().every(({ kind }) => kind === 'validator'));
    }
  });

  test('a peer is known by its proved address, its kind and its status', async () => {
    const [a, b] = await pair({ status: STATUS });
    const [peer] = b.network.peers();
    assert.is(peer?.peerId, a.network.peerId);
    assert.equal(peer?.address, validatorAddress(0));
    assert.is(peer?.kind, 'validator');
    assert.is(peer?.direction, 'outbound');
    assert.equal(peer?.status, STATUS);
    assert.is(a.network.peers()[0]?.direction, 'inbound');
  });

  test('a changed status reaches the peers and later hellos', async () => {
    const [a, b] = await pair();
    a.network.announce(STATUS);
    await b.until('the status is there', () => b.statuses.length === 1);
    assert.equal(b.network.peers()[0]?.status, STATUS);
    const c = await peers.start(2, { bootPeers: a.network.addresses });
    await connected(a, b, c);
    const seen = c.joined.find(({ peerId }) => peerId === a.network.peerId);
    assert.equal(seen?.status, STATUS);
  });

  test('consensus messages arrive once each, in order, whatever their length', async () => {
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

  test('a consensus message to one validator reaches no other', async () => {
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

  test('a consensus message over the limit is not sent', async () => {
    const [a, b] = await pair();
    a.network.sendConsensus('all', bytes(DEFAULT_LIMITS.consensusFrameBytes + 1, 1));
    a.network.sendConsensus('all', bytes(1, 2));
    await b.until('the short one is there', () => b.consensus.length > 0);
    assert.is(b.consensus.length, 1);
    assert.is(a.network.metrics().consensusDropped, 1);
  });

  test('a transaction crosses a connection once, and never back (W-10)', async () => {
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

  test('many transactions arrive in few messages, a too long one not at all', async () => {
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

  test('blocks, bodies and transactions are answered (W-12)', async () => {
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

  test('an answer is cut at its limit, not refused', async () => {
    const [a, b] = await pair({}, { serveBlocks: () => [bytes(6_000_000, 1)] });
    const blocks = await b.network.requestBlocks(a.network.peerId, 1n, 10);
    assert.is(blocks.length, 2);
    assert.is(blocks[1]?.length, 6_000_000);
  });

  test('requests that cannot be answered fail with a code', async () => {
    const [a, b] = await pair();
    const { peerId } = a.network;
    await rejectsWith('P2P_UNKNOWN_PEER', b.network.requestBlocks('nobody', 1n, 1));
    const signal = AbortSignal.abort();
    await rejectsWith('P2P_REQUEST_ABORTED', b.network.requestBlocks(peerId, 1n, 1, { signal }));
    const abort = new AbortController();
    const aborted = b.network.requestBody(peerId, GENESIS, { signal: abort.signal });
    abort.abort();
    await rejectsWith('P2P_REQUEST_ABORTED', aborted);
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

  test('a handler that throws costs its message and nothing else', async () => {
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

  test('a stranger is refused with a reason that both sides know (W-8)', async () => {
    const a = await peers.start(0);
    const stranger = await peers.start(9, { bootPeers: a.network.addresses });
    await assertRefused(a, stranger, 'P2P_NOT_MEMBER');
  });

  test('another genesis block and another chain id are refused', async () => {
    const a = await peers.start(0);
    const foreign = { bootPeers: a.network.addresses };
    const b = await peers.start(1, { ...foreign, genesisHash: asHash(bytes(32, 2)) });
    await assertRefused(a, b, 'P2P_OTHER_GENESIS');
    const c = await peers.start(2, { ...foreign, chainId: 1n });
    await assertRefused(a, c, 'P2P_OTHER_CHAIN');
  });

  test('a validator address that the peer has no key for is refused (W-7)', async () => {
    const a = await peers.start(0);
    const forger = await peers.start(9, {
      bootPeers: a.network.addresses,
      validator: {
        address: validatorAddress(1),
        sign: async (digest) => sign(digest, validatorKey(9)),
      },
    });
    await assertRefused(a, forger, 'P2P_PROOF_INVALID');
  });

  test('a proof that has expired or lasts too long is refused (W-7)', async () => {
    const a = await peers.start(0);
    const boot = { bootPeers: a.network.addresses };
    const late = await peers.start(1, { ...boot, limits: { proofLifetimeMs: -60_000 } });
    await assertRefused(a, late, 'P2P_PROOF_EXPIRED');
    const long = await peers.start(2, { ...boot, limits: { proofLifetimeMs: 2 * 86_400_000 } });
    await assertRefused(a, long, 'P2P_PROOF_EXPIRED');
  });

  test('a reloaded allowlist admits and drops, by address and by PeerId (W-8)', async () => {
    const a = await peers.start(0);
    const quick = { minBackoffMs: 20, maxBackoffMs: 50 };
    const b = await peers.start(9, {
      bootPeers: a.network.addresses,
      limits: quick,
      members: membersOf(10),
    });
    const c = await peers.start(8, {
      bootPeers: a.network.addresses,
      limits: quick,
      members: membersOf(10),
      validator: undefined,
    });
    await b.until('it is refused', () => refused(b, 'P2P_NOT_MEMBER'));
    await c.until('it is refused', () => refused(c, 'P2P_NOT_MEMBER'));
    const allowlist = [
      bytesToHex(validatorAddress(9)).toUpperCase().replace('0X', '0x'),
      c.network.peerId,
    ];
    a.network.setMembers(membersOf(4, { allowlist }));
    await a.until('both are in', () => a.network.peers().length === 2);
    assert.ok(a.network.peers().every(({ kind }) => kind === 'allowed'));
    a.network.setMembers(membersOf(4, { allowlist: [c.network.peerId] }));
    assert.equal(
      a.network.peers().map(({ peerId }) => peerId),
      [c.network.peerId],
    );
    await b.until('it learns why', () => b.left.length === 1 && refused(b, 'P2P_NOT_MEMBER'));
    a.network.setMembers(
      membersOf(4, { allowlist: [c.network.peerId], denylist: [c.network.peerId] }),
    );
    assert.equal(a.network.peers(), []);
    await c.until('it learns why', () => refused(c, 'P2P_DENIED'));
  });

  test('a former validator gets blocks and nothing else (W-8)', async () => {
    const members = membersOf(1, { formerValidators: [validatorAddress(1)] });
    const serve = {
      serveBlocks: (from: bigint) => (from === 1n ? [bytes(9, 1)] : []),
      serveBody: () => bytes(9, 2),
    };
    const a = await peers.start(0, { members }, serve);
    const b = await peers.start(1, { bootPeers: a.network.addresses });
    await connected(a, b);
    assert.is(a.network.peers()[0]?.kind, 'former');
    assert.equal(await b.network.requestBlocks(a.network.peerId, 1n, 5), [bytes(9, 1)]);
    await rejectsWith('P2P_REQUEST_REFUSED', b.network.requestBody(a.network.peerId, GENESIS));
    b.network.sendConsensus('all', bytes(1, 1));
    b.network.gossipTransactions([bytes(100, 1)]);
    await a.until('both were refused', () => a.network.metrics().messagesNotPermitted === 3);
    assert.is(a.consensus.length + a.transactions.length, 0);
    a.network.setMembers(membersOf(2));
    b.network.sendConsensus('all', bytes(1, 2));
    await a.until('it is a validator again', () => a.consensus.length === 1);
  });

  test('peers find each other again after a restart with the same key (W-9)', async () => {
    const [a, b] = await pair();
    await b.network.close();
    await a.until('it has left', () => a.left.length === 1);
    const again = await peers.start(1, { bootPeers: a.network.addresses });
    await connected(a, again);
    a.network.sendConsensus('all', bytes(1, 1));
    await again.until('messages flow', () => again.consensus.length === 1);
  });

  test('a new process takes the place of its predecessor at once (W-9)', async () => {
    const a = await peers.start(0);
    const members = membersOf(4);
    // The first one never closes its connection, as a machine that lost its power.
    const dead = await createForeigner(await peers.transport(1), optionsOf(1, { members }));
    await dead.connect(a.network);
    await a.until('it is in', () => a.network.peers().length === 1);
    const again = await peers.start(1, { bootPeers: a.network.addresses });
    await connected(a, again);
    await a.until('the old one is out', () => a.left.length === 1);
    assert.is(a.joined.length, 2);
    a.network.sendConsensus('all', bytes(1, 1));
    await again.until('messages flow', () => again.consensus.length === 1);
  });

  test('a second connection of the same process is refused (W-9)', async () => {
    // The node with the smaller PeerId decides; make the guest the larger one.
    const [small, large] = await byPeerId(implementation, peers);
    const a = await peers.start(small);
    const b = await createForeigner(await peers.transport(large), optionsOf(large));
    await b.connect(a.network);
    await a.until('it is in', () => a.network.peers().length === 1);
    const second = await b.connect(a.network);
    assert.equal(await second.refusal, 'P2P_DUPLICATE');
    assert.is(a.network.peers().length, 1);
    assert.is(a.left.length, 0);
  });

  const violations: readonly {
    readonly name: string;
    readonly code: string;
    misbehave(
      guest: Awaited<ReturnType<typeof createForeigner>>,
      host: RunningPeer,
    ): Promise<unknown>;
  }[] = [
    {
      name: 'garbage instead of a hello',
      code: 'P2P_MESSAGE_MALFORMED',
      misbehave: (guest, host) => guest.sendFirst(host.network, guest.framed(bytes(50, 0xff))),
    },
    {
      name: 'a frame of 4 GB announced in place of a hello',
      code: 'P2P_FRAME_TOO_LONG',
      misbehave: (guest, host) => guest.sendFirst(host.network, bytes(50, 0xff)),
    },
    {
      name: 'an empty frame',
      code: 'P2P_FRAME_TOO_LONG',
      misbehave: (guest, host) => guest.sendFirst(host.network, bytes(4, 0)),
    },
    {
      name: 'a message before the hello',
      code: 'P2P_HELLO_EXPECTED',
      misbehave: (guest, host) =>
        guest.sendFirst(host.network, guest.wire(1, { kind: 'ping', nonce: 1 })),
    },
    {
      name: 'versions of the future (W-5)',
      code: 'P2P_VERSION_MISMATCH',
      misbehave: async (guest, host) =>
        guest.sendFirst(host.network, await guest.hello({ minVersion: 7, maxVersion: 9 })),
    },
    {
      name: 'an envelope of another version',
      code: 'P2P_MESSAGE_VERSION',
      misbehave: async (guest, host) =>
        (await guest.connect(host.network)).control.send(guest.wire(2, { kind: 'ping', nonce: 1 })),
    },
    {
      name: 'a second hello',
      code: 'P2P_MESSAGE_UNEXPECTED',
      misbehave: async (guest, host) => {
        const { control } = await guest.connect(host.network);
        await host.until('it is in', () => host.network.peers().length === 2);
        control.send(await guest.hello({}));
      },
    },
    {
      name: 'a transaction on the consensus stream',
      code: 'P2P_MESSAGE_UNEXPECTED',
      misbehave: async (guest, host) => {
        const channel = await (await guest.connect(host.network)).link.open('/ehb/consensus/1');
        channel.send(guest.wire(1, { kind: 'transactions', raws: [bytes(9, 1)] }));
      },
    },
    {
      name: 'garbage on the transactions stream',
      code: 'P2P_MESSAGE_MALFORMED',
      misbehave: async (guest, host) => {
        const channel = await (await guest.connect(host.network)).link.open('/ehb/transactions/1');
        channel.send(guest.framed(bytes(500, 0x0a)));
      },
    },
    {
      name: 'a batch over the limit of its stream',
      code: 'P2P_FRAME_TOO_LONG',
      misbehave: async (guest, host) => {
        const channel = await (await guest.connect(host.network)).link.open('/ehb/transactions/1');
        channel.send(guest.framed(bytes(2_000_000, 1)));
      },
    },
    {
      name: 'a stream opened twice',
      code: 'P2P_STREAM_MISUSE',
      misbehave: async (guest, host) => {
        const { link } = await guest.connect(host.network);
        (await link.open('/ehb/consensus/1')).send(
          guest.wire(1, { kind: 'consensus', message: bytes(1, 1) }),
        );
        (await link.open('/ehb/consensus/1')).send(
          guest.wire(1, { kind: 'consensus', message: bytes(1, 1) }),
        );
      },
    },
    {
      name: 'an answer instead of a request',
      code: 'P2P_MESSAGE_UNEXPECTED',
      misbehave: async (guest, host) => {
        const channel = await (await guest.connect(host.network)).link.open('/ehb/request/1');
        channel.send(guest.wire(1, { kind: 'body', block: undefined }));
      },
    },
    {
      name: 'too many streams before the hello',
      code: 'P2P_HELLO_EXPECTED',
      misbehave: async (guest, host) => {
        const link = await guest.dial(host.network);
        for (let i = 0; i < 6; i += 1) {
          const channel = await link.open('/ehb/request/1');
          channel.send(guest.framed(bytes(8, 1)));
        }
      },
    },
  ];

  for (const { name, code, misbehave } of violations) {
    test(`${name}: ${code}, and the others are served (W-4, W-13)`, async () => {
      const [a, b] = await pair();
      const guest = await createForeigner(await peers.transport(2), optionsOf(2));
      await misbehave(guest, a).catch(() => {});
      await a.until('it is dropped', () => dropped(a, code));
      assert.equal(
        a.network.peers().map(({ peerId }) => peerId),
        [b.network.peerId],
      );
      b.network.sendConsensus('all', bytes(1, 1));
      await a.until('the others are served', () =>
        a.consensus.some(({ from }) => from.peerId === b.network.peerId),
      );
    });
  }

  test('a peer that connects and stays silent is dropped', async () => {
    const a = await peers.start(0, { limits: { helloTimeoutMs: 50 } });
    const guest = await createForeigner(await peers.transport(2), optionsOf(2));
    await guest.dial(a.network);
    await a.until('it is dropped', () => dropped(a, 'P2P_HELLO_TIMEOUT'));
  });

  test('no more than so many strangers may stand at the door', async () => {
    const a = await peers.start(0, { limits: { unadmittedConnections: 2 } });
    const guests = await Promise.all(
      [2, 3, 4].map(async (index) =>
        createForeigner(await peers.transport(index), optionsOf(index)),
      ),
    );
    const dials = await Promise.allSettled(guests.map((guest) => guest.dial(a.network)));
    // libp2p's dialler may learn of the refusal only after its dial: what counts is our side.
    await a.until('one is turned away', () => dropped(a, 'P2P_BUSY'));
    assert.is(dials.length, 3);
  });

  test('a peer that does not answer pings is dropped', async () => {
    const a = await peers.start(0, { limits: { pingIntervalMs: 20, pingTimeoutMs: 30 } });
    const guest = await createForeigner(await peers.transport(2), optionsOf(2));
    await guest.connect(a.network);
    await a.until('it is dropped', () => dropped(a, 'P2P_PING_TIMEOUT'));
  });

  test('a peer that does not read costs a bounded queue, then its connection (W-11)', async () => {
    const limits: Partial<Limits> = {
      sendQueueBytes: 200_000,
      stalledMs: 100,
      // The guest does not answer pings either: silence must not be what ends it.
      pingTimeoutMs: 600_000,
    };
    const a = await peers.start(0, { limits });
    const guest = await createForeigner(await peers.transport(1), optionsOf(1));
    await guest.connect(a.network);
    await a.until('it is in', () => a.network.peers().length === 1);
    for (let i = 0; i < 400; i += 1) a.network.sendConsensus('all', bytes(100_000, i));
    assert.ok(a.network.metrics().consensusDropped > 100);
    await a.until('it is dropped', () => dropped(a, 'P2P_STALLED'));
    assert.is(a.network.peers().length, 0);
  });

  test('a status that changes during the hello is told after it', async () => {
    const [small, large] = await byPeerId(implementation, peers);
    const a = await peers.start(small);
    // The larger PeerId speaks first: its proof is signed while the status changes.
    const options = optionsOf(large);
    const b: RunningPeer = await peers.start(large, {
      bootPeers: a.network.addresses,
      validator: options.validator && {
        address: options.validator.address,
        sign: async (digest) => sign(digest, validatorKey(large)),
      },
    });
    b.network.announce(STATUS);
    await connected(a, b);
    const known = (): bigint | undefined => a.network.peers()[0]?.status.height;
    await a.until('the newest status is known', () => known() === STATUS.height);
  });

  test('a handler may change the members while a peer joins', async () => {
    const a: RunningPeer = await peers.start(
      0,
      {},
      { onPeerJoined: () => a.network.setMembers(membersOf(1)) },
    );
    const b = await peers.start(1, { bootPeers: a.network.addresses });
    await b.until('it is dropped', () => refused(b, 'P2P_NOT_MEMBER'));
    assert.is(a.network.peers().length, 0);
    assert.is(a.left.length, 1);
  });

  test('only addresses that a member announced itself are passed on (W-14)', async () => {
    const earlier = await peers.start(1);
    const address = earlier.network.addresses[0] as string;
    await earlier.network.close();
    const host = await peers.start(0);
    const silent = await peers.start(1, { bootPeers: host.network.addresses, announce: [] });
    const announcing = await peers.start(2, { bootPeers: host.network.addresses });
    const gossip = await createForeigner(await peers.transport(3), optionsOf(3));
    await host.until('both are in', () => host.network.peers().length === 2);
    const first = await gossip.connect(host.network);
    await host.until('the third is in', () => host.network.peers().length === 3);
    first.control.send(gossip.wire(1, { kind: 'addresses', addresses: [address] }));
    first.control.finish();
    await host.until('it has left', () => host.network.peers().length === 2);
    const { answered } = await gossip.connect(host.network);
    const { knownAddresses } = await answered;
    assert.ok(knownAddresses.includes(announcing.network.addresses[0] as string));
    assert.not.ok(knownAddresses.some((known) => known.includes(silent.network.peerId)));
  });

  test('an announced address that leads to another peer is refused at start', async () => {
    const other = await peers.start(1);
    let code: string | undefined;
    await peers.start(0, { announce: other.network.addresses }).catch((error: unknown) => {
      code = error instanceof CodedError ? error.code : undefined;
    });
    assert.is(code, 'P2P_BAD_ADDRESS');
  });

  test('a member that tells too many addresses is dropped (W-14)', async () => {
    const a = await peers.start(0, { limits: { addressMessagesPerMinute: 2, faultsPerMinute: 2 } });
    const guest = await createForeigner(await peers.transport(1), optionsOf(1));
    const { control } = await guest.connect(a.network);
    await a.until('it is in', () => a.network.peers().length === 1);
    for (let i = 0; i < 5; i += 1) {
      control.send(guest.wire(1, { kind: 'addresses', addresses: ['nonsense'] }));
    }
    await a.until('it is dropped', () => dropped(a, 'P2P_TOO_MANY_FAULTS'));
  });

  test('a peer whose messages the node finds invalid is dropped after some', async () => {
    const [a, b] = await pair({ limits: { faultsPerMinute: 3 } });
    for (let i = 0; i < 3; i += 1) a.network.reportFault(b.network.peerId, 'CONSENSUS_MALFORMED');
    assert.is(a.network.peers().length, 1);
    a.network.reportFault(b.network.peerId, 'CONSENSUS_MALFORMED');
    assert.is(a.network.peers().length, 0);
    await b.until('it learns why', () => refused(b, 'P2P_TOO_MANY_FAULTS'));
  });

  test('a wrong answer fails the request and drops the peer', async () => {
    const [small, large] = await byPeerId(implementation, peers);
    const a = await peers.start(small);
    const guest = await createForeigner(await peers.transport(large), optionsOf(large));
    const { link } = await guest.connect(a.network);
    link.listen({
      onChannel(protocol, channel) {
        if (protocol !== '/ehb/request/1') return;
        channel.listen({
          onData: () =>
            channel.send(guest.wire(1, { kind: 'payloads', items: [bytes(1, 1), bytes(1, 2)] })),
          onDrain: () => {},
          onEnd: () => {},
        });
      },
      onEnd: () => {},
    });
    await a.until('it is in', () => a.network.peers().length === 1);
    await rejectsWith('P2P_RESPONSE_INVALID', a.network.requestBlocks(guest.peerId, 1n, 1));
    assert.is(a.network.peers().length, 0);
  });

  test('random messages drop their sender and harm nobody (W-4)', async () => {
    const random = seededRandom(seed);
    const [a, b] = await pair({ limits: { refusalPauseMs: 0 } });
    const guest = await createForeigner(await peers.transport(2), optionsOf(2));
    for (let i = 0; i < 20; i += 1) {
      const noise = Uint8Array.from(
        { length: 1 + Math.floor(random() * 200) },
        () => random() * 256,
      );
      const sound = await helloOf(optionsOf(2), guest.peerId, {
        instance: keccak256(noise).slice(0, 8),
      });
      const mutated = guest.wire(1, { kind: 'hello', hello: sound });
      const at = 4 + Math.floor(random() * (mutated.length - 4));
      mutated[at] = (mutated[at] as number) ^ (1 + Math.floor(random() * 255));
      const joinedBefore = a.joined.length;
      let ended = false;
      const { link, refusal } = await guest.open(
        a.network,
        i % 2 === 0 ? guest.framed(noise) : mutated,
      );
      void refusal.then(() => {
        ended = true;
        a.logger.trace('the guest was refused');
      });
      // A changed height or address is still a hello.
      await a.until('it is judged', () => ended || a.joined.length > joinedBefore);
      link.abort();
    }
    b.network.sendConsensus('all', bytes(1, 1));
    await a.until('the others are served', () => a.consensus.length === 1);
  });

  test.run();
}

async function rejectsWith(code: string, promise: Promise<unknown>): Promise<void> {
  try {
    await promise;
  } catch (error) {
    assert.instance(error, CodedError);
    assert.is((error as CodedError<{ code: string }>).code, code);
    return;
  }
  assert.unreachable(`expected ${code}`);
}

/** Numbers of two nodes, the one with the smaller PeerId first. */
async function byPeerId(
  implementation: Implementation,
  peers: Peers,
): Promise<readonly [number, number]> {
  const idOf = async (index: number): Promise<string> => {
    const transport = await implementation.openTransport(nodeKey(index), {
      onAttempt: () => {},
      accepts: () => false,
      onLink: () => {},
    });
    await transport.close();
    return transport.peerId;
  };
  assert.ok(peers);
  return (await idOf(0)) < (await idOf(1)) ? [0, 1] : [1, 0];
}
