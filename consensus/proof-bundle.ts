/**
 * Proofs that need nobody's word: the headers that lead from the validators of the genesis file to the one of
 * a block, and the way from that header to what is proved. Proofs P-1, P-2 of the specification.
 */
import { keccak256 } from '#crypto';
import {
  type Address,
  type BlockHeader,
  concatBytes,
  decodeHeader,
  decodeRlp,
  encodeHeader,
  encodeRlp,
  equalBytes,
  type Hash,
  type RlpItem,
  type Verdict,
} from '../ledger/model/index.ts';
import { type ConsensusCode, refuse } from './errors.ts';

export type MerkleProof = readonly Uint8Array[];

/** What a bundle proves about the block of its last header. */
export type ProofSubject =
  | {
      readonly kind: 'account';
      readonly address: Address;
      readonly proof: MerkleProof;
      readonly slots: readonly { readonly slot: Uint8Array; readonly proof: MerkleProof }[];
    }
  | { readonly kind: 'transaction'; readonly index: number; readonly proof: MerkleProof }
  | {
      readonly kind: 'receipt';
      readonly index: number;
      readonly proof: MerkleProof;
      /** Of the transaction that the receipt is of. */
      readonly transactionProof: MerkleProof;
    };

/** Who seals a header that lists nobody: what the contract named in the state after its parent. P-7 */
export type NamedBy = {
  /** In round 0 and without seals, or with those of validators that are trusted before it. */
  readonly parent: BlockHeader;
  /** Of the contract, from the parent's state root. */
  readonly account: MerkleProof;
  /** Of all slots of the set together, each node once. */
  readonly storage: MerkleProof;
};

export type SealedStep = {
  readonly header: BlockHeader;
  /** Where a contract names the validators. */
  readonly namedBy: NamedBy | undefined;
};

export type ProofBundle = {
  readonly genesisHash: Hash;
  /** Ascending: each with another set than the one before it, and the one of the block. */
  readonly headers: readonly SealedStep[];
  readonly subject: ProofSubject;
};

/** 1: no contract names anybody; 2: in some header one does. */
const VERSIONS = [1, 2] as const;
/** A proof of a thousand slots in a trie of a billion takes less than 8 MiB. */
const MAX_BUNDLE_BYTES: number = 16 * 1024 * 1024;
const KINDS = ['account', 'transaction', 'receipt'] as const;

export function encodeProofBundle({ genesisHash, headers, subject }: ProofBundle): Uint8Array {
  const body = concatBytes(
    Uint8Array.of(versionOf(headers)),
    encodeRlp([genesisHash, headers.map(stepItem), subjectItem(subject)]),
  );
  return concatBytes(body, keccak256(body));
}

function versionOf(headers: readonly SealedStep[]): (typeof VERSIONS)[number] {
  return headers.some(({ namedBy }) => namedBy !== undefined) ? 2 : 1;
}

function stepItem({ header, namedBy }: SealedStep): RlpItem {
  const encoded = encodeHeader(header);
  if (namedBy === undefined) return encoded;
  return [encoded, encodeHeader(namedBy.parent), namedBy.account, namedBy.storage];
}

function subjectItem(subject: ProofSubject): RlpItem {
  const kind = Uint8Array.of(KINDS.indexOf(subject.kind) + 1);
  switch (subject.kind) {
    case 'account':
      return [
        kind,
        subject.address,
        subject.proof,
        subject.slots.map(({ slot, proof }) => [slot, proof]),
      ];
    case 'transaction':
      return [kind, indexItem(subject.index), subject.proof];
    case 'receipt':
      return [kind, indexItem(subject.index), subject.proof, subject.transactionProof];
  }
}

/** Four bytes, so that each index has one form. */
function indexItem(index: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, index);
  return bytes;
}

/**
 * What a bundle holds; nothing of it is checked yet.
 * Refuses with CONSENSUS_TOO_LARGE, CONSENSUS_UNKNOWN_VERSION or CONSENSUS_MALFORMED.
 */
