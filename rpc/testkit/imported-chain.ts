/** The foreign chain of ethereum/execution-apis as a `ChainPort`: blocks as they are, no state. */
import {
  type Address,
  asAddress,
  asHash,
  type Block,
  type BlockHeader,
  decodeBlock,
  EMPTY_OMMERS_HASH,
  EMPTY_ROOT,
  encodeBlock,
  type Hash,
  type Height,
  headerHash,
  hexToBytes,
  invariant,
  keyOf,
  type Log,
  type Receipt,
  ZERO_HASH,
} from '../../ledger/model/index.ts';
import type { ChainPort } from '../ports.ts';
import { senderOf } from './memory-chain.ts';
import { scanLogs } from './scan-logs.ts';

/** A receipt as a fixture shows it; of it only what consensus hashes is kept. */
export type ReceiptFixture = {
  readonly transactionHash: string;
  readonly type: string;
  readonly status?: string;
  readonly root?: string;
  readonly cumulativeGasUsed: string;
  readonly gasUsed: string;
  readonly logsBloom: string;
  readonly logs: readonly {
    readonly address: string;
    readonly topics: readonly string[];
    readonly data: string;
  }[];
};

/** Fields of a geth-style genesis that make the header of block 0. */
export type GenesisFixture = Readonly<
  Record<'gasLimit' | 'difficulty' | 'extraData' | 'timestamp', string>
> & { readonly stateRoot: string };

/** `rlp` holds the blocks from 1 on, one after the other. */
export function createImportedChain(
  genesis: GenesisFixture,
  rlp: Uint8Array,
  receiptFixtures: readonly ReceiptFixture[],
): ChainPort {
  const blocks = [genesisBlock(genesis), ...splitItems(rlp).map(blockOf)];
  const hashes = blocks.map(({ header }) => headerHash(header, 'plain'));
  const senders = blocks.map(({ transactions }) => transactions.map(senderOf));
  const byHash = new Map(receiptFixtures.map((receipt) => [receipt.transactionHash, receipt]));
  const numbers = new Map(hashes.map((hash, number) => [keyOf(hash), BigInt(number)]));
  const places = new Map<string, { number: Height; index: number }>();
  for (const { header, transactions } of blocks) {
    for (const [index, { hash }] of transactions.entries()) {
      places.set(keyOf(hash), { number: header.number, index });
    }
  }
  const at = <T>(list: readonly T[], number: Height): T | undefined => list[Number(number)];
  const chain: Omit<ChainPort, 'findLogs'> = {
    head: () => ({
      header: last(blocks).header,
      hash: last(hashes),
    }),
    hashOf: (number) => at(hashes, number),
    numberOf: (hash) => numbers.get(keyOf(hash)),
    header: (number) => at(blocks, number)?.header,
    block: (number) => at(blocks, number),
    encodedBlock: (number) => {
      const block = at(blocks, number);
      return block === undefined ? undefined : encodeBlock(block);
    },
    receipts: (number) => {
      const block = at(blocks, number);
      return block === undefined ? undefined : receiptsOf(block, byHash);
    },
    senders: (number): readonly Address[] | undefined => at(senders, number),
    transactionPlace: (hash) => places.get(keyOf(hash)),
    stateAt: () => undefined,
  };
  return { ...chain, findLogs: scanLogs(chain) };
}

function last<T>(list: readonly T[]): T {
  const item = list.at(-1);
  invariant(item !== undefined, 'a chain has block 0');
  return item;
}

function blockOf(encoded: Uint8Array): Block {
  const decoded = decodeBlock(encoded);
  invariant(decoded.ok, 'the blocks of the fixture decode');
  return decoded.block;
}

/** Consecutive RLP lists of 2 to 4 length bytes, as blocks are. */
function splitItems(rlp: Uint8Array): readonly Uint8Array[] {
  const items: Uint8Array[] = [];
  for (let start = 0; start < rlp.length; ) {
    const lengthBytes = (rlp[start] ?? 0) - 0xf7;
    let length = 0;
    for (let i = 1; i <= lengthBytes; i += 1) length = length * 256 + (rlp[start + i] ?? 0);
    const end = start + 1 + lengthBytes + length;
    items.push(rlp.subarray(start, end));
    start = end;
  }
  return items;
}

function genesisBlock(genesis: GenesisFixture): Block {
  const header: BlockHeader = {
    parentHash: ZERO_HASH,
    ommersHash: EMPTY_OMMERS_HASH,
    beneficiary: asAddress(new Uint8Array(20)),
    stateRoot: hashOf(genesis.stateRoot),
    transactionsRoot: EMPTY_ROOT,
    receiptsRoot: EMPTY_ROOT,
    logsBloom: new Uint8Array(256),
    difficulty: BigInt(genesis.difficulty),
    number: 0n,
    gasLimit: BigInt(genesis.gasLimit),
    gasUsed: 0n,
    timestamp: BigInt(genesis.timestamp),
    extraData: hexToBytes(genesis.extraData),
    mixHash: ZERO_HASH,
    nonce: new Uint8Array(8),
  };
  return { header, transactions: [], ommers: [] };
}

/** Receipts that no fixture shows are empty, with the gas that the next one implies. */
function receiptsOf(
  block: Block,
  fixtures: ReadonlyMap<string, ReceiptFixture>,
): readonly Receipt[] {
  const shown = block.transactions.map(({ hash }) =>
    fixtures.get(`0x${Buffer.from(hash).toString('hex')}`),
  );
  return block.transactions.map((transaction, index) => {
    const fixture = shown[index];
    if (fixture !== undefined) return receiptOf(fixture, transaction.type);
    const next = shown[index + 1];
    return {
      type: transaction.type,
      status: 1,
      cumulativeGasUsed:
        next === undefined ? 0n : BigInt(next.cumulativeGasUsed) - BigInt(next.gasUsed),
      logsBloom: new Uint8Array(256),
      logs: [],
    };
  });
}

function receiptOf(fixture: ReceiptFixture, type: Receipt['type']): Receipt {
  return {
    type,
    status: fixture.root === undefined ? statusOf(fixture.status) : hashOf(fixture.root),
    cumulativeGasUsed: BigInt(fixture.cumulativeGasUsed),
    logsBloom: hexToBytes(fixture.logsBloom),
    logs: fixture.logs.map(logOf),
  };
}

function statusOf(status: string | undefined): 0 | 1 {
  return status === '0x1' ? 1 : 0;
}

function logOf(log: ReceiptFixture['logs'][number]): Log {
  return {
    address: asAddress(hexToBytes(log.address)),
    topics: log.topics.map(hashOf),
    data: hexToBytes(log.data),
  };
}

function hashOf(hex: string): Hash {
  return asHash(hexToBytes(hex));
}
