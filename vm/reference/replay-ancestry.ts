/** what a header of a replayed chain owes to its ancestors, and so does each ommer. */
import type { Block, BlockHeader as LibraryHeader } from '@ethereumjs/block';
import {
  type BlockHeader,
  equalBytes,
  type Hash,
  type Height,
  headerHash,
  type Refusal,
  refuse,
} from '../../ledger/model/index.ts';

/** The blocks below the one that is replayed. */
export type Ancestors = {
  hashOf(number: Height): Hash | undefined;
  header(number: Height): BlockHeader | undefined;
  block(number: Height): { readonly ommers: readonly BlockHeader[] } | undefined;
};

/** Yellow paper (11.1): an ommer's parent is at most this many generations above the block. */
const OMMER_DEPTH = 7n;

/** Undefined: nothing to refuse. */
export function checkAncestry(
  block: Block,
  parent: LibraryHeader,
  decoded: { readonly ommers: readonly BlockHeader[] },
  ancestors: Ancestors,
  asLibraryHeader: (header: BlockHeader) => LibraryHeader,
): Refusal | undefined {
  const refusal = checkAgainstParent(block.header, parent);
  if (refusal !== undefined) return refusal;
  const { number } = block.header;
  for (const [index, ommer] of decoded.ommers.entries()) {
    const fault = ommerFault(ommer, number, ancestors);
    if (fault !== undefined) return refuse('VM_OMMERS', `ommer ${index} ${fault}`);
    const [known, header] = [ancestors.header(ommer.number - 1n), block.uncleHeaders[index]];
    if (known === undefined || header === undefined) continue;
    const invalid = checkAgainstParent(header, asLibraryHeader(known));
    if (invalid !== undefined) {
      return refuse('VM_OMMERS', `ommer ${index} is not valid: ${invalid.message}`);
    }
  }
  return undefined;
}

function checkAgainstParent(header: LibraryHeader, parent: LibraryHeader): Refusal | undefined {
  if (header.timestamp <= parent.timestamp) {
    return refuse('VM_TIMESTAMP', `timestamp ${header.timestamp} is not after ${parent.timestamp}`);
  }
  const { common } = header;
  if (common.consensusType() === 'pow') {
    const difficulty = header.ethashCanonicalDifficulty(parent);
    if (header.difficulty !== difficulty) {
      return refuse(
        'VM_HEADER_CONSTANT',
        `difficulty ${header.difficulty}, expected ${difficulty}`,
      );
    }
  }
  const isAfterLondon = parent.baseFeePerGas !== undefined && common.isActivatedEIP(1559);
  const baseFee = isAfterLondon ? parent.calcNextBaseFee() : header.baseFeePerGas;
  if (header.baseFeePerGas !== baseFee) {
    return refuse('VM_BASE_FEE', `base fee ${header.baseFeePerGas}, expected ${baseFee}`);
  }
  try {
    header.validateGasLimit(parent);
  } catch (error) {
    return refuse('VM_GAS_LIMIT', error instanceof Error ? error.message : String(error));
  }
  return undefined;
}

/** Undefined for an ommer that has its place: a child of an ancestor, none itself, and new. */
function ommerFault(ommer: BlockHeader, number: Height, ancestors: Ancestors): string | undefined {
  const oldest = number - OMMER_DEPTH;
  const parent = ancestors.hashOf(ommer.number - 1n);
  if (ommer.number < 1n || ommer.number - 1n < oldest || ommer.number >= number) {
    return `has number ${ommer.number}, in block ${number}`;
  }
  if (parent === undefined || !equalBytes(parent, ommer.parentHash)) {
    return 'has no parent in the chain';
  }
  const hash = headerHash(ommer, 'plain');
  const own = ancestors.hashOf(ommer.number);
  if (own !== undefined && equalBytes(own, hash)) return 'is a block of the chain';
  for (let at = number - 1n; at > oldest && at > 0n; at -= 1n) {
    const earlier = ancestors.block(at)?.ommers ?? [];
    if (earlier.some((other) => equalBytes(headerHash(other, 'plain'), hash))) {
      return `was an ommer of block ${at} already`;
    }
  }
  return undefined;
}
