/**
 * The composition root: every part is made here, once, from the configuration, and closed in reverse.
 */
import { join } from 'node:path';
import { cryptoBackend } from '#crypto';
import { type ConsensusConfig, type HeightContext, validatorsOf } from '../consensus/index.ts';
import {
  type Address,
  asAddress,
  bytesToHex,
  CodedError,
  type Height,
  invariant,
  keyOf,
} from '../ledger/model/index.ts';
import {
  type ChainStore,
  type ConsensusLog,
  openConsensusLog,
  openStore,
} from '../ledger/store/index.ts';
import { createNetwork, type Network, type NetworkHandlers } from '../p2p/index.ts';
import { createRpcServer, type RpcServer } from '../rpc/index.ts';
import { createReferenceEngine } from '../vm/index.ts';
import { type Allowlist, followAllowlist } from './allowlist.ts';
import { type BlockWorkshop, createBlockWorkshop } from './block-workshop.ts';
import { createBodySource } from './body-source.ts';
import { type CatchUp, createCatchUp, DEFAULT_CATCH_UP } from './catch-up.ts';
import { type Chain, createChain } from './chain.ts';
import { systemClock } from './clock.ts';
import type { NodeConfig } from './config.ts';
import { type ConsensusDriver, createConsensusDriver } from './consensus-driver.ts';
import type { Logger } from './logger.ts';
import { createSenderRecovery } from './sender-recovery.ts';
import { createLocalSigner, type Signer } from './signer.ts';
import { createPool, type Pool } from './txpool/index.ts';

export type RunningNode = {
  readonly peerId: string;
  /** Undefined for a node without a validator key. */
  readonly address: Address | undefined;
  /** Of JSON-RPC over HTTP; the same with `ws:` for WebSocket. */
  readonly rpcUrl: string;
  /** Resolves with the error when the node had to stop by itself. */
  readonly failed: Promise<unknown>;
  /** Stops taking requests, ends the connections, closes the store. Resolves when all is closed. */
  close(): Promise<void>;
};
