/** What a node shows of its blocks and states over JSON-RPC, read back into the forms that are hashed. */
import {
  asAddress,
  asHash,
  type BlockHeader,
  decodeTransaction,
  encodeBlock,
  type Height,
  hexToBytes,
} from '../../ledger/model/index.ts';
import { batch } from './batch.ts';

export type ShownBlock = Readonly<Record<string, unknown>> & {
  readonly transactions: readonly string[];
};

/** Calls in one request. */
const BATCH = 100;
const QUANTITIES = ['baseFeePerGas', 'blobGasUsed', 'excessBlobGas'] as const;
const HASHES = ['withdrawalsRoot', 'parentBeaconBlockRoot', 'requestsHash'] as const;

/** The results for each number of a range, in order. @throws TypeError where a node refuses one */
export async function shownFor<R>(
  url: string,
  method: string,
  [first, last]: readonly [Height, Height],
  more: readonly unknown[],
): Promise<readonly R[]> {
  const results: R[] = [];
  for (let from = first; from <= last; from += BigInt(BATCH)) {
    const length = Math.min(BATCH, Number(last - from) + 1);
    const calls = Array.from({ length }, (_, offset) => ({
      method,
      params: [`0x${(from + BigInt(offset)).toString(16)}`, ...more],
    }));
    for (const answer of await batch(url, calls)) {
      if (!answer.ok) throw new TypeError(`${url} refused ${method}: ${answer.message}`);
      results.push(answer.result as R);
    }
  }
  return results;
}

/**
 * RLP of the block; seals and all.
 * @param raws signed transactions by hash: the node names them by their hash alone
 */
export function encodeShown(shown: ShownBlock, raws: ReadonlyMap<string, string>): Uint8Array {
  const transactions = shown.transactions.map((hash) => {
    const raw = raws.get(hash);
    if (raw === undefined) throw new TypeError(`nobody sent ${hash}, which is in a block`);
    const decoded = decodeTransaction(hexToBytes(raw));
    if (!decoded.ok) throw new TypeError(decoded.message);
    return decoded.transaction;
  });
  const withdrawals = shown['withdrawals'] === undefined ? {} : { withdrawals: [] };
  return encodeBlock({ header: headerOf(shown), transactions, ommers: [], ...withdrawals });
}

export function headerOf(shown: ShownBlock): BlockHeader {
  const bytes = (name: string): Uint8Array => hexToBytes(String(shown[name]));
  const number = (name: string): bigint => BigInt(String(shown[name]));
  const later: Record<string, unknown> = {};
  for (const name of QUANTITIES) if (name in shown) later[name] = number(name);
  for (const name of HASHES) if (name in shown) later[name] = asHash(bytes(name));
  return {
    parentHash: asHash(bytes('parentHash')),
    ommersHash: asHash(bytes('sha3Uncles')),
    beneficiary: asAddress(bytes('miner')),
    stateRoot: asHash(bytes('stateRoot')),
    transactionsRoot: asHash(bytes('transactionsRoot')),
    receiptsRoot: asHash(bytes('receiptsRoot')),
    logsBloom: bytes('logsBloom'),
    difficulty: number('difficulty'),
    number: number('number'),
    gasLimit: number('gasLimit'),
    gasUsed: number('gasUsed'),
    timestamp: number('timestamp'),
    extraData: bytes('extraData'),
    mixHash: asHash(bytes('mixHash')),
    nonce: bytes('nonce'),
    ...later,
  };
}
