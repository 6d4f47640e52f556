/** What the consensus core is told: fixed values of the chain, and what the next height stands on. */
import { type ConsensusConfig, type HeightContext, qbftRulesAt } from '../consensus/index.ts';
import type { Address } from '../ledger/model/index.ts';
import type { ChainStore } from '../ledger/store/index.ts';
import type { NodeConfig } from './config.ts';
import type { ValidatorSets } from './validator-sets.ts';

/** `self` undefined: this node does not vote. */
export function consensusConfig(
  config: Pick<NodeConfig, 'genesis'>,
  self: Address | undefined,
): ConsensusConfig {
  const { qbft, hash } = config.genesis;
  return {
    genesisHash: hash,
    self,
    timestamps: qbft.besuTimestamps ? 'besu' : 'ehb',
  };
}

/** The height after the head, as of now. */
export function heightContext(
  store: ChainStore,
  sets: ValidatorSets,
  qbft: NodeConfig['genesis']['qbft'],
  nowMs: number,
): HeightContext {
  const { header: parent, hash: parentHash } = store.head();
  const height = parent.number + 1n;
  const { blockPeriodMs, requestTimeoutMs, maxRequestTimeoutMs } = qbftRulesAt(qbft, height);
  const { validators, source } = sets.next();
  return {
    height,
    parent,
    parentHash,
    validators,
    validatorSource: source,
    gapEndsAtMs: (qbft.besuTimestamps ? Number(parent.timestamp) * 1000 : nowMs) + blockPeriodMs,
    periodSeconds: Math.floor(blockPeriodMs / 1000),
    baseTimeoutMs: requestTimeoutMs,
    maxTimeoutMs: maxRequestTimeoutMs,
  };
}
