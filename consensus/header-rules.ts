/**
 * The rules of a header that need its parent and the validator set, but no execution. What depends on
 * execution or on the fork schedule (roots, gas, fees, later fields) is vm's. QBFT
 */
import {
  type Address,
  type BlockHeader,
  decodeExtraData,
  EMPTY_OMMERS_HASH,
  equalBytes,
  type Hash,
  QBFT_MIX_HASH,
  type QbftExtraData,
  type Verdict,
} from '../ledger/model/index.ts';
import { type ConsensusCode, refuse } from './errors.ts';
import type { ConsensusConfig } from './input.ts';
import type { ValidatorSource } from './schedule.ts';
import { isAscending, isMember } from './validators.ts';

export type HeaderParent = {
  readonly parent: BlockHeader;
  readonly parentHash: Hash;
  /** The set after the parent, ascending. */
  readonly validators: readonly Address[];
  /** Where a contract names the set, a header lists nobody and carries no vote. */
  readonly validatorSource: ValidatorSource['kind'];
  /** Least age difference to the parent in whole seconds; 0 if absent. */
  readonly periodSeconds?: number;
};

/** A clock may be this much behind a proposer's. */
const CLOCK_TOLERANCE_MS = 1000;

/** Holds for proposals and for sealed headers of any origin. A vote may be useless: it is counted. */
export function verifyHeader(
  header: BlockHeader,
  context: HeaderParent,
): Verdict<{ readonly extraData: QbftExtraData }, ConsensusCode> {
  const decoded = decodeExtraData(header.extraData);
  if (!decoded.ok) return refuse('CONSENSUS_BAD_HEADER', `extraData: ${decoded.message}`);
  const { extraData } = decoded;
  // QBFT
  const isByContract = context.validatorSource === 'contract';
  if (!isSameSet(extraData.validators, isByContract ? [] : context.validators)) {
    return refuse('CONSENSUS_WRONG_VALIDATORS', 'extraData does not list the expected validators');
  }
  if (isByContract && extraData.vote !== undefined) {
    return refuse('CONSENSUS_BAD_HEADER', 'a contract names the validators, no votes are cast');
  }
  const broken = brokenField(header, context);
  if (broken !== undefined) return refuse('CONSENSUS_BAD_HEADER', broken);
  return { ok: true, extraData };
}

/**
 * Unix milliseconds from which a proposed timestamp is not ahead of the clock. A timestamp equal to
 * the parent's is never ahead: the parent is final. QBFT
 */
export function dueAtMs(header: BlockHeader, parent: BlockHeader): number {
  if (header.timestamp === parent.timestamp) return 0;
  return Number(header.timestamp) * 1000 - CLOCK_TOLERANCE_MS;
}

/** Whether a proposal that is not due yet waits (true) or is refused, as Besu does. QBFT */
export function holdsFutureProposals(config: Pick<ConsensusConfig, 'timestamps'>): boolean {
  return config.timestamps === 'ehb';
}

function brokenField(header: BlockHeader, context: HeaderParent): string | undefined {
  const { parent, parentHash, validators, periodSeconds = 0 } = context;
  const rules: readonly (readonly [boolean, string])[] = [
    [equalBytes(header.parentHash, parentHash), 'parentHash is not the head'],
    [header.number === parent.number + 1n, 'number does not follow the parent'],
    [header.timestamp >= parent.timestamp + BigInt(periodSeconds), 'timestamp is too early'],
    [isMember(validators, header.beneficiary), 'beneficiary is not a validator'],
    [header.difficulty === 1n, 'difficulty is not 1'],
    [equalBytes(header.mixHash, QBFT_MIX_HASH), 'mixHash is not the constant of QBFT'],
    [header.nonce.length === 8 && header.nonce.every((byte) => byte === 0), 'nonce is not zero'],
    [equalBytes(header.ommersHash, EMPTY_OMMERS_HASH), 'ommersHash is not of an empty list'],
    [header.gasUsed <= header.gasLimit, 'gasUsed exceeds gasLimit'],
  ];
  return rules.find(([holds]) => !holds)?.[1];
}

function isSameSet(listed: readonly Address[], expected: readonly Address[]): boolean {
  return (
    listed.length === expected.length &&
    isAscending(listed) &&
    listed.every((address) => isMember(expected, address))
  );
}
