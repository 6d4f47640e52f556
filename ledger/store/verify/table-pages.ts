/** Walking over a table without holding it: one page at a time. */
import type { Reader, ScannedEntry } from '../database.ts';
import type { KeyRange } from '../keyspace.ts';

const PAGE = 1024;

export async function* pagesOf(
  reader: Reader,
  { gte, lt }: KeyRange,
): AsyncGenerator<ScannedEntry> {
  let start = gte;
  for (;;) {
    const page = await reader.scan({ gte: start, lt }, PAGE);
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    // The least key behind the last one.
    start = new Uint8Array(last.key.length + 1);
    start.set(last.key);
  }
}
