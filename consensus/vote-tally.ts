/**
 * The validator set as votes in headers change it: pure, one header at a time, by the rules of
 * Hyperledger Besu. QBFT section 9 of the specification.
 */
import {
  type Address,
  type BlockHeader,
  compareBytes,
  decodeExtraData,
  equalBytes,
  type Height,
  invariant,
  type QbftExtraData,
} from '../ledger/model/index.ts';
import { type QbftOptions, transitionAt } from './schedule.ts';
import { isMember } from './validators.ts';

export type ValidatorVote = NonNullable<QbftExtraData['vote']>;

/** A vote that counts: of the beneficiary of some block of this epoch. */
export type CastVote = ValidatorVote & { readonly voter: Address };

/** What holds after a block. */
export type VoteTally = {
  /** Who may seal the next block, ascending. */
  readonly validators: readonly Address[];
  /** Of each voter for each recipient the newest; in the order in which they came. */
  readonly votes: readonly CastVote[];
};

type Schedule = Pick<QbftOptions, 'epochLength' | 'transitions'>;

/** A set without votes. */
export function tallyOf(validators: readonly Address[]): VoteTally {
  return { validators: [...validators].sort(compareBytes), votes: [] };
}

/** Votes of one kind for one recipient that change a set of that size. QBFT */
export function votesNeeded(validatorCount: number): number {
  return Math.floor(validatorCount / 2) + 1;
}

/** Votes in such a block do not count, and those before it no longer. QBFT */
export function isEpochBlock(options: Pick<QbftOptions, 'epochLength'>, height: Height): boolean {
  return height % options.epochLength === 0n;
}

/**
 * The tally after a block, from the one before it. A transition that lists validators for the next
 * block replaces the set first, so that the vote in this block already counts in the new one, as it
 * does in Besu. QBFT
 */
export function tallyAfter(before: VoteTally, header: BlockHeader, options: Schedule): VoteTally {
  const listed = transitionAt(options, header.number + 1n)?.validators;
  const tally = listed === undefined ? before : tallyOf(listed);
  if (isEpochBlock(options, header.number)) return { ...tally, votes: [] };
  const { vote } = extraDataOf(header);
  return vote === undefined ? tally : withVote(tally, { ...vote, voter: header.beneficiary });
}

/**
 * The tally after `head`, from at most one epoch of headers: since the last epoch block, or since a
 * transition listed the set. QBFT
 * @param headerOf the stored header of a height up to `head`
 */
export function tallyAt(
  head: Height,
  headerOf: (height: Height) => BlockHeader,
  options: Schedule,
): VoteTally {
  let height = head - (head % options.epochLength);
  for (const { from, validators } of options.transitions) {
    if (validators !== undefined && from <= head + 1n && from - 1n > height) height = from - 1n;
  }
  let tally = tallyOf(extraDataOf(headerOf(height)).validators);
  for (; height <= head; height += 1n) tally = tallyAfter(tally, headerOf(height), options);
  return tally;
}

/** Whether the set is as the vote wants it. */
export function isFulfilled(tally: VoteTally, { recipient, add }: ValidatorVote): boolean {
  return isMember(tally.validators, recipient) === add;
}

/**
 * Those of the wanted votes that are still to be cast by `voter`: they would change the set, or take
 * back an opposite vote. QBFT
 */
export function uncastVotes(
  tally: VoteTally,
  voter: Address,
  wanted: readonly ValidatorVote[],
): readonly ValidatorVote[] {
  return wanted.filter((vote) => {
    const cast = tally.votes.find(
      (other) => equalBytes(other.voter, voter) && equalBytes(other.recipient, vote.recipient),
    );
    if (cast !== undefined) return cast.add !== vote.add;
    return !isFulfilled(tally, vote);
  });
}

/** The set after a vote passed; undefined if nobody would be left. QBFT */
export function setAfter(
  validators: readonly Address[],
  { recipient, add }: ValidatorVote,
): readonly Address[] | undefined {
  const others = validators.filter((validator) => !equalBytes(validator, recipient));
  if (add) return [...others, recipient].sort(compareBytes);
  return others.length === 0 ? undefined : others;
}

/** QBFT */
function withVote(tally: VoteTally, vote: CastVote): VoteTally {
  const { recipient, voter } = vote;
  const votes = [
    ...tally.votes.filter(
      (other) => !(equalBytes(other.voter, voter) && equalBytes(other.recipient, recipient)),
    ),
    vote,
  ];
  const needed = votesNeeded(tally.validators.length);
  const count = (add: boolean): number =>
    votes.filter((other) => other.add === add && equalBytes(other.recipient, recipient)).length;
  let { validators } = tally;
  let remaining = votes;
  if (count(true) >= needed) {
    validators = setAfter(validators, { recipient, add: true }) ?? validators;
    remaining = remaining.filter((other) => !equalBytes(other.recipient, recipient));
  }
  if (count(false) >= needed) {
    const smaller = setAfter(validators, { recipient, add: false });
    if (smaller === undefined) return tally;
    validators = smaller;
    remaining = remaining.filter(
      (other) => !equalBytes(other.recipient, recipient) && !equalBytes(other.voter, recipient),
    );
  }
  return { validators, votes: remaining };
}

function extraDataOf(header: BlockHeader): QbftExtraData {
  const decoded = decodeExtraData(header.extraData);
  invariant(decoded.ok, 'a final header has QBFT extraData');
  return decoded.extraData;
}
