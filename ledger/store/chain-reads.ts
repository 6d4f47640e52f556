/** Point reads of final blocks. Each @throws CodedError `STORE_DAMAGED` rather than serve what fails its checksum. */
import {
  type Address,
  asAddress,
  type Block,
  type BlockHeader,
  decodeBlock,
  type Hash,
  type Height,
  invariant,
} from '../model/index.ts';
import { readBatchRecord } from './batch-chain.ts';
import { readHeader } from './check-store.ts';
import type { Reader } from './database.ts';
import { hashKey, numberFrom, numberKey } from './keyspace.ts';

export type ChainReads = {
  hashOf(number: Height): Hash | undefined;
  headerOf(number: Height): BlockHeader | undefined;
  /** A record of the block's, decoded. */
  readNumbered<T>(
    table: 'block' | 'senders' | 'receipts',
    number: Height,
    decode: (bytes: Uint8Array) => T | undefined,
  ): T | undefined;
  numberOf(hash: Hash): Height | undefined;
  transactionPlace(hash: Hash): { readonly number: Height; readonly index: number } | undefined;
};

export function createChainReads(database: Reader): ChainReads {
  return {
    hashOf: (number) => (number < 0n ? undefined : readBatchRecord(database, number)?.blockHash),
    headerOf: (number) => (number < 0n ? undefined : readHeader(database, number)),
    readNumbered: (table, number, decode) => {
      const bytes = number < 0n ? undefined : database.get(numberKey(table, number));
      if (bytes === undefined) return undefined;
      const decoded = decode(bytes);
      invariant(decoded !== undefined, 'a record that passes its checksum can be decoded');
      return decoded;
    },
    numberOf: (hash) => {
      const place = database.get(hashKey('numberOfHash', hash));
      return place && numberFrom(place);
    },
    transactionPlace: (hash) => {
      const place = database.get(hashKey('transaction', hash));
      if (place === undefined) return undefined;
      const view = new DataView(place.buffer, place.byteOffset, place.length);
      return { number: numberFrom(place), index: view.getUint32(8) };
    },
  };
}

export function blockFrom(bytes: Uint8Array): Block | undefined {
  const decoded = decodeBlock(bytes);
  return decoded.ok ? decoded.block : undefined;
}

export function addressesFrom(bytes: Uint8Array): readonly Address[] {
  const addresses: Address[] = [];
  for (let at = 0; at < bytes.length; at += 20) {
    addresses.push(asAddress(bytes.subarray(at, at + 20)));
  }
  return addresses;
}
