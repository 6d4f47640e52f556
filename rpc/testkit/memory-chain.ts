/**
 * A chain in memory, for tests of the methods: real transactions, headers, roots and blooms of
 * `ledger/model`. Execution is reduced to moving value and counting nonces; logs come from the test.
 */
import {
  type Account,
  type Address,
  asAddress,
  asHash,
  type Block,
  type BlockHeader,
  combineBlooms,
  EMPTY_CODE_HASH,
  EMPTY_OMMERS_HASH,
  EMPTY_ROOT,
  encodeBlock,
  type Gas,
  type Hash,
  type Height,
  headerHash,
  invariant,
  keyOf,
  type Log,
  logsBloom,
  QBFT_MIX_HASH,
  type Receipt,
  receiptsRoot,
  recoverSender,
  type StateReader,
  type Transaction,
  transactionsRoot,
  type UnixSeconds,
  type Wei,
  ZERO_ADDRESS,
  ZERO_HASH,
} from '../../ledger/model/index.ts';
import type { ChainPort } from '../ports.ts';
import { scanLogs } from './scan-logs.ts';

export type MemoryAccount = Partial<Pick<Account, 'nonce' | 'balance'>> & {
  readonly code?: { readonly hash: Hash; readonly bytes: Uint8Array };
  /** By `keyOf(slot)`. */
  readonly storage?: ReadonlyMap<string, Uint8Array>;
};

/** A transaction to append, with what executing it is to leave behind. */
export type Included = {
  readonly transaction: Transaction;
  readonly gasUsed?: Gas;
  readonly status?: 0 | 1;
  readonly logs?: readonly Log[];
};

export type MemoryChain = ChainPort & {
  /** Appends a final block and tells the listeners. */
  append(included: readonly Included[]): Height;
  /** Changes an account; visible in the state of the next block and of the head. */
  set(address: Address, account: MemoryAccount): void;
  onAppend(listener: (number: Height) => void): () => void;
};

type Stored = {
  readonly block: Block;
  readonly hash: Hash;
  readonly encoded: Uint8Array;
  readonly receipts: readonly Receipt[];
  readonly senders: readonly Address[];
  state: ReadonlyMap<string, MemoryAccount>;
};

export const BASE_FEE: Wei = 7n;
const GENESIS_TIME: UnixSeconds = 1_700_000_000n;
const GAS_LIMIT: Gas = 30_000_000n;

