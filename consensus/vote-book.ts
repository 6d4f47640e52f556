/**
 * Prepares or Commits of one height: the first of each author and round, and of each author at most
 * the newest few rounds, so that a flood pushes out only its own sender's votes. QBFT
 */
import { type Address, equalBytes, type Hash, keyOf } from '../ledger/model/index.ts';

/** What both kinds of vote have. */
export type Vote = {
  readonly round: number;
  readonly digest: Hash;
  readonly author: Address;
  readonly signature: Uint8Array;
};

/** By `keyOf(author)`; rounds ascending. */
export type VoteBook<V extends Vote> = ReadonlyMap<string, readonly V[]>;

export const ROUNDS_PER_AUTHOR = 16;

export function emptyVoteBook<V extends Vote>(): VoteBook<V> {
  return new Map();
}

/** The vote of an author in a round. */
export function findVote<V extends Vote>(
  book: VoteBook<V>,
  author: Address,
  round: number,
): V | undefined {
  return book.get(keyOf(author))?.find((vote) => vote.round === round);
}

/** The book with a vote whose author has none in that round yet. */
export function withVote<V extends Vote>(book: VoteBook<V>, vote: V): VoteBook<V> {
  const key = keyOf(vote.author);
  const votes = [...(book.get(key) ?? []), vote].sort((a, b) => a.round - b.round);
  return new Map(book).set(key, votes.slice(-ROUNDS_PER_AUTHOR));
}

/** The votes for one digest in one round, in the order of `validators`. */
export function votesFor<V extends Vote>(
  book: VoteBook<V>,
  validators: readonly Address[],
  round: number,
  digest: Hash,
): readonly V[] {
  return validators
    .map((validator) => findVote(book, validator, round))
    .filter((vote) => vote !== undefined)
    .filter((vote) => equalBytes(vote.digest, digest));
}
