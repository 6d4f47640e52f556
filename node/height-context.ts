/** What the consensus core is told: fixed values of the chain, and what the next height stands on. */
import { type ConsensusConfig, type HeightContext, qbftRulesAt } from '../consensus/index.ts';
import type { Address } from '../ledger/model/index.ts';
import type { ChainStore } from '../ledger/store/index.ts';
import type { NodeConfig } from './config.ts';
import type { ValidatorSets } from './validator-sets.ts';

/**
 * @param self undefined: this node does not vote
 * @param random from 0 to below 1
 */
export function consensusConfig(
  config: Pick<NodeConfig, 'genesis'>,
  self: Address | undefined,
  random: () => number,
): ConsensusConfig {
  const { qbft, hash } = config.genesis;
  return {
    genesisHash: hash,
    self,
    life: lifeOf(random),
    timestamps: qbft.besuTimestamps ? 'besu' : 'ehb',
  };
}

/** 64 bits: a number that no other start of this validator has. */
function lifeOf(random: () => number): bigint {
  const word = (): bigint => BigInt(Math.floor(random() * 2 ** 32));
  return (word() << 32n) | word();
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
