/**
 * Places of logs by ascending block, as the terms of a query give them, joined without reading what does not
 * match: the rarest of the things asked for is followed, and the others are looked up where it stands.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import type { Height } from '../model/index.ts';
import type { Database } from './database.ts';
import { logKey, numberOfLogKey } from './keyspace.ts';
import { decodePlaces, type LogPlace } from './log-places.ts';

/** Blocks looked at before other work of the thread gets its turn. */
const BLOCKS_PER_TURN = 16;

export type LogStream = {
  /** The block at hand; undefined at the end. */
  readonly number: () => Height | undefined;
  /** Its places, ascending. */
  readonly places: () => readonly LogPlace[];
  /** Goes to the first block at or after `number`. */
  readonly advance: (number: Height) => Promise<void>;
  /** Places in a block at or behind the one at hand, without going there. */
  readonly placesAt: (number: Height) => readonly LogPlace[];
  /** How many blocks it has, judged by those that were read; to be asked once it stands somewhere. */
  readonly estimate: () => number;
};

export type BlockRange = { readonly from: Height; readonly to: Height };

/** Stands before its first block until it is advanced. */
export function streamOfTerm(
  database: Database,
  term: Uint8Array,
  { from, to }: BlockRange,
  options: { readonly pageSize: number; readonly signal: AbortSignal | undefined },
): LogStream {
  const { pageSize, signal } = options;
  let page: { readonly number: Height; readonly record: Uint8Array }[] = [];
  let at = 0;
  let isEnded = false;
  return {
    number: () => page[at]?.number,
    places: () => decodePlaces((page[at] as { record: Uint8Array }).record),
    placesAt: (number) => {
      if (page[at]?.number === number)
        return decodePlaces((page[at] as { record: Uint8Array }).record);
      const record = number > to ? undefined : database.get(logKey(term, number));
      return record === undefined ? [] : decodePlaces(record);
    },
    estimate: () => {
      const last = page.at(-1);
      if (isEnded || last === undefined) return page.length;
      return (page.length * Number(to - from + 1n)) / Number(last.number - from + 1n);
    },
    advance: async (number) => {
      while (at < page.length && (page[at] as { number: Height }).number < number) at += 1;
      if (at < page.length || isEnded) return;
      if (number > to) {
        isEnded = true;
        return;
      }
      signal?.throwIfAborted();
      const range = { gte: logKey(term, number), lt: logKey(term, to + 1n) };
      const entries = await database.entries(range, pageSize);
      page = entries.map(({ key, value }) => ({ number: numberOfLogKey(key), record: value }));
      at = 0;
      isEnded = entries.length < pageSize;
    },
  };
}

/** The blocks and places of any of the streams. A place is in one of them only: they are of one kind of term. */
export function anyOf(streams: readonly LogStream[]): LogStream {
  const number = (): Height | undefined => {
    let first: Height | undefined;
    for (const stream of streams) {
      const candidate = stream.number();
      if (candidate !== undefined && (first === undefined || candidate < first)) first = candidate;
    }
    return first;
  };
  const ascending = (places: readonly LogPlace[]): readonly LogPlace[] =>
    [...places].sort((a, b) => a.logIndex - b.logIndex);
  return {
    number,
    places: () => {
      const first = number();
      const here = streams.filter((stream) => stream.number() === first);
      return ascending(here.flatMap((stream) => stream.places()));
    },
    placesAt: (at) => ascending(streams.flatMap((stream) => stream.placesAt(at))),
    estimate: () => streams.reduce((sum, stream) => sum + stream.estimate(), 0),
    advance: async (to) => {
      for (const stream of streams) {
        const at = stream.number();
        if (at === undefined || at < to) await stream.advance(to);
      }
    },
  };
}

/** The blocks that all streams have, each with the places that are in all of them. */
export async function* allOf(
  streams: readonly LogStream[],
  { from }: BlockRange,
): AsyncGenerator<{ readonly number: Height; readonly places: readonly LogPlace[] }> {
  for (const stream of streams) {
    await stream.advance(from);
    if (stream.number() === undefined) return;
  }
  const [rarest, ...others] = [...streams].sort((a, b) => a.estimate() - b.estimate());
  if (rarest === undefined) return;
  let looked = 0;
  for (let number = rarest.number(); number !== undefined; number = rarest.number()) {
    looked += 1;
    if (looked % BLOCKS_PER_TURN === 0) await breathe();
    const places = placesInAll(rarest.places(), others, number);
    if (places.length > 0) yield { number, places };
    await rarest.advance(number + 1n);
  }
}

function placesInAll(
  first: readonly LogPlace[],
  others: readonly LogStream[],
  number: Height,
): readonly LogPlace[] {
  let common = first;
  for (const stream of others) {
    if (common.length === 0) return common;
    const here = new Set(stream.placesAt(number).map(({ logIndex }) => logIndex));
    common = common.filter(({ logIndex }) => here.has(logIndex));
  }
  return common;
}
