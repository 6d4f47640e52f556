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
  decodeAccount,
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
import { follow, type TrustAnchor, trustedAtFirst } from './trust-path.ts';

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
 * CONSENSUS_FOREIGN_PROOF, CONSENSUS_UNTRUSTED_VALIDATORS, CONSENSUS_WRONG_VALIDATORS,
 * CONSENSUS_BAD_HEADER, CONSENSUS_PROOF_BY_CONTRACT, CONSENSUS_PROOF_INVALID, or a code of
 * `verifySeals`; never throws.
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
  let trusted = trustedAtFirst(anchor);
  let newest: BlockHeader | undefined;
  for (const step of headers) {
    const { header } = step;
    if (newest !== undefined && header.number <= newest.number) {
      return refuse('CONSENSUS_MALFORMED', 'the headers of the proof do not ascend');
    }
    const verdict = follow(trusted, step, anchor);
    if (!verdict.ok) return verdict;
    ({ trusted } = verdict);
    newest = header;
  }
  return newest === undefined
    ? refuse('CONSENSUS_MALFORMED', 'the proof has no header')
    : { ok: true, header: newest };
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
