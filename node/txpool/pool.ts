/**
 * Transactions that are not final yet: admitted, ordered, held while a nonce is missing, bounded.
 *
 * One queue per sender (`sender-queue.ts`), an index by hash, and the set of senders that have something
 * executable. No operation walks over all transactions; choosing for a block looks at the first of each
 * ready sender and at what it takes. There is no timer: what expires is looked for when the pool is used.
 */
import {
  type Address,
  decodeTransaction,
  type ExecutedBlock,
  type Hash,
  keyOf,
  type Refusal,
  refuse,
  type Transaction,
  type Verdict,
} from '../../ledger/model/index.ts';
import { type ChainRules, checkForm, checkFunds, forkAt, maxCost } from '../../vm/index.ts';
import { DEFAULT_POOL_LIMITS, type PoolLimits } from './limits.ts';
import { effectiveTip, type Lane, type SelectionLimits, selectFrom } from './selection.ts';
import {
  advanceTo,
  createSenderQueue,
  firstExecutable,
  heldCount,
  insertEntry,
  isReplacement,
  type Origin,
  type PoolEntry,
  type QueueChange,
  removeEntry,
  type SenderQueue,
} from './sender-queue.ts';

/** Accounts as they are after the head. */
export type PoolState = {
  nonce(address: Address): bigint;
  balance(address: Address): bigint;
};

/** What the pool has to know of the head: the block after it is the one that transactions must fit. */
export type PoolHead = {
  readonly number: bigint;
  readonly timestamp: bigint;
  readonly gasLimit: bigint;
  /** Of the block after the head; zero or undefined on a chain without fees. */
  readonly nextBaseFee: bigint | undefined;
};

export type PooledTransaction = Pick<PoolEntry, 'transaction' | 'sender' | 'origin'>;

export type PoolOptions = {
  readonly rules: ChainRules;
  readonly head: PoolHead;
  readonly state: PoolState;
  readonly limits?: Partial<PoolLimits>;
};

export type PoolPorts = {
  /** Who signed; undefined where nobody did. Called once for each batch. */
  recoverSenders(
    transactions: readonly Transaction[],
  ): Promise<readonly (Address | undefined)[]> | readonly (Address | undefined)[];
  /** Milliseconds, never going back far. */
  now(): number;
  /** New in the pool, once each: to gossip and for subscriptions. */
  accepted?(transactions: readonly PooledTransaction[]): void;
  /** Became executable: there is work for a block. */
  executable?(transactions: readonly PooledTransaction[]): void;
};

export type Pool = {
  /** A verdict for each of `raws`, in order; the messages have geth's wording. */
  add(
    raws: readonly Uint8Array[],
    origin: Origin,
  ): Promise<readonly Verdict<{ readonly hash: Hash }>[]>;
  get(hash: Hash): PooledTransaction | undefined;
  /** Those of `hashes` that are not here. */
  missing(hashes: readonly Hash[]): readonly Hash[];
  /** The first nonce that neither the account nor an executable transaction has used. */
  nextNonce(address: Address): bigint;
  /** Whether `executable` would give anything. */
  hasWork(): boolean;
  /** What the next block should try, in that order; the first limit reached ends it. */
  executable(limits?: Partial<SelectionLimits>): readonly PooledTransaction[];
  /** Drops what the builder found invalid; what merely did not fit stays. */
  discard(skipped: readonly { readonly hash: Hash; readonly code: string }[]): void;
  /**
   * Moves to the next head. The accounts that it changed tell everything: included transactions have passed
   * their nonces, and what new nonces and balances made possible or impossible follows.
   */
  onHead(executed: Pick<ExecutedBlock, 'changes'>, head: PoolHead, state: PoolState): void;
  /** Lets go of what has waited too long; `add` and `onHead` do so too. */
  tick(): void;
  status(): { readonly pending: number; readonly queued: number; readonly bytes: number };
  /** `pending` is executable, `queued` waits for a lower nonce; by sender and nonce. */
  content(): {
    readonly pending: readonly PooledTransaction[];
    readonly queued: readonly PooledTransaction[];
  };
};

const NO_LIMITS: SelectionLimits = {
  gas: 2n ** 64n,
  bytes: Number.MAX_SAFE_INTEGER,
  count: Number.MAX_SAFE_INTEGER,
};

/** Refusals of the builder that say nothing against the transaction in a later block. */
const PASSING: ReadonlySet<string> = new Set([
  'VM_BLOCK_GAS_EXCEEDED',
  'VM_BLOCK_SIZE',
  'VM_NONCE_TOO_HIGH',
  'VM_FEE_BELOW_BASE_FEE',
]);

