/**
 * The chain of a run executed once more from its genesis, by an engine of this process on a ledger of
 * its own: what a validator shows after a crash is compared with it, header by header and receipt by receipt.
 */
import { keccak256 } from '#crypto';
import {
  type Address,
  bytesToHex,
  type Height,
  hexToBytes,
  type Receipt,
} from '../../ledger/model/index.ts';
import { openStore } from '../../ledger/store/index.ts';
import { type LedgerPlace, storeOptionsOf } from '../../node/maintenance/ledger-files.ts';
import { createLoneChain } from '../../node/maintenance/lone-chain.ts';
import { RpcTransportError } from '../../rpc/client.ts';
import { formatHeader } from '../../rpc/format-block.ts';
import { formatReceipts } from '../../rpc/format-receipt.ts';
import { encodeShown, type ShownBlock, shownFor } from './shown-block.ts';
import type { ValidatorProcess } from './validator-process.ts';

export type Comparison = {
  /** One sentence for each difference. */
  readonly faults: readonly string[];
  /** Of the validator when it was asked. */
  readonly head: Height;
  readonly receipts: number;
};

export type Replay = {
  head(): Height;
  /** What the validator shows of blocks `from` to its head, and of the accounts there. */
  compare(validator: ValidatorProcess, from: Height): Promise<Comparison>;
  close(): Promise<void>;
};

export type ReplayOptions = {
  /** A directory of the replay's own, with the genesis of the network. */
  readonly place: LedgerPlace;
  /** Signed transactions by hash: all that were sent. */
  readonly raws: ReadonlyMap<string, string>;
  /** Whose states are compared. */
  readonly accounts: readonly Address[];
};

type ShownAccount = {
  readonly balance: string;
  readonly nonce: string;
  readonly storageHash: string;
  readonly accountProof: readonly string[];
};

const ANSWER_LIMIT_MS = 120_000;
/** Each node keeps the seals that it got, so these may differ. */
const OWN_FIELDS: readonly string[] = ['extraData', 'size'];

export async function openReplay({ place, raws, accounts }: ReplayOptions): Promise<Replay> {
  const store = await openStore(storeOptionsOf(place));
  const chain = await createLoneChain(
    { genesis: place.genesis, engine: 'fast', keepsRevertReasons: true },
    store,
  );
  const head = (): Height => store.head().header.number;

  const follow = async (shown: readonly ShownBlock[]): Promise<string | undefined> => {
    for (const block of shown) {
      if (BigInt(String(block['number'])) <= head()) continue;
      const verdict = await chain.import(encodeShown(block, raws));
      if (!verdict.ok) return `block ${Number(block['number'])} is refused: ${verdict.message}`;
    }
    return undefined;
  };

  const blockFault = (shown: ShownBlock): string | undefined => {
    const number = BigInt(String(shown['number']));
    const header = store.header(number);
    const hash = store.hashOf(number);
    const block = store.block(number);
    if (header === undefined || hash === undefined || block === undefined) return 'unknown';
    const expected: Readonly<Record<string, unknown>> = {
      ...formatHeader(header, hash),
      transactions: block.transactions.map(({ hash: own }) => bytesToHex(own)),
    };
    const different = Object.keys(expected).find(
      (name) =>
        !OWN_FIELDS.includes(name) &&
        JSON.stringify(shown[name]) !== JSON.stringify(expected[name]),
    );
    return different && `block ${number} has another ${different}`;
  };

  const receiptFault = (number: Height, shown: readonly unknown[]): string | undefined => {
    const block = store.block(number);
    const hash = store.hashOf(number);
    if (block === undefined || hash === undefined) return `block ${number} is unknown`;
    const receipts = store.receipts(number) as readonly Receipt[];
    const senders = store.senders(number) as readonly Address[];
    const expected = formatReceipts({ block, hash, receipts, senders }, undefined);
    return JSON.stringify(shown) === JSON.stringify(expected)
      ? undefined
      : `the receipts of block ${number} differ`;
  };

  const stateFault = async (
    { client }: ValidatorProcess,
    number: Height,
  ): Promise<string | undefined> => {
    const state = store.stateAt(number);
    const root = bytesToHex(store.header(number)?.stateRoot ?? new Uint8Array(0));
    for (const address of accounts) {
      const own = state?.account(address);
      const params = [bytesToHex(address), [], `0x${number.toString(16)}`];
      const shown = await client.request<ShownAccount>('eth_getProof', params);
      const isRoot = bytesToHex(keccak256(hexToBytes(shown.accountProof[0] ?? '0x'))) === root;
      const isSame =
        BigInt(shown.balance) === (own?.balance ?? 0n) &&
        BigInt(shown.nonce) === (own?.nonce ?? 0n);
      if (!isRoot || !isSame) return `${bytesToHex(address)} differs in the state of ${number}`;
    }
    return undefined;
  };

  const compareOnce: Replay['compare'] = async (validator, from) => {
    const { url, client, index } = validator;
    const last = BigInt(await client.request('eth_blockNumber', []));
    const start = from < head() + 1n ? from : head() + 1n;
    const blocks = await shownFor<ShownBlock>(url, 'eth_getBlockByNumber', [start, last], [false]);
    const refused = await follow(blocks);
    const receipts = await shownFor<readonly unknown[]>(
      url,
      'eth_getBlockReceipts',
      [start, last],
      [],
    );
    const faults = [
      refused,
      ...blocks.map(blockFault),
      ...receipts.map((shown, offset) => receiptFault(start + BigInt(offset), shown)),
      await stateFault(validator, last),
    ].filter((fault) => fault !== undefined);
    return {
      faults: faults.map((fault) => `validator ${index} and the replay: ${fault}`),
      head: last,
      receipts: receipts.reduce((sum, { length }) => sum + length, 0),
    };
  };

  const compare: Replay['compare'] = (validator, from) =>
    untilAnswered(() => compareOnce(validator, from));

  return { head, compare, close: () => store.close() };
}

/** A machine that starts several nodes at once lets one wait for longer than a call may take. */
export async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  const deadlineMs = performance.now() + ANSWER_LIMIT_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const isSilence =
        error instanceof RpcTransportError ||
        (error instanceof DOMException && error.name === 'TimeoutError');
      if (!isSilence || performance.now() > deadlineMs) throw error;
    }
  }
}
