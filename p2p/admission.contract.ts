/** Who is let in and as what, and who stands outside: W-6 to W-8 of docs/spec/wire.md. */
import * as assert from 'uvu/assert';
import { sign } from '#crypto';
import { asHash, bytesToHex } from '../ledger/model/index.ts';
import { refusalOf } from '../ledger/model/testkit/refusal.ts';
import { bytes, connected, dropped, type NetworkTest, refused } from './testkit/network-context.ts';
import { GENESIS, membersOf, validatorAddress, validatorKey } from './testkit/peers.ts';
import type { RunningPeer } from './testkit/recorder.ts';

export function testAdmission(test: NetworkTest): void {
  test('a stranger is refused with a reason that both sides know (W-8)', async ({ peers }) => {
    const a = await peers.start(0);
    const stranger = await peers.start(9, { bootPeers: a.network.addresses });
    await assertRefused(a, stranger, 'P2P_NOT_MEMBER');
  });

  test('another genesis block and another chain id are refused', async ({ peers }) => {
    const a = await peers.start(0);
    const foreign = { bootPeers: a.network.addresses };
    const b = await peers.start(1, { ...foreign, genesisHash: asHash(bytes(32, 2)) });
    await assertRefused(a, b, 'P2P_OTHER_GENESIS');
    const c = await peers.start(2, { ...foreign, chainId: 1n });
    await assertRefused(a, c, 'P2P_OTHER_CHAIN');
  });

  test('a validator address that the peer has no key for is refused (W-7)', async ({ peers }) => {
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

  test('a proof that has expired or lasts too long is refused (W-7)', async ({ peers }) => {
    const a = await peers.start(0);
    const boot = { bootPeers: a.network.addresses };
    const late = await peers.start(1, { ...boot, limits: { proofLifetimeMs: -60_000 } });
    await assertRefused(a, late, 'P2P_PROOF_EXPIRED');
    const long = await peers.start(2, { ...boot, limits: { proofLifetimeMs: 2 * 86_400_000 } });
    await assertRefused(a, long, 'P2P_PROOF_EXPIRED');
  });

  test('a reloaded allowlist admits and drops, by address and by PeerId (W-8)', async ({
    peers,
  }) => {
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

  test('a former validator gets blocks and nothing else (W-8)', async ({ peers }) => {
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
    assert.is(
      await refusalOf(b.network.requestBody(a.network.peerId, GENESIS)),
      'P2P_REQUEST_REFUSED',
    );
    b.network.sendConsensus('all', bytes(1, 1));
    b.network.gossipTransactions([bytes(100, 1)]);
    await a.until('both were refused', () => a.network.metrics().messagesNotPermitted === 3);
    assert.is(a.consensus.length + a.transactions.length, 0);
    a.network.setMembers(membersOf(2));
    b.network.sendConsensus('all', bytes(1, 2));
    await a.until('it is a validator again', () => a.consensus.length === 1);
  });

  test('a handler may change the members while a peer joins', async ({ peers }) => {
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

  test('a peer that connects and stays silent is dropped', async ({ peers, guestOf }) => {
    const a = await peers.start(0, { limits: { helloTimeoutMs: 50 } });
    const guest = await guestOf(2);
    await guest.dial(a.network);
    await a.until('it is dropped', () => dropped(a, 'P2P_HELLO_TIMEOUT'));
  });

  test('no more than so many strangers may stand at the door', async ({ peers, guestOf }) => {
    const a = await peers.start(0, { limits: { unadmittedConnections: 2 } });
    const guests = await Promise.all([2, 3, 4].map((index) => guestOf(index)));
    const dials = await Promise.allSettled(guests.map((guest) => guest.dial(a.network)));
    // libp2p's dialler may learn of the refusal only after its dial: what counts is our side.
    await a.until('one is turned away', () => dropped(a, 'P2P_BUSY'));
    assert.is(dials.length, 3);
  });
}

/** `guest` dials `host`, is refused with `code`, and both sides know why. */
async function assertRefused(host: RunningPeer, guest: RunningPeer, code: string): Promise<void> {
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
}
