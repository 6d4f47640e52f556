/** Places of logs by ascending block, as the terms of a query give them, joined without reading what does not match. */
import type { Height } from '../model/index.ts';
import type { Database } from './database.ts';
import { logKey, numberOfLogKey } from './keyspace.ts';
import { decodePlaces, type LogPlace } from './log-places.ts';

export type LogStream = {
  /** The block at hand; undefined at the end. */
  readonly number: () => Height | undefined;
  /** Its places, ascending. */
  readonly places: () => readonly LogPlace[];
  /** Goes to the first block at or after `number`. */
  readonly advance: (number: Height) => Promise<void>;
};

export type BlockRange = { readonly from: Height; readonly to: Height };

/** Stands before its first block until it is advanced. */
export function streamOfTerm(
  database: Database,
  term: Uint8Array,
  { to }: BlockRange,
  options: { readonly pageSize: number; readonly signal: AbortSignal | undefined },
): LogStream {
  const { pageSize, signal } = options;
  let page: { readonly number: Height; readonly record: Uint8Array }[] = [];
  let at = 0;
  let isEnded = false;
  return {
    number: () => page[at]?.number,
    places: () => decodePlaces((page[at] as { record: Uint8Array }).record),
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
  return {
    number,
    places: () => {
      const first = number();
      const here = streams.filter((stream) => stream.number() === first);
      return here.flatMap((stream) => stream.places()).sort((a, b) => a.logIndex - b.logIndex);
    },
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
  let number: Height = from;
  for (;;) {
    const next = await leap(streams, number);
    if (next === undefined) return;
    if (next === number && streams.every((stream) => stream.number() === number)) {
      const places = commonPlaces(streams);
      if (places.length > 0) yield { number, places };
      number += 1n;
    } else {
      number = next;
    }
  }
}

/** Brings each stream to `number` or behind it; the farthest of them, undefined if one has ended. */
async function leap(streams: readonly LogStream[], number: Height): Promise<Height | undefined> {
  let farthest = number;
  for (const stream of streams) {
    const at = stream.number();
    if (at === undefined || at < farthest) await stream.advance(farthest);
    const next = stream.number();
    if (next === undefined) return undefined;
    if (next > farthest) farthest = next;
  }
  return farthest;
}

function commonPlaces(streams: readonly LogStream[]): readonly LogPlace[] {
  let common = streams[0]?.places() ?? [];
  for (const stream of streams.slice(1)) {
    const here = new Set(stream.places().map(({ logIndex }) => logIndex));
    common = common.filter(({ logIndex }) => here.has(logIndex));
  }
  return common;
}
