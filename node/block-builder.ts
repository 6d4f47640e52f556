/** Makes a block of this validator's on a parent: transactions from the pool, a vote, the time. */
import { isEpochBlock, qbftRulesAt, type ValidatorVote } from '../consensus/index.ts';
import type { Genesis } from '../genesis/index.ts';
import {
  type Address,
  type Block,
  type BlockHeader,
  type ExecutedBlock,
  encodeExtraData,
  type Hash,
  type Height,
  keyOf,
  type StatePort,
} from '../ledger/model/index.ts';
import { buildBlock, type Engine, type SignedTransaction } from '../vm/index.ts';
import type { Clock } from './clock.ts';
import type { OwnVotes } from './own-votes.ts';
import { createPause } from './pause.ts';
import type { Pool } from './txpool/index.ts';
import type { ValidatorSet } from './validator-sets.ts';

/** What a block is built on. */
export type BuildBase = {
  readonly parent: BlockHeader;
  /** Of the new block. */
  readonly set: ValidatorSet;
  /** After the parent. */
  readonly state: StatePort;
  /** The parent while it is not stored: the pool still offers what it holds. */
  readonly pending?: Block;
};

export type BuiltBlock = {
  readonly executed: ExecutedBlock;
  /** What the pool offered and no block may hold. */
  readonly discarded: readonly { readonly hash: Hash; readonly code: string }[];
  /** Transactions of the pool had to stay out for want of room or time. */
  readonly isFull: boolean;
};

export type BlockBuilder = {
  build(base: BuildBase, round: number, isWanted?: () => boolean): Promise<BuiltBlock>;
  /** What a new block would try: fewer than a block holds, or more. */
  candidates(base: Pick<BuildBase, 'parent' | 'pending'>): readonly SignedTransaction[];
  /** The vote that a block of that height would carry. */
  voteFor(height: Height, set: ValidatorSet): ValidatorVote | undefined;
  /** The timestamp that it would have now. */
  timestampOn(parent: BlockHeader): bigint;
};

export type BlockBuilderModules = {
  readonly engine: Engine;
  readonly pool: Pick<Pool, 'executable'>;
  /** Asked for each block built here whose vote would count. */
  readonly votes: Pick<OwnVotes, 'next'>;
  readonly clock: Clock;
};

/** Executing a block that is being built stops after a quarter of the timeout, and not before this. */
const LEAST_BUILD_MS = 50;
/** Of any transaction. */
const LEAST_GAS = 21_000n;
const VANITY = new Uint8Array(32);
/** Transactions that one block tries; a block is bounded by gas and by time before that. */
const MAX_CANDIDATES = 10_000;
/** Reasons to leave a transaction out that room or time, not the transaction, is to blame for. */
const FULL: ReadonlySet<string> = new Set(['VM_BLOCK_GAS_EXCEEDED', 'VM_BLOCK_SIZE']);

/** @param self beneficiary of what is built */
export function createBlockBuilder(
  genesis: Genesis,
  self: Address,
  { engine, pool, votes, clock }: BlockBuilderModules,
): BlockBuilder {
  const { rules, qbft } = genesis;

  /** QBFT */
  const voteFor = (height: Height, set: ValidatorSet): ValidatorVote | undefined =>
    set.source === 'contract' || isEpochBlock(qbft, height) ? undefined : votes.next(set.tally);

  const candidates: BlockBuilder['candidates'] = ({ parent, pending }) => {
    if (pending === undefined) {
      return pool.executable({ gas: parent.gasLimit, count: MAX_CANDIDATES });
    }
    const taken = new Set(pending.transactions.map(({ hash }) => keyOf(hash)));
    // Room for those of the pending block, which the pool offers first if its proposer chose as we do.
    return pool
      .executable({ gas: 2n * parent.gasLimit, count: MAX_CANDIDATES + taken.size })
      .filter(({ transaction }) => !taken.has(keyOf(transaction.hash)));
  };

  /** Design D3: the parent's plus the whole seconds of the period, or the clock if that is later. */
  const timestampOn = (parent: BlockHeader): bigint => {
    const { blockPeriodMs } = qbftRulesAt(qbft, parent.number + 1n);
    const earliest = parent.timestamp + BigInt(Math.floor(blockPeriodMs / 1000));
    const now = BigInt(Math.floor(clock.now() / 1000));
    return now > earliest ? now : earliest;
  };

  const build: BlockBuilder['build'] = async (base, round, isWanted = () => true) => {
    const { parent, set, state } = base;
    const height = parent.number + 1n;
    const startedAtMs = clock.now();
    const { requestTimeoutMs } = qbftRulesAt(qbft, height);
    const budgetMs = Math.max(LEAST_BUILD_MS, Math.floor(requestTimeoutMs / 4));
    let ranOut = false;
    const transactions = candidates(base);
    const { executed, skipped } = await buildBlock(
      {
        parent,
        rules,
        timestamp: timestampOn(parent),
        beneficiary: self,
        extraData: encodeExtraData({
          vanity: VANITY,
          validators: set.source === 'contract' ? [] : set.validators,
          vote: voteFor(height, set),
          round,
          seals: [],
        }),
        gasLimit: parent.gasLimit,
        transactions,
        pause: createPause(clock),
        deadline: () => {
          ranOut ||= !isWanted() || clock.now() - startedAtMs > budgetMs;
          return ranOut;
        },
      },
      engine,
      state,
    );
    const discarded = skipped.flatMap(({ index, code }) => {
      const hash = transactions[index]?.transaction.hash;
      return hash === undefined ? [] : [{ hash, code }];
    });
    const isFull =
      ranOut || skipped.some(({ code }) => FULL.has(code)) || fillsBlock(transactions, parent);
    return { executed, discarded, isFull };
  };

  return { build, candidates, voteFor, timestampOn };
}

/** Whether those may use all gas of a block, as the pool counts: by what they may use at most. */
export function fillsBlock(
  transactions: readonly SignedTransaction[],
  { gasLimit }: Pick<BlockHeader, 'gasLimit'>,
): boolean {
  const gas = transactions.reduce((sum, { transaction }) => sum + transaction.gasLimit, 0n);
  return gas + LEAST_GAS > gasLimit;
}
