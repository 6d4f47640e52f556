/** Asking for blocks, first of those who must have them, then of everyone who named them. QBFT */
import { type Address, equalBytes, type Hash, keyOf } from '../ledger/model/index.ts';
import type { Effect } from './effect.ts';
import {
  type ConsensusState,
  isSelf,
  knownBlock,
  type Proposed,
  proposalOfRound,
  type Transition,
  withBlock,
} from './state.ts';
import { fetchTimeoutMs } from './timeouts.ts';

/**
 * Asks for a block once, once more when its Proposal becomes known, and once more without the
 * Proposal if its list of transactions may have been false; else undefined.
 */
export function askForBlock(
  state: ConsensusState,
  digest: Hash,
  proposal: Proposed | undefined,
  from: readonly Address[],
): Transition | undefined {
  const known = knownBlock(state, digest);
  const isMore = known?.kind === 'asked' && known.proposal === undefined && proposal !== undefined;
  const isOther = known?.kind === 'invalid' && known.isListed && proposal === undefined;
  if (known !== undefined && !isMore && !isOther) return undefined;
  return {
    state: withBlock(state, digest, { kind: 'asked', digest, proposal }),
    effects: [request(state, digest, proposal, from), fetchTimer(state)],
  };
}

/** Asks again for all blocks that have not come, of everyone who named them. */
export function askEveryone(state: ConsensusState): readonly Effect[] {
  const requests = [...state.blocks.values()]
    .filter((block) => block.kind === 'asked')
    .map(({ digest, proposal }) => request(state, digest, proposal, namersOf(state, digest)));
  return requests.length === 0 ? [] : [...requests, fetchTimer(state)];
}

function request(
  state: ConsensusState,
  digest: Hash,
  proposal: Proposed | undefined,
  from: readonly Address[],
): Effect {
  const others = from.filter((address) => !isSelf(state, address));
  const { height, round } = state;
  const common = { kind: 'validate-block', height, round, digest, from: others } as const;
  if (proposal === undefined) return common;
  const { header, transactionHashes } = proposal;
  return { ...common, proposal: { header, transactionHashes } };
}

function fetchTimer(state: ConsensusState): Effect {
  const { height, round } = state;
  const afterMs = fetchTimeoutMs(state.context, round);
  return { kind: 'set-timer', timer: { name: 'fetch', height, round }, afterMs };
}

/** Proposer and every signer of a Prepare, Commit or RoundChange that names the block. */
export function namersOf(state: ConsensusState, digest: Hash): readonly Address[] {
  const named = new Set<string>();
  const note = (signed: { readonly digest: Hash; readonly author: Address } | undefined): void => {
    if (signed !== undefined && equalBytes(signed.digest, digest)) named.add(keyOf(signed.author));
  };
  note(proposalOfRound(state)?.signed);
  for (const votes of state.prepares.values()) votes.forEach(note);
  for (const votes of state.commits.values()) votes.forEach(note);
  for (const { signed, prepares } of state.roundChanges.values()) {
    if (signed.prepared !== undefined) note({ ...signed.prepared, author: signed.author });
    prepares.forEach(note);
  }
  state.prepared?.prepares.forEach(note);
  return state.context.validators.filter((validator) => named.has(keyOf(validator)));
}
