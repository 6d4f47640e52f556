/** The ledger on disk: blocks, receipts, indexes, state and trie behind one interface. */
import {
  type Account,
  type Address,
  asHash,
  type Block,
  type BlockHeader,
  CodedError,
  commitState,
  decodeAccount,
  decodeBlock,
  decodeHeader,
  decodeReceipt,
  decodeRlp,
  EMPTY_CODE_HASH,
  EMPTY_ROOT,
  type ExecutedBlock,
  equalBytes,
  type Hash,
  type HeaderHashRule,
  type Height,
  headerHash,
  invariant,
  type Receipt,
  type StateChanges,
  type StatePort,
  type StateReader,
} from '../model/index.ts';
import { writesOf } from './block-writes.ts';
import { type Database, openDatabase } from './database.ts';
import {
  accountKey,
  hashKey,
  metadataKey,
  nodeKey,
  numberFrom,
  numberKey,
  slotKey,
} from './keyspace.ts';
import { newestValue, valueAt } from './versions.ts';

export type StoreOptions = {
  /** A directory; made if there is none. */
  readonly path: string;
  readonly genesis: {
    readonly block: Block;
    readonly hash: Hash;
    /** The accounts of block 0. */
    readonly accounts: StateChanges;
  };
  readonly hashRule: HeaderHashRule;
};

export type ChainStore = {
  head(): { readonly header: BlockHeader; readonly hash: Hash };
  /** The head's state; valid until the next write. */
  state(): StatePort;
  /** The state after a stored block; undefined above the head. */
  stateAt(number: Height): StateReader | undefined;
  /** Writes the block after the head, whole and synced. @throws CodedError `STORE_WRITE_FAILED` */
  write(executed: ExecutedBlock): Promise<void>;
  hashOf(number: Height): Hash | undefined;
  numberOf(hash: Hash): Height | undefined;
  header(number: Height): BlockHeader | undefined;
  block(number: Height): Block | undefined;
  /** RLP of the block, with the seals in its header. */
  encodedBlock(number: Height): Uint8Array | undefined;
  receipts(number: Height): readonly Receipt[] | undefined;
  senders(number: Height): readonly Address[] | undefined;
  transactionPlace(hash: Hash): { readonly number: Height; readonly index: number } | undefined;
  /** RLP of a node of the head's account trie (`owner` undefined) or of a storage trie. */
  node(owner: Hash | undefined, path: Uint8Array): Uint8Array | undefined;
  close(): Promise<void>;
};

const FORMAT_VERSION = 1;

/**
 * Opens the store of a chain, or makes it with block 0.
 * @throws CodedError `STORE_FOREIGN_GENESIS`, `STORE_UNKNOWN_VERSION`, `STORE_LOCKED`, `STORE_DAMAGED`,
 *   `STORE_NOT_WRITABLE`, `STORE_WRONG_GENESIS_STATE`
 */
export async function openStore(options: StoreOptions): Promise<ChainStore> {
  const database = await openDatabase(options.path);
  try {
    if (database.get(metadataKey('version')) === undefined) await initialise(database, options);
    else checkIdentity(database, options);
    return createStore(database, options);
  } catch (error) {
    await database.close();
    throw error;
  }
}

function damaged(options: StoreOptions, what: string): CodedError<{ code: string; path: string }> {
  return new CodedError(`${what}: ${options.path}`, { code: 'STORE_DAMAGED', path: options.path });
}

function checkIdentity(database: Database, options: StoreOptions): void {
  const { path } = options;
  const version = database.get(metadataKey('version')) as Uint8Array;
  if (version.length !== 1 || version[0] !== FORMAT_VERSION) {
    throw new CodedError(
      `the store has format ${version[0]}, known is ${FORMAT_VERSION}: ${path}`,
      {
        code: 'STORE_UNKNOWN_VERSION',
        path,
      },
    );
  }
  const genesis = database.get(metadataKey('genesis'));
  if (genesis === undefined) throw damaged(options, 'the genesis hash is missing');
  if (!equalBytes(genesis, options.genesis.hash)) {
    throw new CodedError(`the store belongs to a chain with another genesis block: ${path}`, {
      code: 'STORE_FOREIGN_GENESIS',
      path,
    });
  }
}

async function initialise(database: Database, options: StoreOptions): Promise<void> {
  const { block, hash, accounts } = options.genesis;
  const commitment = commitState(
    { stateRoot: EMPTY_ROOT, account: () => undefined, node: () => undefined },
    accounts,
  );
  if (!equalBytes(commitment.stateRoot, block.header.stateRoot)) {
    throw new CodedError(`the genesis accounts do not give the state root: ${options.path}`, {
      code: 'STORE_WRONG_GENESIS_STATE',
    });
  }
  const executed = { block, senders: [], receipts: [], changes: accounts, commitment };
  await database.write([
    ...(await writesOf(database, executed, hash)),
    { type: 'put', key: metadataKey('version'), value: Uint8Array.of(FORMAT_VERSION) },
    { type: 'put', key: metadataKey('genesis'), value: hash },
  ]);
}

