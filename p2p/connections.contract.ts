/** Who meets whom, what they tell each other of themselves and of others, and who stays: W-6, W-9, W-14 of docs/spec/wire.md. */
import * as assert from 'uvu/assert';
import { sign } from '#crypto';
import { refusalOf } from '../ledger/model/testkit/refusal.ts';
import type { PeerStatus } from './network.ts';
import { bytes, connected, type NetworkTest } from './testkit/network-context.ts';
import { GENESIS, membersOf, optionsOf, validatorAddress, validatorKey } from './testkit/peers.ts';
import type { RunningPeer } from './testkit/recorder.ts';

const STATUS: PeerStatus = { height: 7n, hash: GENESIS, round: 2, lost: true };

export function testConnections(test: NetworkTest): void {
  test('four validators that know one address meet all with all (W-6, W-9)', async ({ peers }) => {
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

  test('a peer is known by its proved address, its kind and its status', async ({ pair }) => {
    const [a, b] = await pair({ status: STATUS });
    const [peer] = b.network.peers();
    assert.is(peer?.peerId, a.network.peerId);
    assert.equal(peer?.address, validatorAddress(0));
    assert.is(peer?.kind, 'validator');
    assert.is(peer?.direction, 'outbound');
    assert.equal(peer?.status, STATUS);
    assert.is(a.network.peers()[0]?.direction, 'inbound');
  });

  test('a changed status reaches the peers and later hellos', async ({ pair, peers }) => {
    const [a, b] = await pair();
    a.network.announce(STATUS);
    await b.until('the status is there', () => b.statuses.length === 1);
    assert.equal(b.network.peers()[0]?.status, STATUS);
    const c = await peers.start(2, { bootPeers: a.network.addresses });
    await connected(a, b, c);
    const seen = c.joined.find(({ peerId }) => peerId === a.network.peerId);
    assert.equal(seen?.status, STATUS);
  });

  test('a status that changes during the hello is told after it', async ({ peers, byPeerId }) => {
    const [small, large] = await byPeerId();
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

  test('peers find each other again after a restart with the same key (W-9)', async ({
    pair,
    peers,
  }) => {
    const [a, b] = await pair();
    await b.network.close();
    await a.until('it has left', () => a.left.length === 1);
    const again = await peers.start(1, { bootPeers: a.network.addresses });
    await connected(a, again);
    a.network.sendConsensus('all', bytes(1, 1));
    await again.until('messages flow', () => again.consensus.length === 1);
  });

  test('a new process takes the place of its predecessor at once (W-9)', async ({
    peers,
    guestOf,
  }) => {
    const a = await peers.start(0);
    const members = membersOf(4);
    // The first one never closes its connection, as a machine that lost its power.
    const dead = await guestOf(1, { members });
    await dead.connect(a.network);
    await a.until('it is in', () => a.network.peers().length === 1);
    const again = await peers.start(1, { bootPeers: a.network.addresses });
    await connected(a, again);
    await a.until('the old one is out', () => a.left.length === 1);
    assert.is(a.joined.length, 2);
    a.network.sendConsensus('all', bytes(1, 1));
    await again.until('messages flow', () => again.consensus.length === 1);
  });

  test('a second connection of the same process is refused (W-9)', async ({
    peers,
    guestOf,
    byPeerId,
  }) => {
    // The node with the smaller PeerId decides; make the guest the larger one.
    const [small, large] = await byPeerId();
    const a = await peers.start(small);
    const b = await guestOf(large);
    await b.connect(a.network);
    await a.until('it is in', () => a.network.peers().length === 1);
    const second = await b.connect(a.network);
    assert.equal(await second.refusal, 'P2P_DUPLICATE');
    assert.is(a.network.peers().length, 1);
    assert.is(a.left.length, 0);
  });

  test('only addresses that a member announced itself are passed on (W-14)', async ({
    peers,
    guestOf,
  }) => {
    const earlier = await peers.start(1);
    const address = earlier.network.addresses[0] as string;
    await earlier.network.close();
    const host = await peers.start(0);
    const silent = await peers.start(1, { bootPeers: host.network.addresses, announce: [] });
    const announcing = await peers.start(2, { bootPeers: host.network.addresses });
    const gossip = await guestOf(3);
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

  test('an announced address that leads to another peer is refused at start', async ({ peers }) => {
    const other = await peers.start(1);
    const started = peers.start(0, { announce: other.network.addresses });
    assert.is(await refusalOf(started), 'P2P_BAD_ADDRESS');
  });
}
