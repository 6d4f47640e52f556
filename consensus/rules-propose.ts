/** Rules of the proposer: a new block, or again the one that was prepared. */
import { commitSealHash, withRound } from '../ledger/model/index.ts';
import { askForBlock, namersOf } from './fetch.ts';
import { justificationOf, NO_JUSTIFICATION } from './justification.ts';
import { askToSign, maySign } from './own-messages.ts';
import { isOwnTurn, knownBlock, type Rule } from './state.ts';

/** Upon the own turn, with work in round 0 or a quorum of RoundChanges above. QBFT */
export const propose: Rule = (state) => {
  if (state.phase.kind !== 'open' || !isOwnTurn(state) || !maySign(state, 'proposal')) {
    return undefined;
  }
  const { height, round, context } = state;
  if (round === 0 && !(state.gapOver && state.awake)) return undefined;
  const justification =
    round === 0 ? NO_JUSTIFICATION : justificationOf(state.roundChanges, context.validators, round);
  if (justification === undefined) return undefined;
  const { certificate } = justification;
  if (certificate !== undefined) {
    const phase = { kind: 're-proposing', justification, certificate } as const;
    return { state: { ...state, phase }, effects: [] };
  }
  return {
    state: { ...state, phase: { kind: 'building', justification } },
    effects: [{ kind: 'build-block', height, round, parentHash: context.parentHash }],
  };
};

/** Upon having validated the prepared block: the same block in the new round. QBFT */
export const rePropose: Rule = (state) => {
  const { phase, round } = state;
  if (phase.kind !== 're-proposing') return undefined;
  const { certificate, justification } = phase;
  const old = knownBlock(state, certificate.digest);
  if (old === undefined) {
    const from = namersOf(state, certificate.digest);
    return askForBlock(state, certificate.digest, undefined, from);
  }
  if (old.kind !== 'valid') return undefined;
  const { transactionHashes } = old;
  const header = withRound(old.header, round);
  const digest = commitSealHash(header);
  const block = knownBlock(state, digest);
  if (block === undefined) return askForBlock(state, digest, { header, transactionHashes }, []);
  if (block.kind !== 'valid') return undefined;
  return askToSign(
    { ...state, phase: { kind: 'signing' } },
    {
      kind: 'proposal',
      height: state.height,
      round,
      digest,
      header,
      transactionHashes,
      roundChanges: justification.roundChanges,
      prepares: certificate.prepares,
    },
    [],
  );
};
