/**
 * Checks a finished header by its commit seals alone: no core, no parent, no state. QBFT ..R-7.3
 *
 * Seals may stand in any order (Besu writes them as they arrived).
 */
import { recoverAddress } from '#crypto';
import {
  type Address,
  type BlockHeader,
  commitSealHash,
  decodeExtraData,
  type Hash,
  keyOf,
  type Verdict,
} from '../ledger/model/index.ts';
import { type ConsensusCode, refuse } from './errors.ts';
import { isMember, quorumOf } from './validators.ts';

/** Who sealed, in the order of the seals. */
export type SealVerdict = Verdict<{ readonly signers: readonly Address[] }, ConsensusCode>;

/**
 * Recovers every seal over `digest`: all distinct, all from `validators`, at least a quorum.
 *
 * Refuses with CONSENSUS_BAD_SEAL, CONSENSUS_STRANGE_SEAL, CONSENSUS_DUPLICATE_SEAL or
 * CONSENSUS_TOO_FEW_SEALS.
 */
export function verifySeals(
  digest: Hash,
  seals: readonly Uint8Array[],
  validators: readonly Address[],
): SealVerdict {
  const quorum = quorumOf(validators.length);
  // A header cannot make us recover more signatures than there are validators.
  if (seals.length > validators.length) {
    return refuse(
      'CONSENSUS_DUPLICATE_SEAL',
      `${seals.length} seals of ${validators.length} validators`,
    );
  }
  const signers: Address[] = [];
  const seen = new Set<string>();
  for (const seal of seals) {
    const signer = sealerOf(digest, seal);
    if (signer === undefined) return refuse('CONSENSUS_BAD_SEAL', 'a seal is not a signature');
    if (!isMember(validators, signer)) {
      return refuse('CONSENSUS_STRANGE_SEAL', 'a seal is not of a validator over this header');
    }
    if (seen.has(keyOf(signer))) {
      return refuse('CONSENSUS_DUPLICATE_SEAL', 'one validator sealed twice');
    }
    seen.add(keyOf(signer));
    signers.push(signer);
  }
  if (signers.length < quorum) {
    return refuse('CONSENSUS_TOO_FEW_SEALS', `${signers.length} seals, a quorum is ${quorum}`);
  }
  return { ok: true, signers };
}

/**
 * The same for a header that carries its seals in extraData.
 * @param validators the set after the header's parent
 */
export function verifySealedHeader(
  header: BlockHeader,
  validators: readonly Address[],
): SealVerdict {
  const decoded = decodeExtraData(header.extraData);
  if (!decoded.ok) return refuse('CONSENSUS_BAD_HEADER', `extraData: ${decoded.message}`);
  return verifySeals(commitSealHash(header), decoded.extraData.seals, validators);
}

export function sealerOf(digest: Hash, seal: Uint8Array): Address | undefined {
  if (seal.length !== 65) return undefined;
  return recoverAddress(digest, seal.subarray(0, 64), seal[64] as number);
}