function createStore(database: Database, options: StoreOptions): ChainStore {
  const { hashRule } = options;

  const read = <T>(
    bytes: Uint8Array | undefined,
    decode: (bytes: Uint8Array) => T | undefined,
  ): T | undefined => {
    if (bytes === undefined) return undefined;
    const value = decode(bytes);
    if (value === undefined) throw damaged(options, 'a stored record cannot be decoded');
    return value;
  };

  const header = (number: Height): BlockHeader | undefined =>
    read(database.get(numberKey('header', number)), (bytes) => {
      const decoded = decodeHeader(bytes);
      return decoded.ok ? decoded.header : undefined;
    });

  const accountFrom = (bytes: Uint8Array): Account | undefined =>
    bytes.length === 0
      ? undefined
      : read(bytes, (encoded) => {
          const decoded = decodeAccount(encoded);
          return decoded.ok ? decoded.account : undefined;
        });

  const code = (codeHash: Hash): Uint8Array => {
    if (equalBytes(codeHash, EMPTY_CODE_HASH)) return new Uint8Array(0);
    const bytes = database.get(hashKey('code', codeHash));
    invariant(bytes !== undefined, 'the code of every account is stored');
    return bytes;
  };

  const hashOf = (number: Height): Hash | undefined => {
    if (number > head.header.number) return undefined;
    if (number === head.header.number) return head.hash;
    const stored = header(number);
    return stored && headerHash(stored, hashRule);
  };

  const node = (owner: Hash | undefined, path: Uint8Array): Uint8Array | undefined =>
    database.get(nodeKey(owner, path));

  const readHead = (): { header: BlockHeader; hash: Hash } => {
    const record = database.get(metadataKey('head'));
    if (record === undefined) throw damaged(options, 'the head is missing');
    const number = numberFrom(record);
    const hash = asHash(record.slice(8));
    const stored = header(number);
    if (stored === undefined || !equalBytes(headerHash(stored, hashRule), hash)) {
      throw damaged(options, `the header of the head, block ${number}, does not fit`);
    }
    const root = node(undefined, new Uint8Array(0));
    if (
      database.get(numberKey('batchDigest', number)) === undefined ||
      database.get(numberKey('block', number)) === undefined ||
      database.get(numberKey('batchDigest', number + 1n)) !== undefined ||
      (root === undefined && !equalBytes(stored.stateRoot, EMPTY_ROOT))
    ) {
      throw damaged(options, `the batch of block ${number} is not whole`);
    }
    return { header: stored, hash };
  };

  let head = readHead();
  let writing = false;

  const state = (): StatePort => {
    const { stateRoot } = head.header;
    const account = (address: Address): Account | undefined =>
      accountFrom(newestValue(database, accountKey(address)));
    return {
      account,
      storage: (address, slot) => newestValue(database, slotKey(address, slot)),
      code,
      blockHash: hashOf,
      commit: (changes) => commitState({ stateRoot, account, node }, changes),
    };
  };

  const write = async (executed: ExecutedBlock): Promise<void> => {
    const next = executed.block.header;
    invariant(!writing, 'blocks are written one after the other');
    invariant(
      next.number === head.header.number + 1n && equalBytes(next.parentHash, head.hash),
      'a written block follows the head',
    );
    writing = true;
    try {
      const hash = headerHash(next, hashRule);
      await database.write(await writesOf(database, executed, hash));
      head = { header: next, hash };
    } finally {
      writing = false;
    }
  };

  return {
    head: () => head,
    state,
    stateAt: (number) => {
      if (number < 0n || number > head.header.number) return undefined;
      return {
        account: (address) => accountFrom(valueAt(database, accountKey(address), number)),
        storage: (address, slot) => valueAt(database, slotKey(address, slot), number),
        code,
        blockHash: (asked) => (asked > number ? undefined : hashOf(asked)),
      };
    },
    write,
    hashOf,
    numberOf: (hash) => read(database.get(hashKey('numberOfHash', hash)), numberFrom),
    header,
    block: (number) =>
      read(database.get(numberKey('block', number)), (bytes) => {
        const decoded = decodeBlock(bytes);
        return decoded.ok ? decoded.block : undefined;
      }),
    encodedBlock: (number) => database.get(numberKey('block', number)),
    receipts: (number) => read(database.get(numberKey('receipts', number)), receiptsFrom),
    senders: (number) => read(database.get(numberKey('senders', number)), addressesFrom),
    transactionPlace: (hash) =>
      read(database.get(hashKey('transaction', hash)), (bytes) => ({
        number: numberFrom(bytes),
        index: new DataView(bytes.buffer, bytes.byteOffset).getUint32(8),
      })),
    node,
    close: () => database.close(),
  };
}

function receiptsFrom(bytes: Uint8Array): readonly Receipt[] | undefined {
  const list = decodeRlp(bytes);
  if (!list.ok || list.item instanceof Uint8Array) return undefined;
  const receipts: Receipt[] = [];
  for (const item of list.item) {
    if (!(item instanceof Uint8Array)) return undefined;
    const decoded = decodeReceipt(item);
    if (!decoded.ok) return undefined;
    receipts.push(decoded.receipt);
  }
  return receipts;
}

function addressesFrom(bytes: Uint8Array): readonly Address[] {
  const addresses: Address[] = [];
  for (let at = 0; at < bytes.length; at += 20) {
    addresses.push(bytes.slice(at, at + 20) as Address);
  }
  return addresses;
}
