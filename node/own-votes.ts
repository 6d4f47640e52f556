/**
 * The votes that the operator of this validator wants cast. They are kept in a file until the set is
 * as they want it, so that neither a restart nor the end of an epoch loses them. QBFT
 */
import {
  isFulfilled,
  uncastVotes,
  type ValidatorVote,
  type VoteTally,
} from '../consensus/index.ts';
import {
  type Address,
  asAddress,
  bytesToHex,
  CodedError,
  equalBytes,
  hexToBytes,
} from '../ledger/model/index.ts';
import { createExclusive } from './exclusive.ts';
import type { SmallFile } from './small-file.ts';

export type OwnVotes = {
  list(): readonly ValidatorVote[];
  /** Those that have not come true. */
  open(tally: VoteTally): readonly ValidatorVote[];
  /** Durable when it resolves. @throws CodedError `NODE_TOO_MANY_VOTES` */
  propose(vote: ValidatorVote): Promise<void>;
  /** Whether there was such a vote. */
  discard(recipient: Address): Promise<boolean>;
  /** Those that the tally does not hold yet: work for an idle chain. */
  toCast(tally: VoteTally): readonly ValidatorVote[];
  /** The vote for a block that is built now; each in its turn. */
  next(tally: VoteTally): ValidatorVote | undefined;
  /** Forgets those that have come true. */
  settle(tally: VoteTally): Promise<void>;
};

/** Far more than any set changes by at once; keeps a client from filling the disk. */
const MOST_VOTES = 256;

/**
 * @param self the address that votes; undefined for a node that does not
 * @throws CodedError `NODE_VOTES_UNREADABLE`
 */
export async function openOwnVotes(file: SmallFile, self: Address | undefined): Promise<OwnVotes> {
  const exclusively = createExclusive();
  let votes = decodeVotes(await file.read(), file.path);
  let turn = 0;

  const replace = async (next: readonly ValidatorVote[]): Promise<void> => {
    await file.replace(encodeVotes(next));
    votes = next;
  };
  const without = (recipient: Address): readonly ValidatorVote[] =>
    votes.filter((vote) => !equalBytes(vote.recipient, recipient));
  const toCast = (tally: VoteTally): readonly ValidatorVote[] =>
    self === undefined ? [] : uncastVotes(tally, self, votes);
  const open = (tally: VoteTally): readonly ValidatorVote[] => {
    const waiting = toCast(tally);
    return votes.filter((vote) => !isFulfilled(tally, vote) || waiting.includes(vote));
  };

  return {
    list: () => votes,
    open,
    propose: (vote) =>
      exclusively(async () => {
        const others = without(vote.recipient);
        if (others.length >= MOST_VOTES) {
          throw new CodedError(`${MOST_VOTES} votes are waiting already`, {
            code: 'NODE_TOO_MANY_VOTES',
          });
        }
        await replace([...others, vote]);
      }),
    discard: (recipient) =>
      exclusively(async () => {
        const others = without(recipient);
        if (others.length === votes.length) return false;
        await replace(others);
        return true;
      }),
    toCast,
    next: (tally) => {
      const waiting = toCast(tally);
      turn += 1;
      return waiting[turn % waiting.length];
    },
    settle: (tally) =>
      exclusively(async () => {
        const left = open(tally);
        if (left.length < votes.length) await replace(left);
      }),
  };
}

function encodeVotes(votes: readonly ValidatorVote[]): string {
  const entries = votes.map(({ recipient, add }) => ({ address: bytesToHex(recipient), add }));
  return `${JSON.stringify({ votes: entries }, undefined, 2)}\n`;
}

function decodeVotes(text: string | undefined, path: string): readonly ValidatorVote[] {
  if (text === undefined) return [];
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw unreadable(path, 'is not JSON', cause);
  }
  const entries =
    typeof json === 'object' && json !== null && 'votes' in json ? json.votes : undefined;
  if (!Array.isArray(entries)) throw unreadable(path, 'has no list "votes"');
  return entries.map((entry: unknown) => {
    if (typeof entry === 'object' && entry !== null && 'address' in entry && 'add' in entry) {
      const { address, add } = entry;
      const isAddress = typeof address === 'string' && /^0x[0-9a-f]{40}$/i.test(address);
      if (isAddress && typeof add === 'boolean') {
        return { recipient: asAddress(hexToBytes(address)), add };
      }
    }
    throw unreadable(path, 'has an entry other than {"address": "0x...", "add": true or false}');
  });
}

function unreadable(path: string, fault: string, cause?: unknown): CodedError<{ code: string }> {
  return new CodedError(`${path} ${fault}`, { code: 'NODE_VOTES_UNREADABLE' }, { cause });
}
