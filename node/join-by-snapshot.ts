/**
 * Makes the ledger of a new node from the snapshot of a peer, verified part by part as it comes (L-33). There is
 * nothing else of a node yet: no store, no consensus, and to the peers nothing but questions.
 */
import { type Genesis, makeDirectory } from '../genesis/index.ts';
import { CodedError } from '../ledger/model/index.ts';
import { loadSnapshot, type SnapshotSummary } from '../ledger/store/index.ts';
import { createNetwork, type Network, type NetworkHandlers } from '../p2p/index.ts';
import { type Allowlist, followAllowlist } from './allowlist.ts';
import { type Clock, systemClock } from './clock.ts';
import type { NodeConfig } from './config.ts';
import { storeOptionsOf } from './maintenance/ledger-files.ts';
import { requireHeaderMode } from './maintenance/snapshots.ts';
import { createHeaderCheck } from './maintenance/verify-ledger.ts';
import { createLocalSigner } from './signer.ts';

export type JoinConfig = Pick<
  NodeConfig,
  'dataDir' | 'genesis' | 'nodeKey' | 'validatorKey' | 'p2p' | 'logger'
>;

/** If no peer has begun to give a snapshot that holds after so long, there is none. */
const PATIENCE_MS = 30_000;
const ASK_AGAIN_MS = 1_000;

/**
 * Asks one peer after the other until a snapshot has proved itself.
 * @throws CodedError `NODE_NO_SNAPSHOT`, `NODE_SNAPSHOT_BY_CONTRACT`, `STORE_NOT_EMPTY`, of the network
 */
export async function joinBySnapshot(
  config: JoinConfig,
  onProgress: (done: { readonly peerId: string; readonly bytes: number }) => void,
  modules: { readonly clock: Clock; readonly patienceMs: number } = {
    clock: systemClock,
    patienceMs: PATIENCE_MS,
  },
): Promise<SnapshotSummary> {
  const { genesis, dataDir, p2p, logger } = config;
  requireHeaderMode(genesis);
  await makeDirectory(dataDir);
  const waiting = createQueue(modules.clock);
  let network: Network | undefined;
  const setList = (list: Allowlist): void => network?.setMembers(membersOf(genesis, list));
  const allowlist = await followAllowlist(p2p.allowlistPath, setList, logger);
  try {
    network = await createNetwork(
      {
        listen: { host: p2p.host, port: p2p.port },
        bootPeers: p2p.bootPeers,
        ...(p2p.announce === undefined ? {} : { announce: p2p.announce }),
        nodeKey: config.nodeKey,
        chainId: genesis.chainId,
        genesisHash: genesis.hash,
        validator: config.validatorKey && createLocalSigner(config.validatorKey),
        members: membersOf(genesis, allowlist.list),
        status: { height: 0n, hash: genesis.hash, round: 0, lost: false },
      },
      {
        handlers: asksOnly((peerId) => waiting.put(peerId)),
        logger: logger.child('p2p'),
        clock: modules.clock,
        random: Math.random,
      },
    );
    const { clock, patienceMs } = modules;
    const deadline = clock.now() + patienceMs;
    for (;;) {
      const peerId = await waiting.next(deadline - clock.now());
      if (peerId === undefined) {
        const message = 'no peer has given a snapshot that proves itself';
        throw new CodedError(message, { code: 'NODE_NO_SNAPSHOT' });
      }
      const summary = await loadFrom(config, network, peerId, onProgress);
      if (summary !== undefined) return summary;
      // It may be making one just now.
      clock.setTimeout(() => waiting.put(peerId), ASK_AGAIN_MS);
    }
  } finally {
    allowlist.close();
    await network?.close();
  }
}

/** Undefined if this peer has none, gives none that holds, or is gone. */
async function loadFrom(
  config: JoinConfig,
  network: Network,
  peerId: string,
  onProgress: (done: { readonly peerId: string; readonly bytes: number }) => void,
): Promise<SnapshotSummary | undefined> {
  const { genesis, logger } = config;
  try {
    const source = await sourceAt(network, peerId);
    if (source === undefined) return undefined;
    return await loadSnapshot(
      {
        ...storeOptionsOf(config),
        file: `the snapshot of ${peerId}`,
        source,
        createHeaderCheck: (view) => createHeaderCheck(genesis, view),
      },
      ({ bytes }) => onProgress({ peerId, bytes }),
    );
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const isTheirs = error.code.startsWith('STORE_SNAPSHOT_') || error.code.startsWith('P2P_');
    if (!isTheirs && error.code !== 'STORE_UNKNOWN_VERSION') throw error;
    logger.warn('a peer gave no snapshot that holds', { peerId, code: error.code });
    if (error.code === 'STORE_SNAPSHOT_INVALID') network.reportFault(peerId, error.code);
    return undefined;
  }
}

/** What is read, one part after the other, of a peer's snapshot; undefined if it has none. */
async function sourceAt(network: Network, peerId: string) {
  let offset = 0n;
  let part = await network.requestSnapshot(peerId, offset);
  if (part === undefined) return undefined;
  let used = 0;
  return {
    read: async (
      bytes: Uint8Array,
      at: number,
      length: number,
    ): Promise<{ readonly bytesRead: number }> => {
      if (part !== undefined && used === part.length && part.length > 0) {
        offset += BigInt(part.length);
        part = await network.requestSnapshot(peerId, offset);
        used = 0;
      }
      if (part === undefined) return { bytesRead: 0 };
      const bytesRead = Math.min(length, part.length - used);
      bytes.set(part.subarray(used, used + bytesRead), at);
      used += bytesRead;
      return { bytesRead };
    },
  };
}

function membersOf({ validators }: Genesis, { allow, deny }: Allowlist) {
  return { validators, formerValidators: [], allowlist: allow, denylist: deny };
}

function asksOnly(onPeer: (peerId: string) => void): NetworkHandlers {
  return {
    onConsensus: () => {},
    onTransactions: () => {},
    onStatus: () => {},
    onPeerJoined: ({ peerId }) => onPeer(peerId),
    onPeerLeft: () => {},
    serveBlocks: () => [],
    serveBody: () => undefined,
    serveTransactions: () => [],
    serveSnapshot: () => undefined,
  };
}

/** Peers in the order in which they came. */
function createQueue(clock: Clock) {
  const peers: string[] = [];
  let wake: (() => void) | undefined;
  return {
    put: (peerId: string): void => {
      peers.push(peerId);
      wake?.();
    },
    /** Undefined if none has come for so long. */
    next: async (patienceMs: number): Promise<string | undefined> => {
      if (patienceMs <= 0) return undefined;
      if (peers.length === 0) {
        await new Promise<void>((done) => {
          const timer = clock.setTimeout(done, patienceMs);
          wake = () => {
            clock.clearTimeout(timer);
            done();
          };
        });
        wake = undefined;
      }
      return peers.shift();
    },
  };
}
