/**
 * The two hashes of a QBFT header, and the plain one.
 *
 * On chain, a QBFT header is known by its hash with round 0 and without seals, because seals differ
 * between nodes; a commit seal signs the hash with the round kept. Block 0 is hashed as it is.
 */
import { keccak256 } from '#crypto';
import type { Hash } from './bytes.ts';
import { invariant } from './errors.ts';
import { decodeExtraData, encodeExtraData, type QbftExtraData } from './extra-data.ts';
import type { BlockHeader, HeaderHashRule } from './header.ts';
import { encodeHeader } from './header-codec.ts';

/**
 * The block's hash. A header whose extraData is not QBFT's is hashed as it is, whatever the rule: it
 * is valid nowhere, and its hash cannot be that of a valid one.
 */
export function headerHash(header: BlockHeader, rule: HeaderHashRule): Hash {
  if (rule === 'plain' || header.number === 0n) return keccak256(encodeHeader(header));
  return hashWith(header, { round: 0, seals: [] });
}

/** What a commit seal signs, and the digest by which consensus names a proposal: round kept, no seals. */
export function commitSealHash(header: BlockHeader): Hash {
  return hashWith(header, { seals: [] });
}

/** The same header in another round. @throws InvariantError unless its extraData is QBFT's */
export function withRound(header: BlockHeader, round: number): BlockHeader {
  return withExtraData(header, { round });
}

/** The same header with these seals (65 bytes each). @throws InvariantError unless its extraData is QBFT's */
export function withSeals(header: BlockHeader, seals: readonly Uint8Array[]): BlockHeader {
  return withExtraData(header, { seals });
}

function hashWith(header: BlockHeader, change: Partial<QbftExtraData>): Hash {
  const decoded = decodeExtraData(header.extraData);
  if (!decoded.ok) return keccak256(encodeHeader(header));
  const extraData = encodeExtraData({ ...decoded.extraData, ...change });
  return keccak256(encodeHeader({ ...header, extraData }));
}

function withExtraData(header: BlockHeader, change: Partial<QbftExtraData>): BlockHeader {
  const decoded = decodeExtraData(header.extraData);
  invariant(decoded.ok, 'a header that gets a round or seals has the extraData of QBFT');
  return { ...header, extraData: encodeExtraData({ ...decoded.extraData, ...change }) };
}
