/** Proofs for strangers: the headers at which the validators changed, the one of the block, and the Merkle way from it. */
import { encodeProofBundle, type ProofSubject } from '../consensus/index.ts';
import {
  type Address,
  type BlockHeader,
  decodeExtraData,
  encodeReceipt,
  type Hash,
  type Height,
  invariant,
  proveOrdered,
  refuse,
  type Verdict,
} from '../ledger/model/index.ts';
import type { ChainStore } from '../ledger/store/index.ts';

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
  'head' | 'header' | 'hashOf' | 'block' | 'receipts' | 'transactionPlace' | 'prove'
>;

/** Headers looked at before other work of the thread gets its turn. */
const HEADERS_PER_TURN = 256n;

export function createProofMaker(store: ProofStore, breathe: () => Promise<void>): ProofMaker {
  const changes = createSetChanges(store, breathe);
  return {
    make: async (request, signal) => {
      const subject = await subjectOf(store, request, signal);
      if (!subject.ok) return subject;
      const { number } = subject;
      const heights = (await changes(number, signal)).filter((height) => height < number);
      const headers = [...heights, number].map((height) => headerAt(store, height));
      const genesisHash = store.hashOf(0n);
      const hash = store.hashOf(number);
      invariant(genesisHash !== undefined && hash !== undefined, 'a proved block is stored');
      const bundle = encodeProofBundle({ genesisHash, headers, subject: subject.subject });
      return { ok: true, bundle, number, hash };
    },
  };
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
  if (typeof proof === 'string') {
    const reason =
      proof === 'before-records'
        ? 'is older than the records that a proof takes'
        : 'is too long ago: too much has changed since';
    return refuse('NODE_NO_PROOF', `block ${at} ${reason}`);
  }
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

/** Heights at which the headers list another set than the block before, up to one; found once each. */
function createSetChanges(
  store: ProofStore,
  breathe: () => Promise<void>,
): (upTo: Height, signal: AbortSignal) => Promise<readonly Height[]> {
  const changes: Height[] = [];
  let looked = { height: 0n, set: setOf(headerAt(store, 0n)) };
  return async (upTo, signal) => {
    while (looked.height < upTo) {
      const height = looked.height + 1n;
      const set = setOf(headerAt(store, height));
      if (set !== looked.set) changes.push(height);
      // Before the pause: another request may look meanwhile, and goes on from here.
      looked = { height, set };
      if (height % HEADERS_PER_TURN === 0n) {
        await breathe();
        signal.throwIfAborted();
      }
    }
    return changes.filter((height) => height <= upTo);
  };
}

function headerAt(store: ProofStore, height: Height): BlockHeader {
  const header = store.header(height);
  invariant(header !== undefined, 'every header up to the head is stored');
  return header;
}

function setOf(header: BlockHeader): string {
  const decoded = decodeExtraData(header.extraData);
  invariant(decoded.ok, 'a stored header has QBFT extraData');
  return decoded.extraData.validators.join();
}
