/**
 * The one verifier of proofs. It needs a genesis file and nothing else: it follows the validators from header to
 * header, each sealed by a quorum of its own set and by more than a third of the set that was trusted last, and
 * then the Merkle way down from the last of them. Proofs P-3, P-4, P-5, P-6 of the specification.
 */
import { keccak256 } from '#crypto';
import {
  type Account,
  type Address,
  type BlockHeader,
  bytesToBigint,
  commitSealHash,
  decodeAccount,
  decodeExtraData,
  decodeReceipt,
  decodeRlp,
  decodeTransaction,
  EMPTY_ROOT,
  equalBytes,
  type Hash,
  headerHash,
  type Receipt,
  type Transaction,
  type Verdict,
  verifyOrderedProof,
  verifyTrieProof,
} from '../ledger/model/index.ts';
import { type ConsensusCode, refuse } from './errors.ts';
import { decodeProofBundle, type ProofBundle, type ProofSubject } from './proof-bundle.ts';
import { type QbftOptions, qbftRulesAt } from './schedule.ts';
import { isAscending, isMember } from './validators.ts';
import { verifySeals } from './verify-seals.ts';

/** What of a genesis file a proof rests on. */
export type TrustAnchor = {
  readonly hash: Hash;
  /** Who seals block 1. */
  readonly validators: readonly Address[];
  readonly qbft: QbftOptions;
};

export type ProvedFact =
  | {
      readonly kind: 'account';
      readonly address: Address;
      /** Undefined: there is no such account. */
      readonly account: Account | undefined;
      readonly slots: readonly { readonly slot: Uint8Array; readonly value: bigint }[];
    }
  | { readonly kind: 'transaction'; readonly index: number; readonly transaction: Transaction }
  | {
      readonly kind: 'receipt';
      readonly index: number;
      readonly transaction: Transaction;
      readonly receipt: Receipt;
    };

export type Proved = {
  readonly header: BlockHeader;
  readonly hash: Hash;
  readonly fact: ProvedFact;
};

/**
 * Refuses with CONSENSUS_TOO_LARGE, CONSENSUS_UNKNOWN_VERSION, CONSENSUS_MALFORMED,
 * CONSENSUS_FOREIGN_PROOF, CONSENSUS_UNTRUSTED_VALIDATORS, CONSENSUS_PROOF_BY_CONTRACT,
 * CONSENSUS_PROOF_INVALID, or a code of `verifySeals`; never throws.
 */
export function verifyProofBundle(
  bytes: Uint8Array,
  anchor: TrustAnchor,
): Verdict<Proved, ConsensusCode> {
  const decoded = decodeProofBundle(bytes);
  if (!decoded.ok) return decoded;
  const { bundle } = decoded;
  if (!equalBytes(bundle.genesisHash, anchor.hash)) {
    return refuse('CONSENSUS_FOREIGN_PROOF', 'the proof is of the chain of another genesis');
  }
  const trusted = followHeaders(bundle, anchor);
  if (!trusted.ok) return trusted;
  const { header } = trusted;
  const fact = factOf(bundle.subject, header);
  return fact.ok ? { ok: true, header, hash: headerHash(header, 'qbft'), fact: fact.fact } : fact;
}

/** The last header, once every one is trusted. P-3, P-4 */
function followHeaders(
  { headers }: ProofBundle,
  anchor: TrustAnchor,
): Verdict<{ readonly header: BlockHeader }, ConsensusCode> {
  let trusted: Trusted = { height: 0n, validators: anchor.validators };
  let newest: BlockHeader | undefined;
  for (const header of headers) {
    if (newest !== undefined && header.number <= newest.number) {
      return refuse('CONSENSUS_MALFORMED', 'the headers of the proof do not ascend');
    }
    const verdict =
      header.number === 0n ? isGenesis(header, anchor) : isSealed(header, trusted, anchor);
    if (!verdict.ok) return verdict;
    trusted = { height: header.number, validators: verdict.validators };
    newest = header;
  }
  return newest === undefined
    ? refuse('CONSENSUS_MALFORMED', 'the proof has no header')
    : { ok: true, header: newest };
}

type Trusted = { readonly height: bigint; readonly validators: readonly Address[] };
type HeaderVerdict = Verdict<{ readonly validators: readonly Address[] }, ConsensusCode>;

function isGenesis(header: BlockHeader, { hash, validators }: TrustAnchor): HeaderVerdict {
  return equalBytes(headerHash(header, 'qbft'), hash)
    ? { ok: true, validators }
    : refuse('CONSENSUS_FOREIGN_PROOF', 'block 0 of the proof is another one');
}