/** An empty pool on `options.head`. */
export function createPool(options: PoolOptions, ports: PoolPorts): Pool {
  const limits: PoolLimits = { ...DEFAULT_POOL_LIMITS, ...options.limits };
  const { rules } = options;
  const entries = new Map<string, PoolEntry>();
  const queues = new Map<string, SenderQueue>();
  /** Queues with an executable transaction. */
  const ready = new Map<string, SenderQueue>();
  /** Held transactions, longest held first. */
  const held = new Map<string, PoolEntry>();
  /** Hashes whose senders are being recovered. */
  const arriving = new Set<string>();
  let { head, state } = options;
  let sequence = 0;
  let bytes = 0;

  const queueOf = (address: Address): SenderQueue =>
    queues.get(keyOf(address)) ??
    createSenderQueue(address, state.nonce(address), state.balance(address));

  /** Brings the indexes up to date with a queue; returns what became executable. */
  const apply = (key: string, queue: SenderQueue, change: QueueChange): readonly PoolEntry[] => {
    for (const entry of change.removed) {
      const hash = keyOf(entry.transaction.hash);
      entries.delete(hash);
      held.delete(hash);
      bytes -= entry.transaction.raw.length;
    }
    for (const entry of change.executable) {
      const hash = keyOf(entry.transaction.hash);
      entries.set(hash, entry);
      held.delete(hash);
    }
    for (const entry of change.held) {
      const hash = keyOf(entry.transaction.hash);
      entries.set(hash, entry);
      held.delete(hash);
      held.set(hash, entry);
    }
    if (queue.entries.size === 0) queues.delete(key);
    else queues.set(key, queue);
    if (firstExecutable(queue) === undefined) ready.delete(key);
    else ready.set(key, queue);
    return change.executable;
  };

  const remove = (entry: PoolEntry): void => {
    const key = keyOf(entry.sender);
    const queue = queues.get(key);
    if (queue === undefined) return;
    // The queue holds the current form of the entry, whatever form the caller has.
    const current = queue.entries.get(entry.transaction.nonce) ?? entry;
    apply(key, queue, removeEntry(queue, current, ports.now()));
  };

  const expire = (): void => {
    const before = ports.now() - limits.holdMs;
    for (const entry of held.values()) {
      if (entry.heldSinceMs > before) break;
      remove(entry);
    }
  };

  /** What can be refused before the signature is looked at. */
  const checkEarly = (raw: Uint8Array): Verdict<{ readonly transaction: Transaction }> => {
    if (raw.length > limits.maxTransactionBytes) {
      return refuse(
        'POOL_OVERSIZED',
        `oversized data: transaction size ${raw.length}, limit ${limits.maxTransactionBytes}`,
      );
    }
    const decoded = decodeTransaction(raw);
    if (!decoded.ok) return decoded;
    const { transaction } = decoded;
    const key = keyOf(transaction.hash);
    if (entries.has(key) || arriving.has(key)) return refuse('POOL_ALREADY_KNOWN', 'already known');
    if (transaction.type === 3) {
      return refuse(
        'VM_BLOB_TRANSACTION',
        'transaction type not supported: no blobs on this chain',
      );
    }
    if (transaction.gasLimit > head.gasLimit) {
      return refuse(
        'VM_BLOCK_GAS_EXCEEDED',
        `exceeds block gas limit: gas ${transaction.gasLimit}, limit ${head.gasLimit}`,
      );
    }
    const fork = forkAt(rules, head.number + 1n, head.timestamp);
    return checkForm(transaction, rules, fork) ?? { ok: true, transaction };
  };

  const checkQueue = (queue: SenderQueue, transaction: Transaction): Refusal | undefined => {
    const { nonce } = transaction;
    if (nonce < queue.accountNonce) {
      return refuse(
        'VM_NONCE_TOO_LOW',
        `nonce too low: next nonce ${queue.accountNonce}, tx nonce ${nonce}`,
      );
    }
    const funds = checkFunds(transaction, queue.balance);
    if (funds !== undefined) return funds;
    const previous = queue.entries.get(nonce);
    if (previous !== undefined) {
      return isReplacement(previous.transaction, transaction)
        ? undefined
        : refuse('POOL_UNDERPRICED_REPLACEMENT', 'replacement transaction underpriced');
    }
    const isHeld = nonce > queue.firstGap;
    if (isHeld && heldCount(queue) >= limits.maxHeldPerSender) {
      return refuse(
        'POOL_SENDER_FULL',
        `account has ${limits.maxHeldPerSender} transactions waiting for nonce ${queue.firstGap}`,
      );
    }
    if (queue.entries.size >= limits.maxPerSender) {
      return refuse('POOL_SENDER_FULL', `account has ${limits.maxPerSender} transactions waiting`);
    }
    return makeRoom(transaction, isHeld);
  };

  /** An executable transaction pushes out the longest held ones; nothing else is given up for a newcomer. */
  const makeRoom = (transaction: Transaction, isHeld: boolean): Refusal | undefined => {
    const isFull = (): boolean =>
      entries.size >= limits.maxCount || bytes + transaction.raw.length > limits.maxBytes;
    while (isFull()) {
      const [oldest] = isHeld ? [] : held.values();
      if (oldest === undefined) return refuse('POOL_FULL', 'txpool is full');
      remove(oldest);
    }
    return undefined;
  };

  const insert = (
    transaction: Transaction,
    sender: Address,
    origin: Origin,
    news: { readonly accepted: PoolEntry[]; readonly executable: PoolEntry[] },
  ): Verdict<{ readonly hash: Hash }> => {
    const queue = queueOf(sender);
    const refusal = checkQueue(queue, transaction);
    if (refusal !== undefined) return refusal;
    sequence += 1;
    const entry: PoolEntry = { transaction, sender, origin, sequence, heldSinceMs: ports.now() };
    bytes += transaction.raw.length;
    news.executable.push(...apply(keyOf(sender), queue, insertEntry(queue, entry)));
    news.accepted.push(entry);
    return { ok: true, hash: transaction.hash };
  };

  const add: Pool['add'] = async (raws, origin) => {
    expire();
    const verdicts: Verdict<{ readonly hash: Hash }>[] = [];
    const checked: { readonly at: number; readonly transaction: Transaction }[] = [];
    for (const [at, raw] of raws.entries()) {
      const early = checkEarly(raw);
      if (!early.ok) {
        verdicts[at] = early;
        continue;
      }
      checked.push({ at, transaction: early.transaction });
      arriving.add(keyOf(early.transaction.hash));
    }
    const news = { accepted: [] as PoolEntry[], executable: [] as PoolEntry[] };
    try {
      const senders = await ports.recoverSenders(checked.map(({ transaction }) => transaction));
      for (const [index, { at, transaction }] of checked.entries()) {
        const sender = senders[index];
        verdicts[at] =
          sender === undefined
            ? refuse('POOL_INVALID_SENDER', 'invalid sender')
            : insert(transaction, sender, origin, news);
      }
    } finally {
      for (const { transaction } of checked) arriving.delete(keyOf(transaction.hash));
    }
    if (news.accepted.length > 0) ports.accepted?.(news.accepted);
    if (news.executable.length > 0) ports.executable?.(news.executable);
    return verdicts;
  };

  /** The executable transactions of one sender in turn, as far as the balance reaches. */
  const laneOf = (queue: SenderQueue): Lane => {
    let nonce = queue.accountNonce;
    let { balance } = queue;
    return {
      next: () => {
        const entry = nonce < queue.firstGap ? queue.entries.get(nonce) : undefined;
        if (entry === undefined || checkFunds(entry.transaction, balance) !== undefined) return;
        balance -= maxCost(entry.transaction);
        nonce += 1n;
        return entry;
      },
    };
  };

  const executable: Pool['executable'] = (wanted) => {
    const lanes = [...ready.values()].map(laneOf);
    return selectFrom(lanes, head.nextBaseFee ?? 0n, { ...NO_LIMITS, ...wanted });
  };

  const hasWork = (): boolean => {
    for (const queue of ready.values()) {
      const first = firstExecutable(queue);
      if (first !== undefined && effectiveTip(first, head.nextBaseFee ?? 0n) !== undefined) {
        return true;
      }
    }
    return false;
  };

  /** Follows an account to the new head and drops what it cannot pay for any more. */
  const follow = (queue: SenderQueue): readonly PoolEntry[] => {
    const { address } = queue;
    const change = advanceTo(queue, state.nonce(address), state.balance(address));
    const became = apply(keyOf(address), queue, change);
    const first = firstExecutable(queue);
    if (first === undefined || checkFunds(first.transaction, queue.balance) === undefined) {
      return became;
    }
    remove(first);
    return [];
  };

  const onHead: Pool['onHead'] = ({ changes }, nextHead, nextState) => {
    head = nextHead;
    state = nextState;
    const became: PoolEntry[] = [];
    for (const { address } of changes.accounts) {
      const queue = queues.get(keyOf(address));
      if (queue !== undefined) became.push(...follow(queue));
    }
    expire();
    if (became.length > 0) ports.executable?.(became);
  };

  return {
    add,
    get: (hash) => entries.get(keyOf(hash)),
    missing: (hashes) => hashes.filter((hash) => !entries.has(keyOf(hash))),
    nextNonce: (address) => queueOf(address).firstGap,
    hasWork,
    executable,
    discard: (skipped) => {
      for (const { hash, code } of skipped) {
        const entry = entries.get(keyOf(hash));
        if (entry !== undefined && !PASSING.has(code)) remove(entry);
      }
    },
    onHead,
    tick: expire,
    status: () => ({
      pending: entries.size - held.size,
      queued: held.size,
      bytes,
    }),
    content: () => contentOf(queues.values()),
  };
}

function contentOf(queues: Iterable<SenderQueue>): ReturnType<Pool['content']> {
  const pending: PoolEntry[] = [];
  const queued: PoolEntry[] = [];
  for (const queue of queues) {
    const sorted = [...queue.entries].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [nonce, entry] of sorted) (nonce < queue.firstGap ? pending : queued).push(entry);
  }
  return { pending, queued };
}
