/** What every precompiled contract is: a price and a function, both of the input alone. */
export type Precompile = {
  /** What the call costs, known before it runs. A call that fails takes all gas it was given. */
  gas(input: Uint8Array): bigint;
  /** Undefined: the call fails. Never throws, whatever the input. */
  run(input: Uint8Array): Uint8Array | undefined;
};

const NOTHING = new Uint8Array(0);

/** The answer of a successful call without a result. */
export function nothing(): Uint8Array {
  return NOTHING;
}

/** Bytes `from` to `from + length` of the input, as if zeros followed it. A copy. */
export function padded(input: Uint8Array, from: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  if (from < input.length) bytes.set(input.subarray(from, from + length));
  return bytes;
}

/** Price of an input that is paid by words of 32 bytes, a begun one counting whole. */
export function perWord(base: bigint, word: bigint, input: Uint8Array): bigint {
  return base + word * BigInt(Math.ceil(input.length / 32));
}