/** A chain whose block 0 has the given balances. */
export function createMemoryChain(
  balances: readonly { readonly address: Address; readonly balance: Wei }[],
): MemoryChain {
  const state = new Map<string, MemoryAccount>(
    balances.map(({ address, balance }) => [keyOf(address), { balance }]),
  );
  const stored: Stored[] = [store(makeBlock(undefined, [], []), [], [], state)];
  const places = new Map<string, { number: Height; index: number }>();
  const listeners = new Set<(number: Height) => void>();
  const at = (number: Height): Stored | undefined => stored[Number(number)];
  const head = (): Stored => {
    const last = stored.at(-1);
    invariant(last, 'a chain has block 0');
    return last;
  };

  const findLogs = scanLogs({
    header: (number) => at(number)?.block.header,
    hashOf: (number) => at(number)?.hash,
    block: (number) => at(number)?.block,
    receipts: (number) => at(number)?.receipts,
  });

  return {
    findLogs,
    head: () => ({ header: head().block.header, hash: head().hash }),
    hashOf: (number) => at(number)?.hash,
    numberOf: (hash) => {
      const found = stored.findIndex((entry) => keyOf(entry.hash) === keyOf(hash));
      return found === -1 ? undefined : BigInt(found);
    },
    header: (number) => at(number)?.block.header,
    block: (number) => at(number)?.block,
    encodedBlock: (number) => at(number)?.encoded,
    receipts: (number) => at(number)?.receipts,
    senders: (number) => at(number)?.senders,
    transactionPlace: (hash) => places.get(keyOf(hash)),
    stateAt: (number) => {
      const entry = at(number);
      return entry === undefined ? undefined : readerOf(entry.state, (n) => at(n)?.hash);
    },
    oldest: () => ({ state: 0n, bodies: 0n }),
    append: (included) => {
      const parent = head();
      const receipts = makeReceipts(included);
      const transactions = included.map(({ transaction }) => transaction);
      const senders = transactions.map(senderOf);
      const block = makeBlock(parent, transactions, receipts);
      stored.push(store(block, receipts, senders, execute(parent.state, transactions, senders)));
      const { number } = block.header;
      for (const [index, { hash }] of transactions.entries()) {
        places.set(keyOf(hash), { number, index });
      }
      for (const listener of listeners) listener(number);
      return number;
    },
    set: (address, account) => {
      const last = head();
      const old = last.state.get(keyOf(address));
      last.state = new Map(last.state).set(keyOf(address), { ...old, ...account });
    },
    onAppend: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The address that signed. */
export function senderOf(transaction: Transaction): Address {
  const sender = recoverSender(transaction);
  invariant(sender, 'transactions of a test are signed');
  return sender;
}

function store(
  block: Block,
  receipts: readonly Receipt[],
  senders: readonly Address[],
  state: ReadonlyMap<string, MemoryAccount>,
): Stored {
  const hash = headerHash(block.header, 'plain');
  return { block, hash, encoded: encodeBlock(block), receipts, senders, state };
}

function makeReceipts(included: readonly Included[]): readonly Receipt[] {
  let cumulativeGasUsed = 0n;
  return included.map(({ transaction, gasUsed = 21_000n, status = 1, logs = [] }) => {
    cumulativeGasUsed += gasUsed;
    return { type: transaction.type, status, cumulativeGasUsed, logsBloom: logsBloom(logs), logs };
  });
}

function makeBlock(
  parent: Stored | undefined,
  transactions: readonly Transaction[],
  receipts: readonly Receipt[],
): Block {
  const header: BlockHeader = {
    parentHash: parent?.hash ?? ZERO_HASH,
    ommersHash: EMPTY_OMMERS_HASH,
    beneficiary: ZERO_ADDRESS,
    stateRoot: EMPTY_ROOT,
    transactionsRoot: transactionsRoot(transactions.map(({ raw }) => raw)),
    receiptsRoot: receiptsRoot(receipts),
    logsBloom: combineBlooms(receipts.map((receipt) => receipt.logsBloom)),
    difficulty: 1n,
    number: (parent?.block.header.number ?? -1n) + 1n,
    gasLimit: GAS_LIMIT,
    gasUsed: receipts.at(-1)?.cumulativeGasUsed ?? 0n,
    timestamp: (parent?.block.header.timestamp ?? GENESIS_TIME - 1n) + 1n,
    extraData: new Uint8Array(32),
    mixHash: QBFT_MIX_HASH,
    nonce: new Uint8Array(8),
    baseFeePerGas: BASE_FEE,
    withdrawalsRoot: EMPTY_ROOT,
  };
  return { header, transactions, ommers: [], withdrawals: [] };
}

function execute(
  before: ReadonlyMap<string, MemoryAccount>,
  transactions: readonly Transaction[],
  senders: readonly Address[],
): ReadonlyMap<string, MemoryAccount> {
  const after = new Map(before);
  for (const [index, { value, nonce, to }] of transactions.entries()) {
    const from = keyOf(senders[index] ?? ZERO_ADDRESS);
    const payer = after.get(from);
    after.set(from, { ...payer, nonce: nonce + 1n, balance: (payer?.balance ?? 0n) - value });
    if (to === undefined) continue;
    const payee = after.get(keyOf(to));
    after.set(keyOf(to), { ...payee, balance: (payee?.balance ?? 0n) + value });
  }
  return after;
}

function readerOf(
  state: ReadonlyMap<string, MemoryAccount>,
  blockHash: StateReader['blockHash'],
): StateReader {
  return {
    account: (address) => {
      const held = state.get(keyOf(address));
      if (held === undefined) return undefined;
      const { nonce = 0n, balance = 0n, code } = held;
      return { nonce, balance, storageRoot: EMPTY_ROOT, codeHash: code?.hash ?? EMPTY_CODE_HASH };
    },
    storage: (address, slot) =>
      state.get(keyOf(address))?.storage?.get(keyOf(slot)) ?? new Uint8Array(0),
    code: (codeHash) => {
      const owner = [...state.values()].find(
        ({ code }) => code !== undefined && keyOf(code.hash) === keyOf(codeHash),
      );
      invariant(owner?.code, 'code is kept for every account that has it');
      return owner.code.bytes;
    },
    blockHash,
  };
}

/** An address whose bytes are all the same. */
export function addressOfByte(byte: number): Address {
  return asAddress(new Uint8Array(20).fill(byte));
}

/** A hash whose bytes are all the same. */
export function hashOfByte(byte: number): Hash {
  return asHash(new Uint8Array(32).fill(byte));
}
