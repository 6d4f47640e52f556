/** Whoever breaks the protocol is dropped, and the others are served: W-4, W-5, W-13 of docs/spec/wire.md. */
import * as assert from 'uvu/assert';
import { keccak256 } from '#crypto';
import { refusalOf } from '../ledger/model/testkit/refusal.ts';
import { type Foreigner, helloOf } from './testkit/foreigner.ts';
import { bytes, dropped, type NetworkTest, refused } from './testkit/network-context.ts';
import { optionsOf, seededRandom } from './testkit/peers.ts';
import type { RunningPeer } from './testkit/recorder.ts';

/** What a guest does to a host, and the code with which it is dropped. */
const VIOLATIONS: readonly {
  readonly name: string;
  readonly code: string;
  misbehave(guest: Foreigner, host: RunningPeer): Promise<unknown>;
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

export function testMisbehaviour(test: NetworkTest): void {
  for (const { name, code, misbehave } of VIOLATIONS) {
    test(`${name}: ${code}, and the others are served (W-4, W-13)`, async ({ pair, guestOf }) => {
      const [a, b] = await pair();
      const guest = await guestOf(2);
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

  test('a peer that does not answer pings is dropped', async ({ peers, guestOf }) => {
    const a = await peers.start(0, { limits: { pingIntervalMs: 20, pingTimeoutMs: 30 } });
    const guest = await guestOf(2);
    await guest.connect(a.network);
    await a.until('it is dropped', () => dropped(a, 'P2P_PING_TIMEOUT'));
  });

  test('a member that tells too many addresses is dropped (W-14)', async ({ peers, guestOf }) => {
    const a = await peers.start(0, { limits: { addressMessagesPerMinute: 2, faultsPerMinute: 2 } });
    const guest = await guestOf(1);
    const { control } = await guest.connect(a.network);
    await a.until('it is in', () => a.network.peers().length === 1);
    for (let i = 0; i < 5; i += 1) {
      control.send(guest.wire(1, { kind: 'addresses', addresses: ['nonsense'] }));
    }
    await a.until('it is dropped', () => dropped(a, 'P2P_TOO_MANY_FAULTS'));
  });

  test('a peer whose messages the node finds invalid is dropped after some', async ({ pair }) => {
    const [a, b] = await pair({ limits: { faultsPerMinute: 3 } });
    for (let i = 0; i < 3; i += 1) a.network.reportFault(b.network.peerId, 'CONSENSUS_MALFORMED');
    assert.is(a.network.peers().length, 1);
    a.network.reportFault(b.network.peerId, 'CONSENSUS_MALFORMED');
    assert.is(a.network.peers().length, 0);
    await b.until('it learns why', () => refused(b, 'P2P_TOO_MANY_FAULTS'));
  });

  test('a wrong answer fails the request and drops the peer', async ({
    peers,
    guestOf,
    byPeerId,
  }) => {
    const [small, large] = await byPeerId();
    const a = await peers.start(small);
    const guest = await guestOf(large);
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
    assert.is(
      await refusalOf(a.network.requestBlocks(guest.peerId, 1n, 1)),
      'P2P_RESPONSE_INVALID',
    );
    assert.is(a.network.peers().length, 0);
  });

  test('random messages drop their sender and harm nobody (W-4)', async ({
    pair,
    guestOf,
    seed,
  }) => {
    const random = seededRandom(seed);
    const [a, b] = await pair({ limits: { refusalPauseMs: 0 } });
    const guest = await guestOf(2);
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
}
