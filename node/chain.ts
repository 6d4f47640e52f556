/**
 * The chain as this node holds it: builds on its head, executes what others propose, stores what is
 * final. Execution and writes take turns, so that a state never changes under a running block.
 */
import { qbftRulesAt, verifyHeader, verifySealedHeader } from '../consensus/index.ts';
import type { Genesis } from '../genesis/index.ts';
import {
  type Address,
  type Block,
  type BlockHeader,
  CodedError,
  decodeBlock,
  type ExecutedBlock,
  equalBytes,
  type Hash,
  type Height,
  headerHash,
  invariant,
  refuse,
  transactionsRoot,
  type Verdict,
} from '../ledger/model/index.ts';
import type { ChainStore } from '../ledger/store/index.ts';
import { type Engine, validateBlock } from '../vm/index.ts';
import { createBlockBuilder } from './block-builder.ts';
import type { Clock } from './clock.ts';
import { createExclusive } from './exclusive.ts';
import type { Logger } from './logger.ts';
import type { OwnVotes } from './own-votes.ts';
import { createPause } from './pause.ts';
import { createPrebuiltBlock } from './prebuilt-block.ts';
import type { SenderRecovery } from './sender-recovery.ts';
import type { Pool } from './txpool/index.ts';
import type { ValidatorSets } from './validator-sets.ts';

export type ChainOptions = {
  readonly genesis: Genesis;
  /** Beneficiary of the blocks built here; undefined for a node that only follows. */
  readonly self: Address | undefined;
  /** False: stored receipts go without. */
  readonly keepsRevertReasons: boolean;
};

export type ChainModules = {
  readonly store: ChainStore;
  readonly engine: Engine;
  readonly sets: ValidatorSets;
  readonly pool: Pick<Pool, 'executable' | 'discard' | 'status'>;
  /** Asked for each block built here whose vote would count. */
  readonly votes: Pick<OwnVotes, 'next'>;
  readonly recoverSenders: SenderRecovery;
  readonly clock: Clock;
  readonly logger: Logger;
};

export type HeadListener = (executed: ExecutedBlock, hash: Hash) => void;

export type Chain = {
  head(): { readonly header: BlockHeader; readonly hash: Hash };
  /** Undefined if the head is not at `height - 1`. */
  build(height: Height, round: number): Promise<ExecutedBlock | undefined>;
  /** `executed` may become the next head: a block of our own on it may be built ahead. */
  expect(executed: ExecutedBlock): void;
  /**
   * Undefined if the block's parent is not the head (any more).
   * @param transactionsRoot of the block's transactions, where the caller has computed it
   */
  execute(
    block: Block,
    senders: readonly Address[],
    transactionsRoot?: Hash,
  ): Promise<Verdict<{ readonly executed: ExecutedBlock }> | undefined>;
  /**
   * Stores an executed block under its sealed header; nothing if that block is the head already.
   * @throws CodedError `NODE_FINAL_BLOCK_CONFLICT`, or the store's
   */
  finalise(executed: ExecutedBlock, sealed: BlockHeader): Promise<void>;
  /** Verifies, executes and stores the next block as a peer sent it. `duplicate`: it was there. */
  import(encoded: Uint8Array): Promise<Verdict<{ readonly duplicate: boolean }>>;
  /** Called after each stored block, in order. */
  onHead(listener: HeadListener): void;
};

