/** Opens what a validator needs to vote: its key and the log of what it has signed. */
import { CodedError } from '../ledger/model/index.ts';
import type { ConsensusLog, ConsensusLogOptions } from '../ledger/store/index.ts';
import type { NodeConfig } from './config.ts';
import type { Signer } from './signer.ts';

export type Voter = { readonly signer: Signer; readonly log: ConsensusLog };
export type VotingReport =
  | { readonly yes: true }
  | { readonly yes: false; readonly reason: string };

/** A validator without its log must not vote: it cannot know what it has signed (design D2). */
export async function openVoter(
  config: Pick<NodeConfig, 'genesis' | 'logger'>,
  signer: Signer | undefined,
  openLog: (
    binding: Pick<ConsensusLogOptions, 'genesisHash' | 'validator'>,
  ) => Promise<ConsensusLog>,
): Promise<{ readonly voter: Voter | undefined; readonly report: VotingReport }> {
  const { genesis, logger } = config;
  if (signer === undefined) {
    return { voter: undefined, report: { yes: false, reason: 'this node has no validator key' } };
  }
  try {
    const log = await openLog({ genesisHash: genesis.hash, validator: signer.address });
    return { voter: { signer, log }, report: { yes: true } };
  } catch (error) {
    if (!(error instanceof CodedError) || !LOST.has(error.code)) throw error;
    logger.error('this validator does not vote: its consensus log cannot be used', {
      code: error.code,
      reason: error.message,
    });
    return { voter: undefined, report: { yes: false, reason: error.message } };
  }
}

const LOST: ReadonlySet<string> = new Set(['STORE_LOG_MISSING', 'STORE_LOG_DAMAGED']);
