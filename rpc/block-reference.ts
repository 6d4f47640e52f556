/**
 * How a caller names a block: a number, a tag, a hash, or the object of EIP-1898.
 *
 * Blocks are final when they exist, so `latest`, `safe`, `finalized` and `pending` all mean the head.
 */
import { Type } from 'typebox';
import type { Hash, Height } from '../ledger/model/index.ts';
import { booleanParam, type Codec, objectOf, optional, refuseValue } from './codec.ts';
import { invalidParams, RpcRefusal } from './errors.ts';
import type { ChainPort } from './ports.ts';
import { hashParam, quantityParam } from './values.ts';

export type BlockTag = 'latest' | 'safe' | 'finalized' | 'pending' | 'earliest';

export type BlockReference =
  | { readonly kind: 'tag'; readonly tag: BlockTag }
  | { readonly kind: 'number'; readonly number: Height }
  | { readonly kind: 'hash'; readonly hash: Hash };

const TAGS: readonly BlockTag[] = ['latest', 'safe', 'finalized', 'pending', 'earliest'];
const heightParam = quantityParam(64, 'block number');
const blockObject = objectOf(
  {
    blockNumber: optional(heightParam),
    blockHash: optional(hashParam),
    requireCanonical: optional(booleanParam),
  },
  'EIP-1898: blockNumber or blockHash',
);

/** A number or a tag. */
export const blockNumberParam: Codec<BlockReference> = {
  schema: Type.Union([heightParam.schema, Type.Union(TAGS.map((tag) => Type.Literal(tag)))], {
    description: 'block number or tag',
  }),
  decode: (value, path) => {
    const tag = TAGS.find((name) => name === value);
    if (tag !== undefined) return { kind: 'tag', tag };
    if (typeof value === 'string' && value.startsWith('0x')) {
      return { kind: 'number', number: heightParam.decode(value, path) };
    }
    return refuseValue(path, `want a block number or one of ${TAGS.join(', ')}`, value);
  },
};

/** A number, a tag, a hash or an object of EIP-1898. */
export const blockParam: Codec<BlockReference> = {
  schema: Type.Union([blockNumberParam.schema, hashParam.schema, blockObject.schema], {
    description: 'block number, tag, hash, or object of EIP-1898',
  }),
  decode: (value, path) => {
    if (typeof value === 'string') {
      return value.length === 66
        ? { kind: 'hash', hash: hashParam.decode(value, path) }
        : blockNumberParam.decode(value, path);
    }
    const { blockNumber, blockHash } = blockObject.decode(value, path);
    if (blockNumber !== undefined && blockHash === undefined) {
      return { kind: 'number', number: blockNumber };
    }
    if (blockHash !== undefined && blockNumber === undefined) {
      return { kind: 'hash', hash: blockHash };
    }
    throw invalidParams(`invalid ${path}: want either blockNumber or blockHash`);
  },
};

/** What a left-out block parameter means. */
export const LATEST: BlockReference = { kind: 'tag', tag: 'latest' };

/** The height of a block that exists; undefined for any other. */
export function findBlock(chain: ChainPort, reference: BlockReference): Height | undefined {
  switch (reference.kind) {
    case 'tag':
      return reference.tag === 'earliest' ? 0n : chain.head().header.number;
    case 'number':
      return reference.number <= chain.head().header.number ? reference.number : undefined;
    case 'hash':
      return chain.numberOf(reference.hash);
  }
}

/** As `findBlock`. @throws RpcRefusal RPC_BLOCK_NOT_FOUND */
export function requireBlock(chain: ChainPort, reference: BlockReference): Height {
  const number = findBlock(chain, reference);
  if (number === undefined) throw new RpcRefusal('RPC_BLOCK_NOT_FOUND', 'header not found');
  return number;
}
