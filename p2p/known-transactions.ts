/** The transactions that one peer is known to have: the newest ones, bounded. */

export type KnownTransactions = {
  has(key: string): boolean;
  add(key: string): void;
};

/** Remembers at least `capacity / 2` and at most `capacity` of the newest keys. */
export function createKnownTransactions(capacity: number): KnownTransactions {
  let young = new Set<string>();
  let old = new Set<string>();
  return {
    has: (key) => young.has(key) || old.has(key),
    add(key) {
      if (young.size >= capacity / 2) {
        old = young;
        young = new Set();
      }
      young.add(key);
    },
  };
}

/** 16 bytes of a hash in a string of 8 UTF-16 units: short, and still nothing that can be forged. */
export function transactionKey(hash: Uint8Array): string {
  const unit = (i: number): number => ((hash[i] as number) << 8) | (hash[i + 1] as number);
  return String.fromCharCode(
    unit(0),
    unit(2),
    unit(4),
    unit(6),
    unit(8),
    unit(10),
    unit(12),
    unit(14),
  );
}
