/** Opens what a validator needs to vote: its key and the log of what it has signed. */
import { encodeLogRecord } from '../consensus/index.ts';
import {
  type Address,
  bytesToHex,
  CodedError,
  equalBytes,
  type Height,
} from '../ledger/model/index.ts';
import type { ConsensusLog, ConsensusLogOptions } from '../ledger/store/index.ts';
import type { NodeConfig } from './config.ts';
import type { Signer } from './signer.ts';

export type Voter = { readonly signer: Signer; readonly log: ConsensusLog };
export type VotingReport =
  | { readonly yes: true }
  /** `until`: it votes again above that block, at the latest; undefined while that is not known. */
  | { readonly yes: false; readonly reason: string; readonly until?: Height };

type Binding = Pick<ConsensusLogOptions, 'genesisHash' | 'validator'>;

export type VoterLogs = {
  open(binding: Binding): Promise<ConsensusLog>;
  /** Makes a log with these records; says where a damaged one is kept. */
  renew(binding: Binding, records: readonly Uint8Array[]): Promise<string | undefined>;
};

/**
 * A validator whose log is missing or damaged cannot know what it has signed: it gets a new one that
 * says so, and consensus keeps it from voting for as long as need be. QBFT
 */
export async function openVoter(
  config: Pick<NodeConfig, 'genesis' | 'logger'>,
  signer: Signer | undefined,
  logs: VoterLogs,
): Promise<Voter | undefined> {
  const { genesis, logger } = config;
  if (signer === undefined) return undefined;
  const binding = { genesisHash: genesis.hash, validator: signer.address };
  try {
    return { signer, log: await logs.open(binding) };
  } catch (error) {
    if (!(error instanceof CodedError) || !LOST.has(error.code)) throw error;
    const kept = await logs.renew(binding, [FIRST_RECORD]);
    logger.error('the consensus log is lost: this validator follows until it may vote again', {
      code: error.code,
      reason: error.message,
      ...(kept === undefined ? {} : { kept }),
    });
    return { signer, log: await logs.open(binding) };
  }
}

const FIRST_RECORD = encodeLogRecord({ kind: 'lost', least: 1n, bound: undefined });
const LOST: ReadonlySet<string> = new Set(['STORE_LOG_MISSING', 'STORE_LOG_DAMAGED']);

/**
 * What operators are told.
 * @param loss as consensus has it
 * @param members who makes the next block
 */
export function votingReport(
  voter: Voter | undefined,
  loss: { readonly until: Height | undefined } | undefined,
  members: readonly Address[],
): VotingReport {
  if (voter === undefined) return { yes: false, reason: 'this node has no validator key' };
  const { address } = voter.signer;
  if (!members.some((member) => equalBytes(member, address))) {
    return {
      yes: false,
      reason: `${bytesToHex(address)} is not in the validator set; it votes as soon as it is (ehb validators list)`,
    };
  }
  if (loss === undefined) return { yes: true };
  const { until } = loss;
  return until === undefined
    ? {
        yes: false,
        reason:
          'its consensus log was lost, or blocks that it voted on; it has yet to hear from enough other validators how far it may have voted',
      }
    : {
        yes: false,
        reason: `its consensus log was lost, or blocks that it voted on; it votes again after block ${until}, or before if too few others can`,
        until,
      };
}
