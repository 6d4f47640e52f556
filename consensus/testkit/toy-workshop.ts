/** The transactions and blocks that a simulated node has in memory. A crash empties it. */
import {
  type BlockHeader,
  commitSealHash,
  equalBytes,
  type Hash,
  keyOf,
} from '../../ledger/model/index.ts';
import type { Effect } from '../effect.ts';
import type { BlockValidation } from '../input.ts';
import { isToyBlockValid, type ToyBody } from './toy-chain.ts';

export type ToyWorkshop = {
  /** Transactions that wait, in the order in which they came. */
  waiting(): readonly Hash[];
  add(transaction: Hash): void;
  keep(body: ToyBody): void;
  body(digest: Hash): ToyBody | undefined;
  /** The block that is to be validated, if everything of it is here. */
  complete(request: Extract<Effect, { kind: 'validate-block' }>): ToyBody | undefined;
  /** Executes; a valid block is kept. */
  validate(parent: BlockHeader, body: ToyBody): BlockValidation;
  /** A block is final: what it held waits no longer. */
  forget(block: ToyBody): void;
};

export function createToyWorkshop(): ToyWorkshop {
  const pool = new Map<string, Hash>();
  const bodies = new Map<string, ToyBody>();

  const isHere = (transaction: Hash): boolean =>
    pool.has(keyOf(transaction)) ||
    [...bodies.values()].some((body) => includes(body, transaction));
  const keep = (body: ToyBody): void => {
    bodies.set(keyOf(commitSealHash(body.header)), body);
  };

  return {
    waiting: () => [...pool.values()],
    add: (transaction) => pool.set(keyOf(transaction), transaction),
    keep,
    body: (digest) => bodies.get(keyOf(digest)),
    complete: ({ digest, proposal }) => {
      const known = bodies.get(keyOf(digest));
      if (known !== undefined) return known;
      return proposal?.transactionHashes.every(isHere) === true ? proposal : undefined;
    },
    validate: (parent, body) => {
      if (!isToyBlockValid(parent, body)) {
        return { ok: false, code: 'TOY_WRONG_ROOT', message: 'another root' };
      }
      keep(body);
      return { ok: true, ...body };
    },
    forget: (block) => {
      for (const hash of block.transactionHashes) pool.delete(keyOf(hash));
      bodies.clear();
    },
  };
}

export function includes(block: ToyBody, transaction: Hash): boolean {
  return block.transactionHashes.some((hash) => equalBytes(hash, transaction));
}
