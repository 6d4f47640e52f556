/** What a node is told at start: plain frozen data. Services are made from it in `start-node.ts`. */
import type { Genesis } from '../genesis/index.ts';
import type { EngineName } from '../vm/index.ts';
import type { Logger } from './logger.ts';
import type { Retention } from './pruner.ts';

export type P2pConfig = {
  /** Address to listen on, e.g. `127.0.0.1`. */
  readonly host: string;
  /** 0 chooses a free port. */
  readonly port: number;
  /** Multiaddrs, each ending in `/p2p/<PeerId>`. */
  readonly bootPeers: readonly string[];
  /** Multiaddrs to tell other members instead of those listened on; empty tells none. */
  readonly announce?: readonly string[] | undefined;
  /** JSON file `{"allow": [...], "deny": [...]}` of PeerIds and 0x addresses; read again when it changes. */
  readonly allowlistPath: string | undefined;
};

export type RpcConfig = {
  readonly host: string;
  /** 0 chooses a free port. */
  readonly port: number;
  readonly bodyLimitBytes: number;
  /** What an `eth_call` may take at most: time, and gas. The server's own bounds if absent. */
  readonly callTimeoutMs?: number;
  readonly callGasCap?: number;
  /** Which methods are offered, by the first part of their names; all if absent. */
  readonly namespaces?: readonly string[];
  /** Who may call the methods that change what the node does; `local` if absent. */
  readonly operatorAccess?: 'local' | 'anyone' | 'nobody';
};

export type MetricsConfig = {
  readonly host: string;
  /** 0 chooses a free port. */
  readonly port: number;
};

export type NodeConfig = {
  /** Holds `chain/` (the store) and `consensus.log`. */
  readonly dataDir: string;
  readonly genesis: Genesis;
  /** 32 bytes, secp256k1: the libp2p identity. */
  readonly nodeKey: Uint8Array;
  /** 32 bytes, secp256k1; undefined for a node that only follows. */
  readonly validatorKey: Uint8Array | undefined;
  readonly p2p: P2pConfig;
  readonly rpc: RpcConfig;
  /** Absent: no metrics are kept. */
  readonly metrics?: MetricsConfig | undefined;
  /** What executes blocks; `fast` if absent. */
  readonly engine?: EngineName | undefined;
  /** Whether what reverted transactions returned is stored beside their receipts; true if absent. */
  readonly keepsRevertReasons?: boolean | undefined;
  /** What is kept of old blocks; everything if absent. */
  readonly keep?: Retention | undefined;
  /** Memory for the state and the trie nodes that are used most; 256 MiB if absent. */
  readonly stateCacheBytes?: number | undefined;
  /** Path of a snapshot that is given to peers; made at the start if it is not there. None if absent. */
  readonly snapshotFile?: string | undefined;
  /** Reported by `web3_clientVersion`. */
  readonly version: string;
  readonly logger: Logger;
};
