/** Proofs for strangers: the headers at which the validators changed, the one of the block, and the Merkle way from it. */
import {
  asWitness,
  encodeProofBundle,
  follow,
  type ProofSubject,
  type SealedStep,
  type TrustAnchor,
  trustedAtFirst,
} from '../consensus/index.ts';
import {
  type Address,
  type BlockHeader,
  bytesToHex,
  encodeReceipt,
  type Hash,
  type Height,
  invariant,
  joinTrieProofs,
  proveOrdered,
  refuse,
  type Verdict,
} from '../ledger/model/index.ts';
import type { ChainStore, NoProof } from '../ledger/store/index.ts';
import { createSetChanges, type SetChanges } from './set-changes.ts';

export type ProofRequest =
  | {
      readonly kind: 'account';
      readonly address: Address;
      readonly slots: readonly Uint8Array[];
      readonly at: Height;
    }
  | { readonly kind: 'transaction' | 'receipt'; readonly hash: Hash };

export type MadeProof = {
  readonly bundle: Uint8Array;
  readonly number: Height;
  readonly hash: Hash;
};

export type ProofMaker = {
  /** Refuses with NODE_NOTHING_TO_PROVE or NODE_NO_PROOF. @throws the reason of the signal when it aborts */
  make(request: ProofRequest, signal: AbortSignal): Promise<Verdict<MadeProof>>;
};

type ProofStore = Pick<
  ChainStore,
  'head' | 'header' | 'hashOf' | 'block' | 'receipts' | 'transactionPlace' | 'prove' | 'stateAt'
>;

export function createProofMaker(
  { hash, validators, qbft }: TrustAnchor,
  store: ProofStore,
  breathe: () => Promise<void>,
): ProofMaker {
  const anchor = { hash, validators, qbft };
  const changes = createSetChanges(store, qbft, breathe);
  /** Steps never change, and those of a contract's sets take a proof of an earlier state each. */
  const steps = new Map<Height, ReturnType<typeof stepTo>>();

  const stepAt = async (
    trusted: Trusted,
    height: Height,
    signal: AbortSignal,
  ): ReturnType<typeof stepTo> => {
    const known = await steps.get(height);
    if (known !== undefined) return known;
    return await stepTo({ store, changes, anchor }, trusted, height, signal);
  };

  return {
    make: async (request, signal) => {
      const subject = await subjectOf(store, request, signal);
      if (!subject.ok) return subject;
      const { number } = subject;
      const heights = (await changes.upTo(number, signal)).filter((height) => height < number);
      const headers: SealedStep[] = [];
      let trusted = trustedAtFirst(anchor);
      for (const height of [...heights, number]) {
        const next = await stepAt(trusted, height, signal);
        if (!next.ok) return next;
        if (height < number) steps.set(height, Promise.resolve(next));
        headers.push(next.step);
        ({ trusted } = next);
      }
      const proved = store.hashOf(number);
      invariant(proved !== undefined, 'a proved block is stored');
      const bundle = encodeProofBundle({ genesisHash: hash, headers, subject: subject.subject });
      return { ok: true, bundle, number, hash: proved };
    },
  };
}

type Trusted = ReturnType<typeof trustedAtFirst>;

type Step = Verdict<{ readonly step: SealedStep; readonly trusted: Trusted }>;

/** The header of that block, and where a contract named its set the proof of that, as the verifier takes it. */
async function stepTo(
  {
    store,
    changes,
    anchor,
  }: { readonly store: ProofStore; readonly changes: SetChanges; readonly anchor: TrustAnchor },
  trusted: Trusted,
  height: Height,
  signal: AbortSignal,
): Promise<Step> {
  const header = headerAt(store, height);
  const named = height === 0n ? undefined : changes.slotsOf(height);
  if (named === undefined) return checked({ header, namedBy: undefined }, trusted, anchor);
  const { contract, slots } = named;
  if (slots === undefined) {
    const message = `the validators of block ${height} are named by the contract ${bytesToHex(contract)}, whose storage no verifier can read`;
    return refuse('NODE_NO_PROOF', message);
  }
  const at = height - 1n;
  const proof = await store.prove({ address: contract, slots, at, signal });
  if (typeof proof === 'string') return refuse('NODE_NO_PROOF', noProof(at, proof));
  const parent = headerAt(store, at);
  const { accountProof: account, storageProofs } = proof;
  const witness = (vouches: boolean): SealedStep => ({
    header,
    namedBy: {
      parent: asWitness(parent, trusted, anchor, vouches),
      account,
      storage: joinTrieProofs(storageProofs),
    },
  });
  const bare = checked(witness(false), trusted, anchor);
  return bare.ok ? bare : checked(witness(true), trusted, anchor);
}

/** A step is taken by the verifier's own rule. */
function checked(step: SealedStep, trusted: Trusted, anchor: TrustAnchor): Step {
  const verdict = follow(trusted, step, anchor);
  return verdict.ok
    ? { ok: true, step, trusted: verdict.trusted }
    : refuse('NODE_NO_PROOF', `no verifier would follow: ${verdict.message}`);
}

type Subject = Verdict<{ readonly subject: ProofSubject; readonly number: Height }>;

async function subjectOf(
  store: ProofStore,
  request: ProofRequest,
  signal: AbortSignal,
): Promise<Subject> {
  if (request.kind !== 'account') return transactionSubject(store, request);
  const { address, slots, at } = request;
  const proof = await store.prove({ address, slots, at, signal });
  if (typeof proof === 'string') return refuse('NODE_NO_PROOF', noProof(at, proof));
  const proved = slots.map((slot, index) => ({ slot, proof: proof.storageProofs[index] ?? [] }));
  const subject = { kind: 'account', address, proof: proof.accountProof, slots: proved } as const;
  return { ok: true, subject, number: at };
}

function transactionSubject(
  store: ProofStore,
  { kind, hash }: Extract<ProofRequest, { hash: Hash }>,
): Subject {
  const place = store.transactionPlace(hash);
  if (place === undefined) {
    return refuse('NODE_NOTHING_TO_PROVE', 'no block of this node holds that transaction');
  }
  const { number, index } = place;
  const block = store.block(number);
  const receipts = store.receipts(number);
  invariant(block !== undefined && receipts !== undefined, 'an indexed block is stored');
  const transactionProof = proveOrdered(
    block.transactions.map(({ raw }) => raw),
    index,
  );
  const subject: ProofSubject =
    kind === 'transaction'
      ? { kind, index, proof: transactionProof }
      : { kind, index, proof: proveOrdered(receipts.map(encodeReceipt), index), transactionProof };
  return { ok: true, subject, number };
}

function noProof(at: Height, reason: NoProof): string {
  return reason === 'before-records'
    ? `block ${at} is older than the records that a proof takes`
    : `block ${at} is too long ago: too much has changed since`;
}

function headerAt(store: ProofStore, height: Height): BlockHeader {
  const header = store.header(height);
  invariant(header !== undefined, 'every header up to the head is stored');
  return header;
}
