/**
 * Blocks on their way to a vote: built here or fetched, executed once, kept until their height is final.
 *
 * A block keeps its hash when it is proposed again in a later round, while its digest (which covers
 * the round) changes; so bodies and results are kept by block hash, and digests point to them.
 */
import type { BlockValidation, Effect } from '../consensus/index.ts';
import {
  type Address,
  type Block,
  type BlockHeader,
  commitSealHash,
  decodeBlock,
  decodeTransaction,
  type ExecutedBlock,
  encodeBlock,
  equalBytes,
  type Hash,
  type Height,
  headerHash,
  invariant,
  keyOf,
  refuse,
  type Transaction,
  transactionsRoot,
} from '../ledger/model/index.ts';
import type { Chain } from './chain.ts';
import type { Logger } from './logger.ts';
import type { SenderRecovery } from './sender-recovery.ts';

export type BodySource = {
  /** Encodings of those of `hashes` that one of `from` has; empty if nobody answers. */
  transactions(from: readonly Address[], hashes: readonly Hash[]): Promise<readonly Uint8Array[]>;
  /** The encoded block of a digest from whichever of `from` answers first. */
  block(from: readonly Address[], digest: Hash): Promise<Uint8Array | undefined>;
};

type Signed = { readonly transaction: Transaction; readonly sender: Address };

export type BlockWorkshopModules = {
  readonly chain: Chain;
  readonly pool: { get(hash: Hash): Signed | undefined };
  readonly source: BodySource;
  readonly recoverSenders: SenderRecovery;
  readonly logger: Logger;
};

export type BlockWorkshop = {
  /** A new block on the head; undefined if the head is not at `height - 1` any more. */
  build(
    height: Height,
    round: number,
  ): Promise<{ header: BlockHeader; transactionHashes: readonly Hash[] } | undefined>;
  /** Undefined if nobody gave the body (the consensus asks again) or the height has passed. */
  validate(
    request: Extract<Effect, { kind: 'validate-block' }>,
  ): Promise<BlockValidation | undefined>;
  /** Takes over the body of a block from the consensus log. */
  remember(digest: Hash, encoded: Uint8Array): void;
  /** The encoded block of a digest that was built or validated here. */
  encoded(digest: Hash): Uint8Array;
  /** The same for peers, who may ask for anything. */
  find(digest: Hash): Uint8Array | undefined;
  /** What executing the block of a digest gave. */
  executed(digest: Hash): ExecutedBlock | undefined;
  forgetUpTo(height: Height): void;
};

type Draft = {
  readonly transactions: readonly Transaction[];
  senders: readonly Address[] | undefined;
  /** Of the transactions, if it was computed here. */
  root: Hash | undefined;
  execution: Promise<BlockValidation | undefined> | undefined;
  executed: ExecutedBlock | undefined;
};

