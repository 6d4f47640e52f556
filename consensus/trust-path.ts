/**
 * From the validators that are trusted to those of a later header: it is sealed by a quorum of its own set, and more
 * than a third of the set trusted before vouches for it. Proofs P-3, P-4, P-7 of the specification.
 */
import { keccak256 } from '#crypto';
import {
  type Address,
  type BlockHeader,
  bytesToHex,
  commitSealHash,
  decodeAccount,
  decodeExtraData,
  decodeRlp,
  equalBytes,
  type Hash,
  headerHash,
  keyOf,
  openTrieProof,
  type QbftExtraData,
  type Verdict,
  verifyTrieProof,
  withRound,
  withSeals,
} from '../ledger/model/index.ts';
import { readNamedSet } from './contract-set.ts';
import { type ConsensusCode, refuse } from './errors.ts';
import type { NamedBy, SealedStep } from './proof-bundle.ts';
import { type QbftOptions, qbftRulesAt } from './schedule.ts';
import { isAscending, isMember } from './validators.ts';
import { sealerOf, verifySeals } from './verify-seals.ts';

/** What of a genesis file a proof rests on. */
export type TrustAnchor = {
  readonly hash: Hash;
  /** Who seals block 1; nobody where a contract of block 0 names them. */
  readonly validators: readonly Address[];
  readonly qbft: QbftOptions;
};

/** The newest header that is trusted, and its set. */
export type Trusted = {
  readonly height: bigint;
  readonly hash: Hash;
  readonly validators: readonly Address[];
};

type TrustVerdict = Verdict<{ readonly trusted: Trusted }, ConsensusCode>;

export function trustedAtFirst({ hash, validators }: TrustAnchor): Trusted {
  return { height: 0n, hash, validators };
}

/**
 * The same with a later header. Refuses with CONSENSUS_FOREIGN_PROOF, CONSENSUS_MALFORMED,
 * CONSENSUS_BAD_HEADER, CONSENSUS_WRONG_VALIDATORS, CONSENSUS_UNTRUSTED_VALIDATORS,
 * CONSENSUS_PROOF_BY_CONTRACT, CONSENSUS_PROOF_INVALID, or a code of `verifySeals`.
 */
export function follow(trusted: Trusted, step: SealedStep, anchor: TrustAnchor): TrustVerdict {
  const { header } = step;
  if (header.number === 0n) return followGenesis(step, anchor);
  const place = `block ${header.number}`;
  const decoded = decodeExtraData(header.extraData);
  if (!decoded.ok) return refuse('CONSENSUS_BAD_HEADER', `${place}: ${decoded.message}`);
  const own = setOf(step, decoded.extraData, anchor);
  if (!own.ok) return { ...own, message: `${place}: ${own.message}` };
  const { validators } = own;
  const sealed = verifySeals(commitSealHash(header), decoded.extraData.seals, validators);
  if (!sealed.ok) return { ...sealed, message: `${place}: ${sealed.message}` };
  const vouched = isVouchedFor(step, sealed.signers, trusted, anchor);
  if (!vouched.ok) return { ...vouched, message: `${place} ${vouched.message}` };
  const hash = headerHash(header, 'qbft');
  return { ok: true, trusted: { height: header.number, hash, validators } };
}

function followGenesis({ header, namedBy }: SealedStep, anchor: TrustAnchor): TrustVerdict {
  return namedBy === undefined && equalBytes(headerHash(header, 'qbft'), anchor.hash)
    ? { ok: true, trusted: trustedAtFirst(anchor) }
    : refuse('CONSENSUS_FOREIGN_PROOF', 'block 0 of the proof is another one');
}

type SetVerdict = Verdict<{ readonly validators: readonly Address[] }, ConsensusCode>;

function setOf(
  { header, namedBy }: SealedStep,
  { validators }: QbftExtraData,
  { qbft }: TrustAnchor,
): SetVerdict {
  const { source } = qbftRulesAt(qbft, header.number);
  if (source.kind === 'headers') {
    if (namedBy !== undefined) return refuse('CONSENSUS_MALFORMED', 'no contract names its set');
    return validators.length > 0 && isAscending(validators)
      ? { ok: true, validators }
      : refuse('CONSENSUS_WRONG_VALIDATORS', 'it lists no ascending set');
  }
  if (validators.length > 0) {
    return refuse('CONSENSUS_WRONG_VALIDATORS', 'it lists validators where a contract names them');
  }
  return namedBy === undefined
    ? refuse('CONSENSUS_MALFORMED', 'a contract names its set, which the proof does not prove')
    : namedSet(source.address, header, namedBy);
}

