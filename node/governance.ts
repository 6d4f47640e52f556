/**
 * What the operator of a validator can do about the set: want a vote cast, give it up, see where the
 * votes stand. A vote that would stop the chain is refused where that can be known.
 */
import {
  isFulfilled,
  type QbftOptions,
  qbftRulesAt,
  quorumOf,
  setAfter,
  uncastVotes,
  type ValidatorVote,
  type VoteTally,
  votesNeeded,
} from '../consensus/index.ts';
import {
  type Address,
  bytesToHex,
  CodedError,
  equalBytes,
  keyOf,
  refuse,
  type Verdict,
} from '../ledger/model/index.ts';
import type { Network } from '../p2p/index.ts';
import type { GovernancePort, GovernanceReport } from '../rpc/index.ts';
import type { OwnVotes } from './own-votes.ts';
import type { ValidatorSets } from './validator-sets.ts';

export type GovernanceOptions = {
  readonly qbft: QbftOptions;
  /** Undefined for a node that does not vote. */
  readonly self: Address | undefined;
};

export type GovernanceModules = {
  readonly sets: Pick<ValidatorSets, 'next'>;
  readonly votes: OwnVotes;
  readonly network: Pick<Network, 'peers'>;
  /** Told after a change: there may be something to include. */
  readonly onWork: () => void;
};

export function createGovernance(
  { qbft, self }: GovernanceOptions,
  modules: GovernanceModules,
): GovernancePort {
  const { sets, votes, network } = modules;

  const isLive = (address: Address): boolean =>
    isSame(address, self) || network.peers().some((peer) => isSame(address, peer.address));

  /** Whether the validators of the set that would follow can make blocks. */
  const faultOf = (vote: ValidatorVote, tally: VoteTally, force: boolean): Verdict<object> => {
    const after = setAfter(tally.validators, vote);
    if (after === undefined) {
      return refuse('NODE_VOTE_FOR_NOBODY', 'this would drop the last validator');
    }
    const quorum = quorumOf(after.length);
    const live = after.filter(isLive);
    if (force || live.length >= quorum) return { ok: true };
    const away = after.filter((address) => !isLive(address)).map(bytesToHex);
    return refuse(
      'NODE_VOTE_WITHOUT_QUORUM',
      `the chain would stop: ${after.length} validators need ${quorum}, of them only ${live.length} are connected here (not connected: ${away.join(', ')})`,
    );
  };

  const propose = async (vote: ValidatorVote, force: boolean): Promise<Verdict<object>> => {
    const set = sets.next();
    if (set.source === 'contract') return byContract(set.contract);
    const { tally } = set;
    if (self === undefined) {
      return refuse('NODE_NO_VOTE', 'this node does not vote: ask a node that does');
    }
    if (!force && !tally.validators.some((validator) => isSame(validator, self))) {
      return refuse(
        'NODE_NO_VOTE',
        `${bytesToHex(self)} is no validator: its votes would not count`,
      );
    }
    // Without effect, as it is in Besu; taking back an own vote has one.
    if (uncastVotes(tally, self, [vote]).length === 0 && isFulfilled(tally, vote)) {
      await votes.discard(vote.recipient);
      return { ok: true };
    }
    if (!isFulfilled(tally, vote)) {
      const verdict = faultOf(vote, tally, force);
      if (!verdict.ok) return verdict;
    }
    try {
      await votes.propose(vote);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      return refuse('NODE_TOO_MANY_VOTES', error.message);
    }
    modules.onWork();
    return { ok: true };
  };

  const report = (): GovernanceReport => {
    const set = sets.next();
    const validators = set.validators.map((address) => ({
      address,
      isSelf: isSame(address, self),
      isConnected: isLive(address),
    }));
    if (set.source === 'contract') {
      return { source: 'contract', contract: set.contract, validators };
    }
    const { tally } = set;
    return {
      source: 'headers',
      validators,
      votesNeeded: votesNeeded(tally.validators.length),
      votes: gather(tally),
      wanted: votes.open(tally).map((vote) => ({
        ...vote,
        isCast: self !== undefined && uncastVotes(tally, self, [vote]).length === 0,
      })),
      epochLength: qbft.epochLength,
    };
  };

  return {
    propose,
    discard: async (recipient) => {
      const set = sets.next();
      if (set.source === 'contract') return byContract(set.contract);
      await votes.discard(recipient);
      return { ok: true };
    },
    wanted: () => {
      const set = sets.next();
      return set.source === 'contract' ? undefined : votes.open(set.tally);
    },
    report,
    requestTimeoutMs: (height) => qbftRulesAt(qbft, height).requestTimeoutMs,
  };
}

function byContract(contract: Address): Verdict<object> {
  return refuse('NODE_VALIDATORS_BY_CONTRACT', `the contract ${bytesToHex(contract)} names them`);
}

function isSame(a: Address, b: Address | undefined): boolean {
  return b !== undefined && equalBytes(a, b);
}

type Gathered = Extract<GovernanceReport, { source: 'headers' }>['votes'][number];

/** The votes of the tally, one entry for each recipient and kind. */
function gather({ votes }: VoteTally): readonly Gathered[] {
  const entries = new Map<string, { recipient: Address; add: boolean; voters: Address[] }>();
  for (const { recipient, add, voter } of votes) {
    const key = `${keyOf(recipient)} ${add}`;
    const entry = entries.get(key) ?? { recipient, add, voters: [] };
    entry.voters.push(voter);
    entries.set(key, entry);
  }
  return [...entries.values()];
}