export function decodeProofBundle(
  bytes: Uint8Array,
): Verdict<{ readonly bundle: ProofBundle }, ConsensusCode> {
  if (bytes.length > MAX_BUNDLE_BYTES) {
    return refuse('CONSENSUS_TOO_LARGE', `a proof of ${bytes.length} bytes`);
  }
  const malformed = (what: string) => refuse('CONSENSUS_MALFORMED', `the proof ${what}`);
  if (bytes.length < 34) return malformed('is cut short');
  const body = bytes.subarray(0, bytes.length - 32);
  if (!equalBytes(keccak256(body), bytes.subarray(bytes.length - 32))) {
    return malformed('was changed on its way: its checksum is wrong');
  }
  const version = VERSIONS.find((known) => known === body[0]);
  if (version === undefined) {
    return refuse('CONSENSUS_UNKNOWN_VERSION', `the proof has version ${body[0]}`);
  }
  const decoded = decodeRlp(body.subarray(1));
  if (!decoded.ok) return malformed(`is not canonical: ${decoded.message}`);
  const [genesisHash, headerItems, subjectList, ...more] = listOf(decoded.item);
  const headers = listOf(headerItems).map(stepFrom);
  const subject = subjectFrom(listOf(subjectList));
  if (!isBytes(genesisHash, 32) || headerItems instanceof Uint8Array || more.length > 0) {
    return malformed('has other parts than it should');
  }
  if (!headers.every((header) => header !== undefined) || subject === undefined) {
    return malformed('has a header or a subject of another shape');
  }
  if (version !== versionOf(headers)) return malformed('has the version of another shape');
  return { ok: true, bundle: { genesisHash: genesisHash as Hash, headers, subject } };
}

function subjectFrom(items: readonly RlpItem[]): ProofSubject | undefined {
  const [kind, first, ...rest] = items;
  if (!isBytes(kind, 1) || first === undefined) return undefined;
  const name = KINDS[(kind[0] as number) - 1];
  if (name === 'account') {
    const [proof, slots, ...more] = rest;
    const nodes = proofFrom(proof);
    const proved = slots instanceof Uint8Array ? undefined : listOf(slots).map(slotFrom);
    if (!isBytes(first, 20) || nodes === undefined || proved === undefined) return undefined;
    if (more.length > 0 || !proved.every((slot) => slot !== undefined)) return undefined;
    return { kind: name, address: first as Address, proof: nodes, slots: proved };
  }
  const [proof, transactionProof, ...more] = rest;
  const nodes = proofFrom(proof);
  if (!isBytes(first, 4) || nodes === undefined || more.length > 0) return undefined;
  const index = new DataView(first.buffer, first.byteOffset).getUint32(0);
  if (name === 'transaction') {
    return transactionProof === undefined ? { kind: name, index, proof: nodes } : undefined;
  }
  const transactionNodes = proofFrom(transactionProof);
  return name === undefined || transactionNodes === undefined
    ? undefined
    : { kind: name, index, proof: nodes, transactionProof: transactionNodes };
}

function slotFrom(
  item: RlpItem,
): { readonly slot: Uint8Array; readonly proof: MerkleProof } | undefined {
  const [slot, proof, ...more] = listOf(item);
  const nodes = proofFrom(proof);
  if (!isBytes(slot, 32) || nodes === undefined || more.length > 0) return undefined;
  return { slot, proof: nodes };
}

function proofFrom(item: RlpItem | undefined): MerkleProof | undefined {
  if (item === undefined || item instanceof Uint8Array) return undefined;
  return item.every((node) => node instanceof Uint8Array) ? (item as MerkleProof) : undefined;
}

function stepFrom(item: RlpItem): SealedStep | undefined {
  if (item instanceof Uint8Array) {
    const header = headerFrom(item);
    return header && { header, namedBy: undefined };
  }
  const [headerItem, parentItem, accountItem, storageItem, ...more] = item;
  const header = headerFrom(headerItem);
  const parent = headerFrom(parentItem);
  const account = proofFrom(accountItem);
  const storage = proofFrom(storageItem);
  return header && parent && account && storage && more.length === 0
    ? { header, namedBy: { parent, account, storage } }
    : undefined;
}

function headerFrom(item: RlpItem | undefined): BlockHeader | undefined {
  if (!(item instanceof Uint8Array)) return undefined;
  const decoded = decodeHeader(item);
  return decoded.ok ? decoded.header : undefined;
}

function listOf(item: RlpItem | undefined): readonly RlpItem[] {
  return item === undefined || item instanceof Uint8Array ? [] : item;
}

function isBytes(item: RlpItem | undefined, length: number): item is Uint8Array {
  return item instanceof Uint8Array && item.length === length;
}