export function createBlockWorkshop(modules: BlockWorkshopModules): BlockWorkshop {
  const { chain, pool, source, recoverSenders, logger } = modules;
  const drafts = new Map<string, Draft>();
  const headers = new Map<string, BlockHeader>();

  const draftOf = (header: BlockHeader): Draft | undefined =>
    drafts.get(keyOf(headerHash(header, 'qbft')));

  const keep = (header: BlockHeader, draft: Draft): void => {
    drafts.set(keyOf(headerHash(header, 'qbft')), draft);
    headers.set(keyOf(commitSealHash(header)), header);
  };

  const find = (digest: Hash): Uint8Array | undefined => {
    const header = headers.get(keyOf(digest));
    const draft = header === undefined ? undefined : draftOf(header);
    return header === undefined || draft === undefined
      ? undefined
      : encodeBlock(blockOf(header, draft.transactions));
  };

  /** Header and body of a digest: from here, from the pool, or from those who named it. */
  const obtain = async (
    request: Extract<Effect, { kind: 'validate-block' }>,
  ): Promise<{ header: BlockHeader; draft: Draft } | undefined> => {
    const { digest, from, proposal } = request;
    const header = proposal?.header ?? headers.get(keyOf(digest));
    const known = header === undefined ? undefined : draftOf(header);
    if (header !== undefined && known !== undefined) return { header, draft: known };
    if (proposal !== undefined) {
      const signed = await gather(proposal.transactionHashes, from);
      if (signed !== undefined) {
        const transactions = signed.map((entry) => entry.transaction);
        const senders = signed.map((entry) => entry.sender);
        return { header: proposal.header, draft: newDraft(transactions, senders) };
      }
    }
    const encoded = await source.block(from, digest);
    const block = encoded === undefined ? undefined : decodeBlock(encoded);
    if (block === undefined) return undefined;
    if (!block.ok || !equalBytes(commitSealHash(block.block.header), digest)) {
      logger.debug('a peer answered with another block than asked for');
      return undefined;
    }
    return { header: block.block.header, draft: newDraft(block.block.transactions, undefined) };
  };

  const gather = async (
    hashes: readonly Hash[],
    from: readonly Address[],
  ): Promise<readonly Signed[] | undefined> => {
    const found = hashes.map((hash) => pool.get(hash));
    const missing = hashes.filter((_, index) => found[index] === undefined);
    if (missing.length > 0) {
      const fetched = await fetchTransactions(missing, from);
      for (const [index, hash] of hashes.entries()) found[index] ??= fetched.get(keyOf(hash));
    }
    return found.every((entry) => entry !== undefined) ? found : undefined;
  };

  const fetchTransactions = async (
    hashes: readonly Hash[],
    from: readonly Address[],
  ): Promise<ReadonlyMap<string, Signed>> => {
    const transactions: Transaction[] = [];
    for (const raw of await source.transactions(from, hashes)) {
      const decoded = decodeTransaction(raw);
      if (decoded.ok) transactions.push(decoded.transaction);
    }
    const senders = await recoverSenders(transactions);
    const signed = new Map<string, Signed>();
    for (const [index, transaction] of transactions.entries()) {
      const sender = senders[index];
      if (sender !== undefined) signed.set(keyOf(transaction.hash), { transaction, sender });
    }
    return signed;
  };

  const execute = async (
    header: BlockHeader,
    draft: Draft,
  ): Promise<BlockValidation | undefined> => {
    draft.senders ??= await sendersOf(draft.transactions);
    if (draft.senders === undefined) {
      return { ok: false, code: 'VM_SENDER', message: 'a signature recovers to nobody' };
    }
    const block = blockOf(header, draft.transactions);
    const verdict = await chain.execute(block, draft.senders, draft.root);
    if (verdict === undefined || !verdict.ok) return verdict;
    draft.executed = verdict.executed;
    chain.expect(verdict.executed);
    return { ok: true, header, transactionHashes: hashesOf(draft.transactions) };
  };

  const sendersOf = async (
    transactions: readonly Transaction[],
  ): Promise<readonly Address[] | undefined> => {
    const senders = await recoverSenders(transactions);
    return senders.every((sender) => sender !== undefined) ? senders : undefined;
  };

  return {
    build: async (height, round) => {
      const executed = await chain.build(height, round);
      if (executed === undefined) return undefined;
      const { header, transactions } = executed.block;
      const { senders } = executed;
      keep(header, { ...newDraft(transactions, senders), executed });
      chain.expect(executed);
      return { header, transactionHashes: hashesOf(transactions) };
    },
    validate: async (request) => {
      const obtained = await obtain(request);
      if (obtained === undefined || chain.head().header.number >= request.height) return undefined;
      const { header } = obtained;
      const known = draftOf(header);
      const draft = known ?? obtained.draft;
      // The digest covers the root, not the list: a false list must not stand for the true block.
      // What is kept was built here or has passed this once.
      if (known === undefined) {
        draft.root = transactionsRoot(rawsOf(draft.transactions));
        if (!equalBytes(draft.root, header.transactionsRoot)) {
          return refuse(
            'NODE_BODY_MISMATCH',
            'the transactions do not give the root of the header',
          );
        }
      }
      keep(header, draft);
      if (draft.executed === undefined) {
        draft.execution ??= execute(header, draft);
        const result = await draft.execution;
        draft.execution = undefined;
        if (result === undefined || !result.ok) return result;
      }
      return { ok: true, header, transactionHashes: hashesOf(draft.transactions) };
    },
    remember: (digest, encoded) => {
      const decoded = decodeBlock(encoded);
      invariant(decoded.ok, 'the consensus log holds blocks that were encoded here');
      invariant(
        equalBytes(commitSealHash(decoded.block.header), digest),
        'a logged block has the digest it was logged under',
      );
      const { header, transactions } = decoded.block;
      keep(header, draftOf(header) ?? newDraft(transactions, undefined));
    },
    encoded: (digest) => {
      const encoded = find(digest);
      invariant(encoded !== undefined, 'a vote names a block that was validated here');
      return encoded;
    },
    find,
    executed: (digest) => {
      const header = headers.get(keyOf(digest));
      return header === undefined ? undefined : draftOf(header)?.executed;
    },
    forgetUpTo: (height) => {
      for (const [key, header] of headers) {
        if (header.number > height) continue;
        headers.delete(key);
        drafts.delete(keyOf(headerHash(header, 'qbft')));
      }
    },
  };
}

function newDraft(
  transactions: readonly Transaction[],
  senders: readonly Address[] | undefined,
): Draft {
  return { transactions, senders, root: undefined, execution: undefined, executed: undefined };
}

function hashesOf(transactions: readonly Transaction[]): readonly Hash[] {
  return transactions.map((transaction) => transaction.hash);
}

function rawsOf(transactions: readonly Transaction[]): readonly Uint8Array[] {
  return transactions.map((transaction) => transaction.raw);
}

function blockOf(header: BlockHeader, transactions: readonly Transaction[]): Block {
  return header.withdrawalsRoot === undefined
    ? { header, transactions, ommers: [] }
    : { header, transactions, ommers: [], withdrawals: [] };
}