/** P-3: a quorum of the header's own set, and more than a third of the set trusted last. */
function isSealed(header: BlockHeader, trusted: Trusted, { qbft }: TrustAnchor): HeaderVerdict {
  const place = `block ${header.number}`;
  if (qbftRulesAt(qbft, header.number).source.kind === 'contract') {
    return refuse(
      'CONSENSUS_PROOF_BY_CONTRACT',
      `a contract names the validators of ${place}: the header alone does not say who they are`,
    );
  }
  const decoded = decodeExtraData(header.extraData);
  if (!decoded.ok) return refuse('CONSENSUS_BAD_HEADER', `${place}: ${decoded.message}`);
  const { validators, seals } = decoded.extraData;
  if (validators.length === 0 || !isAscending(validators)) {
    return refuse('CONSENSUS_WRONG_VALIDATORS', `${place} lists no ascending set`);
  }
  const sealed = verifySeals(commitSealHash(header), seals, validators);
  if (!sealed.ok) return { ...sealed, message: `${place}: ${sealed.message}` };
  const known = trustedAt(header.number, trusted, qbft);
  const overlap = sealed.signers.filter((signer) => isMember(known, signer)).length;
  if (3 * overlap <= known.length) {
    return refuse(
      'CONSENSUS_UNTRUSTED_VALIDATORS',
      `${place} is sealed by ${overlap} of the ${known.length} validators trusted before it`,
    );
  }
  return { ok: true, validators };
}

/** A set that the genesis file lists for a later height replaces what votes have made before. P-4 */
function trustedAt(
  height: bigint,
  trusted: Trusted,
  { transitions }: QbftOptions,
): readonly Address[] {
  const listed = transitions.findLast(
    ({ from, validators }) => validators !== undefined && from <= height && from > trusted.height,
  );
  return listed?.validators ?? trusted.validators;
}

type FactVerdict = Verdict<{ readonly fact: ProvedFact }, ConsensusCode>;

/** P-5 */
function factOf(subject: ProofSubject, header: BlockHeader): FactVerdict {
  switch (subject.kind) {
    case 'account':
      return accountFact(subject, header);
    case 'transaction': {
      const transaction = transactionAt(header, subject.index, subject.proof);
      if (transaction === undefined) return invalid('leads to no transaction');
      return { ok: true, fact: { kind: 'transaction', index: subject.index, transaction } };
    }
    case 'receipt': {
      const { index } = subject;
      const transaction = transactionAt(header, index, subject.transactionProof);
      const proved = verifyOrderedProof(header.receiptsRoot, index, subject.proof);
      const decoded = proved.ok && proved.value !== undefined && decodeReceipt(proved.value);
      if (transaction === undefined || !decoded || !decoded.ok) {
        return invalid('leads to no transaction and its receipt');
      }
      const { receipt } = decoded;
      return { ok: true, fact: { kind: 'receipt', index, transaction, receipt } };
    }
  }
}

function transactionAt(
  header: BlockHeader,
  index: number,
  proof: readonly Uint8Array[],
): Transaction | undefined {
  const proved = verifyOrderedProof(header.transactionsRoot, index, proof);
  if (!proved.ok || proved.value === undefined) return undefined;
  const decoded = decodeTransaction(proved.value);
  return decoded.ok ? decoded.transaction : undefined;
}

function accountFact(
  { address, proof, slots }: Extract<ProofSubject, { kind: 'account' }>,
  header: BlockHeader,
): FactVerdict {
  const proved = verifyTrieProof(header.stateRoot, keccak256(address), proof);
  if (!proved.ok) return invalid(`of the account: ${proved.message}`);
  const decoded = proved.value === undefined ? undefined : decodeAccount(proved.value);
  if (decoded?.ok === false) return invalid('leads to something that is no account');
  const account = decoded?.account;
  const values: { readonly slot: Uint8Array; readonly value: bigint }[] = [];
  for (const { slot, proof: slotProof } of slots) {
    const value = slotValue(account?.storageRoot ?? EMPTY_ROOT, slot, slotProof);
    if (value === undefined) return invalid('of a slot does not lead to its value');
    values.push({ slot, value });
  }
  return { ok: true, fact: { kind: 'account', address, account, slots: values } };
}

function slotValue(root: Hash, slot: Uint8Array, proof: readonly Uint8Array[]): bigint | undefined {
  const proved = verifyTrieProof(root, keccak256(slot), proof);
  if (!proved.ok) return undefined;
  if (proved.value === undefined) return 0n;
  const decoded = decodeRlp(proved.value);
  return decoded.ok && decoded.item instanceof Uint8Array ? bytesToBigint(decoded.item) : undefined;
}

function invalid(what: string): FactVerdict {
  return refuse('CONSENSUS_PROOF_INVALID', `the Merkle proof ${what}`);
}
