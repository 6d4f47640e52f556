/** What a node does with what its peers send, and what it gives them when they ask. */
import type { Height } from '../ledger/model/index.ts';
import type { ChainStore } from '../ledger/store/index.ts';
import type { Network, NetworkHandlers } from '../p2p/index.ts';
import type { BlockWorkshop } from './block-workshop.ts';
import type { CatchUp } from './catch-up.ts';
import type { ConsensusDriver } from './consensus-driver.ts';
import type { SnapshotService } from './snapshot-service.ts';
import type { Pool } from './txpool/index.ts';

/** The network is made with its handlers, and what handles is made with the network: hence functions. */
export type PeerHandlerModules = {
  readonly store: Pick<ChainStore, 'encodedBlock' | 'oldest'>;
  readonly pool: Pick<Pool, 'add' | 'content' | 'get'>;
  readonly catchUp: Pick<CatchUp, 'peerAt' | 'peerLeft'>;
  readonly workshop: () => BlockWorkshop;
  /** Undefined until the node's parts are all there. */
  readonly driver: () => ConsensusDriver | undefined;
  readonly network: () => Pick<Network, 'reportFault' | 'gossipTransactions'>;
  readonly onFatal: (error: unknown) => void;
  /** Absent: this node serves none. */
  readonly snapshot?: Pick<SnapshotService, 'serve'> | undefined;
};

export function createPeerHandlers(modules: PeerHandlerModules): NetworkHandlers {
  const { store, pool, catchUp, workshop, driver, network } = modules;
  return {
    onConsensus: (from, message) => {
      if (driver()?.receive(message) === 'malformed') {
        network().reportFault(from.peerId, 'CONSENSUS_MALFORMED');
      }
    },
    onTransactions: (from, raws) => {
      pool.add(raws, 'peer').then((verdicts) => {
        const malformed = verdicts.find((v) => !v.ok && v.code.startsWith('MODEL_'));
        if (malformed !== undefined) network().reportFault(from.peerId, 'POOL_MALFORMED');
      }, modules.onFatal);
    },
    onStatus: (from, status) => catchUp.peerAt(from.peerId, status.height),
    onPeerJoined: (peer) => {
      catchUp.peerAt(peer.peerId, peer.status.height);
      // Held ones too: while this node was behind it could not see that they are executable, and it
      // may have had nobody to tell when they came.
      const { pending, queued } = pool.content();
      const waiting = [...pending, ...queued];
      network().gossipTransactions(waiting.map(({ transaction }) => transaction.raw));
      if (peer.kind === 'validator' && peer.address !== undefined) {
        driver()?.peerJoined(peer.address);
      }
    },
    onPeerLeft: (peer) => {
      catchUp.peerLeft(peer.peerId);
      if (peer.kind === 'validator' && peer.address !== undefined) {
        driver()?.peerLeft(peer.address);
      }
    },
    serveBlocks: (from, count) => encodedRange(store, from, count),
    serveBody: (digest) => workshop().find(digest),
    serveSnapshot: (offset) => modules.snapshot?.serve(offset),
    serveTransactions: (hashes) =>
      hashes.flatMap((hash) => {
        const known = pool.get(hash);
        return known === undefined ? [] : [known.transaction.raw];
      }),
  };
}

/** Bytes of blocks in one answer; the wire's own limit is above it. */
const RANGE_BYTES = 8 * 1024 * 1024;

function encodedRange(
  store: Pick<ChainStore, 'encodedBlock' | 'oldest'>,
  from: Height,
  count: number,
): readonly Uint8Array[] {
  // Whoever asks finds a peer that keeps them, or takes a backup or a snapshot.
  if (from < store.oldest().bodies) return [];
  const blocks: Uint8Array[] = [];
  let bytes = 0;
  for (let i = 0; i < count && bytes < RANGE_BYTES; i += 1) {
    const encoded = store.encodedBlock(from + BigInt(i));
    if (encoded === undefined) break;
    blocks.push(encoded);
    bytes += encoded.length;
  }
  return blocks;
}
