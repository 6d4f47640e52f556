/** What the consensus core is told: fixed values of the chain, and what the next height stands on. */
import type { ConsensusConfig, HeightContext } from '../consensus/index.ts';
import type { Address } from '../ledger/model/index.ts';
import type { ChainStore } from '../ledger/store/index.ts';
import type { Chain } from './chain.ts';
import type { NodeConfig } from './config.ts';

/** `self` undefined: this node does not vote. */
export function consensusConfig(
  config: Pick<NodeConfig, 'genesis'>,
  self: Address | undefined,
): ConsensusConfig {
  const { qbft, hash } = config.genesis;
  return {
    genesisHash: hash,
    self,
    baseTimeoutMs: qbft.requestTimeoutMs,
    maxTimeoutMs: qbft.maxRequestTimeoutMs,
    periodSeconds: Math.floor(qbft.blockPeriodMs / 1000),
    timestamps: qbft.besuTimestamps ? 'besu' : 'ehb',
  };
}

/** The height after the head, as of now. */
export function heightContext(
  store: ChainStore,
  chain: Chain,
  qbft: NodeConfig['genesis']['qbft'],
  nowMs: number,
): HeightContext {
  const { header: parent, hash: parentHash } = store.head();
  return {
    height: parent.number + 1n,
    parent,
    parentHash,
    validators: chain.validators(),
    gapEndsAtMs: qbft.besuTimestamps
      ? Number(parent.timestamp) * 1000 + qbft.blockPeriodMs
      : nowMs + qbft.blockPeriodMs,
  };
}
