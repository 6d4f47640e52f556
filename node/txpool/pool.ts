/**
 * Transactions that are not final yet: admitted, ordered, held while a nonce is missing, bounded.
 *
 * One queue per sender (`sender-queue.ts`), indexes over them (`pool-index.ts`), the rules of the door
 * (`admission.ts`) and the choice for a block (`selection.ts`). No operation walks over all transactions; choosing for a block looks at the first of each
 * ready sender and at what it takes. There is no timer: what expires is looked for when the pool is used.
 */
import {
  type Address,
  type ExecutedBlock,
  equalBytes,
  type Hash,
  keyOf,
  type Refusal,
  refuse,
  type Transaction,
  type Verdict,
} from '../../ledger/model/index.ts';
import { type ChainRules, checkFunds, checkPermission, maxCost } from '../../vm/index.ts';
import { checkQueue, checkRaw, type PoolHead } from './admission.ts';
import { DEFAULT_POOL_LIMITS, type PoolLimits } from './limits.ts';
import { createPoolIndex } from './pool-index.ts';
import { coversBaseFee, type SelectionLimits, selectFrom } from './selection.ts';
import {
  advanceTo,
  createSenderQueue,
  feesOf,
  firstExecutable,
  insertEntry,
  type Origin,
  type PoolEntry,
  type SenderQueue,
} from './sender-queue.ts';