/** P-7: the length and every member, in the storage of the contract after the parent. */
function namedSet(
  contract: Address,
  header: BlockHeader,
  { parent, account: proof, storage }: NamedBy,
): SetVerdict {
  if (
    parent.number + 1n !== header.number ||
    !equalBytes(headerHash(parent, 'qbft'), header.parentHash)
  ) {
    return refuse('CONSENSUS_MALFORMED', 'its parent is another block');
  }
  const invalid = (what: string) =>
    refuse('CONSENSUS_PROOF_INVALID', `the Merkle proof of its validators ${what}`);
  const proved = verifyTrieProof(parent.stateRoot, keccak256(contract), proof);
  if (!proved.ok || proved.value === undefined) return invalid('leads to no contract');
  const account = decodeAccount(proved.value);
  if (!account.ok) return invalid('leads to something that is no account');
  const { codeHash, storageRoot } = account.account;
  const reader = openTrieProof(storageRoot, storage);
  const named = readNamedSet(codeHash, (slot) => {
    const read = reader.read(keccak256(slot));
    if (!read.ok) return invalid(`is of no use: ${read.message}`);
    if (read.value === undefined) return { ok: true, value: new Uint8Array(0) };
    const value = decodeRlp(read.value);
    return value.ok && value.item instanceof Uint8Array
      ? { ok: true, value: value.item }
      : invalid('leads to something that is no value');
  });
  if (!named.ok) return { ...named, message: `${named.message} (${bytesToHex(contract)})` };
  return reader.isUsedUp() ? named : invalid('is too long');
}

/**
 * P-3, P-7. Where a contract names the set, its parent may be vouched for instead: it is what the contract's state is
 * read from. A parent that need not be vouched for carries nothing, so that each proof has one form.
 */
function isVouchedFor(
  { header, namedBy }: SealedStep,
  signers: readonly Address[],
  trusted: Trusted,
  { qbft }: TrustAnchor,
): Verdict<object, ConsensusCode> {
  const known = trustedAt(header.number, trusted, qbft);
  const overlap = signers.filter((signer) => isMember(known, signer)).length;
  const isVouched = known.length > 0 && 3 * overlap > known.length;
  const untrusted = refuse(
    'CONSENSUS_UNTRUSTED_VALIDATORS',
    `is sealed by ${overlap} of the ${known.length} validators trusted before it`,
  );
  if (namedBy === undefined) return isVouched ? { ok: true } : untrusted;
  const { parent } = namedBy;
  const isTrusted = equalBytes(headerHash(parent, 'qbft'), trusted.hash);
  if (isVouched || isTrusted) {
    return isBare(parent)
      ? { ok: true }
      : refuse('CONSENSUS_MALFORMED', 'has a parent with seals that nobody needs');
  }
  const before = trustedAt(parent.number, trusted, qbft);
  const vouching = sealersAmong(parent, before);
  if (vouching === undefined) {
    return refuse('CONSENSUS_BAD_SEAL', 'has a parent with a seal of nobody who is trusted');
  }
  return before.length > 0 && 3 * vouching.length > before.length ? { ok: true } : untrusted;
}

/** In round 0 and without seals. Block 0 is hashed as it is. */
function isBare(header: BlockHeader): boolean {
  if (header.number === 0n) return true;
  const decoded = decodeExtraData(header.extraData);
  return decoded.ok && decoded.extraData.round === 0 && decoded.extraData.seals.length === 0;
}

/** Who sealed; undefined unless all of them are of that set, each once. */
function sealersAmong(
  header: BlockHeader,
  set: readonly Address[],
): readonly Address[] | undefined {
  const decoded = decodeExtraData(header.extraData);
  if (!decoded.ok || decoded.extraData.seals.length > set.length) return undefined;
  const digest = commitSealHash(header);
  const signers = decoded.extraData.seals.map((seal) => sealerOf(digest, seal));
  const known = signers.filter((signer) => signer !== undefined && isMember(set, signer));
  const isSound = known.length === signers.length;
  return isSound && new Set(known.map((signer) => keyOf(signer as Address))).size === known.length
    ? (known as readonly Address[])
    : undefined;
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

/** The parent as a proof carries it: bare where that is enough, else with the seals that vouch for it. */
export function asWitness(
  parent: BlockHeader,
  trusted: Trusted,
  { qbft }: TrustAnchor,
  vouches: boolean,
): BlockHeader {
  if (parent.number === 0n) return parent;
  if (!vouches) return withRound(withSeals(parent, []), 0);
  const decoded = decodeExtraData(parent.extraData);
  const set = trustedAt(parent.number, trusted, qbft);
  const digest = commitSealHash(parent);
  const seals = decoded.ok ? decoded.extraData.seals : [];
  return withSeals(
    parent,
    seals.filter((seal) => {
      const signer = sealerOf(digest, seal);
      return signer !== undefined && isMember(set, signer);
    }),
  );
}