export function createChain(options: ChainOptions, modules: ChainModules): Chain {
  const { genesis, self } = options;
  const { store, engine, sets, clock } = modules;
  const { rules, qbft } = genesis;
  const exclusively = createExclusive();
  const listeners: HeadListener[] = [];
  const builder = self && createBlockBuilder(genesis, self, modules);
  const prebuilt =
    self &&
    builder &&
    createPrebuiltBlock({ qbft, hashRule: rules.hashRule, self }, { ...modules, builder });

  const onHeadOf = (parent: Hash): boolean => equalBytes(store.head().hash, parent);

  const write = async (executed: ExecutedBlock, sealed: BlockHeader): Promise<void> => {
    const receipts = options.keepsRevertReasons
      ? executed.receipts
      : executed.receipts.map(({ revertReason: _, ...receipt }) => receipt);
    const block = { ...executed.block, header: sealed };
    const final: ExecutedBlock = { ...executed, block, receipts };
    await store.write(final);
    await sets.advance(sealed);
    const { hash } = store.head();
    for (const listener of listeners) listener(final, hash);
  };

  const build = async (height: Height, round: number): Promise<ExecutedBlock | undefined> => {
    const { header: parent } = store.head();
    if (parent.number + 1n !== height) return undefined;
    invariant(builder !== undefined, 'only a validator builds blocks');
    const ready = round === 0 ? await prebuilt?.take(height) : undefined;
    const base = { parent, set: sets.next(), state: store.state() };
    const { executed, discarded } = ready ?? (await builder.build(base, round));
    modules.pool.discard(discarded);
    return executed;
  };

  const execute = async (
    block: Block,
    senders: readonly Address[],
    transactionsRoot?: Hash,
  ): Promise<Verdict<{ executed: ExecutedBlock }> | undefined> => {
    if (!onHeadOf(block.header.parentHash)) return undefined;
    const { header: parent } = store.head();
    const pause = createPause(clock);
    return await validateBlock(
      { parent, rules, block, senders, transactionsRoot, pause },
      engine,
      store.state(),
    );
  };

  const importNext = async (encoded: Uint8Array): Promise<Verdict<{ duplicate: boolean }>> => {
    const decoded = decodeBlock(encoded);
    if (!decoded.ok) return decoded;
    const { block } = decoded;
    const { header } = block;
    const stored = store.hashOf(header.number);
    if (stored !== undefined) {
      return equalBytes(stored, headerHash(header, rules.hashRule))
        ? { ok: true, duplicate: true }
        : refuse('NODE_BLOCK_REFUSED', 'another block is final at that height');
    }
    const { header: parent, hash: parentHash } = store.head();
    const { validators, source: validatorSource } = sets.next();
    const { blockPeriodMs } = qbftRulesAt(qbft, header.number);
    const periodSeconds = Math.floor(blockPeriodMs / 1000);
    const shape = verifyHeader(header, {
      parent,
      parentHash,
      validators,
      validatorSource,
      periodSeconds,
    });
    if (!shape.ok) return shape;
    const seals = verifySealedHeader(header, validators);
    if (!seals.ok) return seals;
    if (!isBodyOf(header, block)) {
      return refuse('NODE_BODY_MISMATCH', 'the body is not the one that the header commits to');
    }
    const senders = await modules.recoverSenders(block.transactions);
    if (!senders.every((sender) => sender !== undefined)) {
      return refuse('NODE_BLOCK_REFUSED', 'a transaction has no valid signature');
    }
    const verdict = await execute(block, senders);
    invariant(verdict !== undefined, 'the head does not move while a block is imported');
    if (!verdict.ok) {
      throw new CodedError(
        `block ${header.number} is sealed by a quorum and does not execute here: ${verdict.message}`,
        { code: 'NODE_FINAL_BLOCK_INVALID', height: header.number, reason: verdict.code },
      );
    }
    await write(verdict.executed, header);
    return { ok: true, duplicate: false };
  };

  const finalise = async (executed: ExecutedBlock, sealed: BlockHeader): Promise<void> => {
    const hash = headerHash(sealed, rules.hashRule);
    const stored = store.hashOf(sealed.number);
    if (stored === undefined) return await write(executed, sealed);
    if (equalBytes(stored, hash)) return;
    throw new CodedError(`two blocks are final at height ${sealed.number}`, {
      code: 'NODE_FINAL_BLOCK_CONFLICT',
      height: sealed.number,
    });
  };

  return {
    head: () => store.head(),
    expect: (executed) => prebuilt?.start(executed),
    build: (height, round) => exclusively(() => build(height, round)),
    execute: (block, senders, root) => exclusively(() => execute(block, senders, root)),
    finalise: (executed, sealed) => exclusively(() => finalise(executed, sealed)),
    import: (encoded) => exclusively(() => importNext(encoded)),
    onHead: (listener) => {
      listeners.push(listener);
    },
  };
}

/** The seals cover the header alone: whoever hands a block on can put any body under it. */
function isBodyOf(header: BlockHeader, { transactions, ommers, withdrawals = [] }: Block): boolean {
  const root = transactionsRoot(transactions.map(({ raw }) => raw));
  return (
    equalBytes(root, header.transactionsRoot) && ommers.length === 0 && withdrawals.length === 0
  );
}