/** Accounts as they are after the head. */
export type PoolState = {
  nonce(address: Address): bigint;
  balance(address: Address): bigint;
  /** The value of a slot, with or without leading zeros. */
  storage(address: Address, slot: Uint8Array): Uint8Array;
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
  const index = createPoolIndex();
  const { entries, queues, ready, held } = index;
  /** Hashes whose senders are being recovered. */
  const arriving = new Set<string>();
  let { head, state } = options;
  let sequence = 0;

  const queueOf = (address: Address): SenderQueue =>
    queues.get(keyOf(address)) ??
    createSenderQueue(address, state.nonce(address), state.balance(address));

  const remove = (entry: PoolEntry): void => index.remove(entry, ports.now());

  const expire = (): void => {
    const before = ports.now() - limits.holdMs;
    for (const entry of held.values()) {
      if (entry.heldSinceMs > before) break;
      remove(entry);
    }
  };

  /** by the state after the head; the block that takes it asks again. */
  const refusalOf = (transaction: Transaction, sender: Address): Refusal | undefined =>
    checkPermission(
      transaction,
      sender,
      options.rules.permissions,
      head.number + 1n,
      state.storage,
    );

  const checkNew = (raw: Uint8Array): Verdict<{ readonly transaction: Transaction }> => {
    const checked = checkRaw(raw, options.rules, head, limits);
    if (!checked.ok) return checked;
    const key = keyOf(checked.transaction.hash);
    if (entries.has(key) || arriving.has(key)) return refuse('POOL_ALREADY_KNOWN', 'already known');
    arriving.add(key);
    return checked;
  };

  /** An executable transaction pushes out the longest held ones; nothing else is given up for a newcomer. */
  const makeRoom = (length: number, isHeld: boolean): Refusal | undefined => {
    while (entries.size >= limits.maxCount || index.bytes() + length > limits.maxBytes) {
      const [oldest] = isHeld ? [] : held.values();
      if (oldest === undefined) return refuse('POOL_FULL', 'txpool is full');
      remove(oldest);
    }
    return undefined;
  };

  const insert = (
    transaction: Transaction,
    sender: Address | undefined,
    origin: Origin,
    news: News,
  ): Verdict<{ readonly hash: Hash }> => {
    if (sender === undefined) return refuse('POOL_INVALID_SENDER', 'invalid sender');
    const queue = queueOf(sender);
    const isReplacement = queue.entries.has(transaction.nonce);
    const isHeld = transaction.nonce > queue.firstGap;
    const refusal =
      refusalOf(transaction, sender) ??
      checkQueue(queue, transaction, limits) ??
      (isReplacement ? undefined : makeRoom(transaction.raw.length, isHeld));
    if (refusal !== undefined) return refusal;
    sequence += 1;
    const fees = feesOf(transaction);
    const heldSinceMs = ports.now();
    const entry: PoolEntry = { transaction, sender, origin, fees, sequence, heldSinceMs };
    news.executable.push(...index.apply(queue, insertEntry(queue, entry)));
    news.accepted.push(entry);
    return { ok: true, hash: transaction.hash };
  };

  const add: Pool['add'] = async (raws, origin) => {
    expire();
    const checked = raws.map(checkNew);
    const fresh = checked.flatMap((verdict) => (verdict.ok ? [verdict.transaction] : []));
    const news: News = { accepted: [], executable: [] };
    let verdicts: readonly Verdict<{ readonly hash: Hash }>[];
    try {
      const senders = (await ports.recoverSenders(fresh)).values();
      verdicts = checked.map((verdict) =>
        verdict.ok ? insert(verdict.transaction, senders.next().value, origin, news) : verdict,
      );
    } finally {
      for (const { hash } of fresh) arriving.delete(keyOf(hash));
    }
    if (news.accepted.length > 0) ports.accepted?.(news.accepted);
    if (news.executable.length > 0) ports.executable?.(news.executable);
    return verdicts;
  };

  const executable: Pool['executable'] = (wanted) => {
    const firsts: PoolEntry[] = [];
    for (const queue of ready.values()) {
      const first = firstExecutable(queue);
      if (first !== undefined) firsts.push(first);
    }
    const bounds: SelectionLimits = { ...NO_LIMITS, ...wanted };
    return selectFrom(firsts, createFollowing(queues), head.nextBaseFee ?? 0n, bounds);
  };

  const hasWork = (): boolean => {
    for (const queue of ready.values()) {
      const first = firstExecutable(queue);
      if (first !== undefined && coversBaseFee(first, head.nextBaseFee ?? 0n)) return true;
    }
    return false;
  };

  /** Follows an account to the new head and drops what it cannot pay for any more. */
  const follow = (queue: SenderQueue): readonly PoolEntry[] => {
    const { address } = queue;
    const change = advanceTo(queue, state.nonce(address), state.balance(address));
    const became = index.apply(queue, change);
    const first = firstExecutable(queue);
    if (first === undefined || checkFunds(first.transaction, queue.balance) === undefined) {
      return became;
    }
    remove(first);
    return [];
  };

  const isHere = ({ transaction }: PoolEntry): boolean => entries.has(keyOf(transaction.hash));

  /** When rights change, which is rare, whatever waits is looked at again; whether they did. */
  const dropForbidden = (changed: readonly { readonly address: Address }[]): boolean => {
    const contract = options.rules.permissions?.contract;
    if (contract === undefined) return false;
    if (!changed.some(({ address }) => equalBytes(address, contract))) return false;
    for (const entry of entries.values()) {
      if (refusalOf(entry.transaction, entry.sender) !== undefined) remove(entry);
    }
    return true;
  };

  const onHead: Pool['onHead'] = ({ changes }, nextHead, nextState) => {
    head = nextHead;
    state = nextState;
    const became: PoolEntry[] = [];
    for (const { address } of changes.accounts) {
      const queue = queues.get(keyOf(address));
      if (queue !== undefined) became.push(...follow(queue));
    }
    const permitted = dropForbidden(changes.accounts) ? became.filter(isHere) : became;
    expire();
    if (permitted.length > 0) ports.executable?.(permitted);
  };

  const discard: Pool['discard'] = (skipped) => {
    for (const { hash, code } of skipped) {
      const entry = entries.get(keyOf(hash));
      const fitsLater = PASSING.has(code) && (entry?.transaction.gasLimit ?? 0n) <= head.gasLimit;
      if (entry !== undefined && !fitsLater) remove(entry);
    }
  };

  return {
    add,
    get: (hash) => entries.get(keyOf(hash)),
    missing: (hashes) => hashes.filter((hash) => !entries.has(keyOf(hash))),
    nextNonce: (address) => queueOf(address).firstGap,
    hasWork,
    executable,
    discard,
    onHead,
    tick: expire,
    status: () => ({
      pending: entries.size - held.size,
      queued: held.size,
      bytes: index.bytes(),
    }),
    content: () => contentOf(queues.values()),
  };
}

/** What one batch brought. */
type News = { readonly accepted: PoolEntry[]; readonly executable: PoolEntry[] };

/** The transaction that may run after another of its sender in one block, as far as the balance reaches. */
function createFollowing(
  queues: ReadonlyMap<string, SenderQueue>,
): (taken: PoolEntry) => PoolEntry | undefined {
  const spent = new Map<SenderQueue, bigint>();
  return ({ transaction, sender }) => {
    const queue = queues.get(keyOf(sender));
    const nonce = transaction.nonce + 1n;
    if (queue === undefined || nonce >= queue.firstGap) return undefined;
    const next = queue.entries.get(nonce);
    const total = (spent.get(queue) ?? 0n) + maxCost(transaction);
    spent.set(queue, total);
    if (next === undefined) return undefined;
    return checkFunds(next.transaction, queue.balance - total) === undefined ? next : undefined;
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
