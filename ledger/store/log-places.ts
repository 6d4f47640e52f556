/**
 * Where the logs of a block stand, by what they show: the records of the log index (L-10).
 *
 * A term is what can be asked for: a kind (0 any log, 1 an address, 2 to 5 a topic by its position) and
 * the value. The record of a term and a block lists places, each as three numbers in LEB128: the index of the
 * transaction and of the log in the block, both less those of the place before, and of the log in its receipt.
 */
import { type Address, type Hash, keyOf, type Receipt } from '../model/index.ts';

export type LogPlace = {
  readonly transactionIndex: number;
  /** Counted through the whole block. */
  readonly logIndex: number;
  readonly indexInReceipt: number;
};

export const ANY_LOG: Uint8Array = Uint8Array.of(0);

export function addressTerm(address: Address): Uint8Array {
  return term(1, address);
}

export function topicTerm(position: number, topic: Hash): Uint8Array {
  return term(2 + position, topic);
}

function term(kind: number, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + value.length);
  bytes[0] = kind;
  bytes.set(value, 1);
  return bytes;
}

/** The places of one term, encoded as far as they are known. */
type Places = {
  readonly term: Uint8Array;
  readonly bytes: number[];
  lastTransaction: number;
  lastLog: number;
};

/** The records that the receipts of a block add, each with its term. */
export function logRecords(
  receipts: readonly Receipt[],
): readonly { readonly term: Uint8Array; readonly record: Uint8Array }[] {
  const all: Places[] = [];
  const byKind: Map<string, Places>[] = Array.from({ length: 6 }, () => new Map());
  const placesOf = (kind: number, value: Uint8Array): Places => {
    const places = byKind[kind] as Map<string, Places>;
    const name = keyOf(value);
    const known = places.get(name);
    if (known !== undefined) return known;
    const fresh = { term: term(kind, value), bytes: [], lastTransaction: 0, lastLog: 0 };
    places.set(name, fresh);
    all.push(fresh);
    return fresh;
  };
  let logIndex = 0;
  for (const [transactionIndex, { logs }] of receipts.entries()) {
    for (const [indexInReceipt, { address, topics }] of logs.entries()) {
      const place = { transactionIndex, logIndex, indexInReceipt };
      addPlace(placesOf(0, NOTHING), place);
      addPlace(placesOf(1, address), place);
      for (const [position, topic] of topics.entries()) {
        addPlace(placesOf(2 + position, topic), place);
      }
      logIndex += 1;
    }
  }
  return all.map(({ term: showing, bytes }) => ({ term: showing, record: Uint8Array.from(bytes) }));
}

const NOTHING: Uint8Array = new Uint8Array(0);

function addPlace(places: Places, { transactionIndex, logIndex, indexInReceipt }: LogPlace): void {
  writeNumber(places.bytes, transactionIndex - places.lastTransaction);
  writeNumber(places.bytes, logIndex - places.lastLog);
  writeNumber(places.bytes, indexInReceipt);
  places.lastTransaction = transactionIndex;
  places.lastLog = logIndex;
}

/** Of a record that has passed its checksum. */
export function decodePlaces(record: Uint8Array): readonly LogPlace[] {
  const places: LogPlace[] = [];
  let at = 0;
  const readNumber = (): number => {
    let value = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = record[at] ?? 0;
      at += 1;
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
    }
  };
  let transactionIndex = 0;
  let logIndex = 0;
  while (at < record.length) {
    transactionIndex += readNumber();
    logIndex += readNumber();
    places.push({ transactionIndex, logIndex, indexInReceipt: readNumber() });
  }
  return places;
}

function writeNumber(bytes: number[], value: number): void {
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
}
