/** Random test input that a printed seed makes again. */
export type TestRandom = {
  /** An integer from 0 to `limit` less 1. */
  below(limit: number): number;
  bytes(length: number): Uint8Array;
  /** How to run the test again with the same input; put it into assertion messages. */
  readonly rerun: string;
};

/** Seeded by `EHB_TEST_SEED` if set, else by `name`, so that a plain run is the same each time. */
export function seededRandom(name: string): TestRandom {
  const seed = process.env['EHB_TEST_SEED'] ?? name;
  // xmur3 to spread the seed, mulberry32 to go on from it: small, and good enough for tests.
  let state = 1779033703 ^ seed.length;
  for (let i = 0; i < seed.length; i += 1) {
    state = Math.imul(state ^ seed.charCodeAt(i), 3432918353);
    state = (state << 13) | (state >>> 19);
  }
  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }
  const below = (limit: number): number => next() % limit;
  return {
    below,
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
    rerun: `rerun with EHB_TEST_SEED=${seed}`,
  };
}
