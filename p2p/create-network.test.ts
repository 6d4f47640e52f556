import { connect } from 'node:net';
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { privateKeyFromRaw } from '@libp2p/crypto/keys';
import { tcp } from '@libp2p/tcp';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { refusalOf } from '../ledger/model/testkit/refusal.ts';
import { createNetwork } from './create-network.ts';
import { openLibp2pTransport, peerIdOf } from './libp2p-transport.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { testNetwork } from './network.contract.ts';
import { createPeers, type Implementation, nodeKey, seededRandom } from './testkit/peers.ts';

const seed = Number(process.env['EHB_SEED'] ?? 20260);

const implementation: Implementation = {
  name: 'libp2p',
  create: createNetwork,
  openTransport: (nodeKey, events) =>
    openLibp2pTransport({ listen: undefined, nodeKey, limits: DEFAULT_LIMITS }, events),
};

testNetwork(implementation, seed);

const sockets = suite('p2p/sockets');
const peers = createPeers(implementation, seededRandom(seed));

sockets.after.each(() => peers.close());

sockets('garbage on a bare socket is counted and harms nobody (W-1)', async () => {
  const a = await peers.start(0);
  const port = Number(/\/tcp\/(\d+)\//.exec(a.network.addresses[0] ?? '')?.[1]);
  for (const garbage of ['GET / HTTP/1.1\r\n\r\n', '\xff'.repeat(70_000), '\0']) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.end(garbage, 'latin1');
    socket.resume();
    await new Promise((resolve) => socket.once('close', resolve));
  }
  assert.is(a.network.metrics().inboundAttempts, 3);
  const b = await peers.start(1, { bootPeers: a.network.addresses });
  await a.until('a member is served', () => a.network.peers().length === 1);
  await b.until('a member is served', () => b.network.peers().length === 1);
});

sockets('garbage inside the encrypted connection harms nobody (W-1, W-13)', async () => {
  const a = await peers.start(0, { limits: { helloTimeoutMs: 300 } });
  const random = seededRandom(seed);
  for (let i = 0; i < 20; i += 1) {
    const garbage = Uint8Array.from({ length: 12 + Math.floor(random() * 500) }, () =>
      Math.floor(random() * 256),
    );
    // Every second one begins as a frame of yamux.
    if (i % 2 === 0) garbage.set([0, i % 4, 0, i % 16]);
    const guest = await createLibp2p({
      privateKey: privateKeyFromRaw(nodeKey(100 + i)),
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [
        () => ({
          protocol: '/yamux/1.0.0',
          createStreamMuxer(connection) {
            const muxer = yamux()().createStreamMuxer(connection);
            connection.send(garbage);
            return muxer;
          },
        }),
      ],
    });
    const address = multiaddr(a.network.addresses[0]);
    const connection = await guest.dial(address).catch(() => undefined);
    if (connection?.status === 'open') {
      await new Promise((resolve) => connection.addEventListener('close', resolve));
    }
    await guest.stop();
  }
  assert.is(a.network.metrics().inboundAttempts, 20);
  const b = await peers.start(1, { bootPeers: a.network.addresses });
  await a.until('a member is served', () => a.network.peers().length === 1);
  await b.until('a member is served', () => b.network.peers().length === 1);
});

sockets('a port in use, a wrong host and a wrong key are named', async () => {
  const a = await peers.start(0);
  const port = Number(/\/tcp\/(\d+)\//.exec(a.network.addresses[0] ?? '')?.[1]);
  const codeOf = (more: Parameters<typeof peers.start>[1]): Promise<string> =>
    refusalOf(peers.start(1, more));
  assert.is(await codeOf({ listen: { host: '127.0.0.1', port } }), 'P2P_LISTEN_FAILED');
  assert.is(await codeOf({ listen: { host: 'localhost', port: 0 } }), 'P2P_BAD_ADDRESS');
  assert.is(await codeOf({ nodeKey: new Uint8Array(32) }), 'P2P_BAD_NODE_KEY');
  assert.is(await codeOf({ bootPeers: ['/ip4/127.0.0.1/tcp/1'] }), 'P2P_BAD_ADDRESS');
});

sockets('an address is dialled only if it names host, port and PeerId', () => {
  const peerId = '16Uiu2HAkw6vUAt2TENj1vGnpAFtP9KymGLEut1Qr3orqTFfesYYe';
  for (const host of ['ip4/10.0.0.1', 'ip6/::1', 'dns4/node.example', 'dns/node.example']) {
    assert.is(peerIdOf(`/${host}/tcp/30303/p2p/${peerId}`), peerId);
  }
  for (const address of [
    '',
    'nonsense',
    `/p2p/${peerId}`,
    '/ip4/10.0.0.1/tcp/30303',
    `/ip4/10.0.0.1/udp/30303/p2p/${peerId}`,
    `/ip4/10.0.0.1/tcp/30303/ws/p2p/${peerId}`,
    `/ip4/10.0.0.1/tcp/30303/p2p/${peerId}/p2p-circuit`,
    '/ip4/10.0.0.1/tcp/30303/p2p/nobody',
    `/unix/tmp/socket/p2p/${peerId}`,
  ]) {
    assert.is(peerIdOf(address), undefined, address);
  }
});

sockets.run();
