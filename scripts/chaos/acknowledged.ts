/**
 * Every transaction that some node has shown a receipt for: what a client may rely on for ever.
 * Whatever happens to nodes and links, each of these has to stay where it was.
 */

/** As a receipt says it. */
export type Place = { readonly blockNumber: number; readonly blockHash: string };

export type Acknowledged = Place & {
  readonly hash: string;
  /** Of the validator that showed the receipt. */
  readonly by: number;
};

export type AcknowledgedLedger = {
  /** A second receipt of one transaction that tells another place is kept as a contradiction. */
  add(entry: Acknowledged): void;
  size(): number;
  /** From the one with that number on, in the order of their arrival. */
  from(first: number): readonly Acknowledged[];
  contradictions(): readonly string[];
};

export function createAcknowledgedLedger(): AcknowledgedLedger {
  const entries: Acknowledged[] = [];
  const byHash = new Map<string, Acknowledged>();
  const contradictions: string[] = [];
  return {
    add(entry) {
      const earlier = byHash.get(entry.hash);
      if (earlier === undefined) {
        byHash.set(entry.hash, entry);
        entries.push(entry);
      } else if (earlier.blockHash !== entry.blockHash) {
        contradictions.push(`${describe(earlier)}, but ${describe(entry)}`);
      }
    },
    size: () => entries.length,
    from: (first) => entries.slice(first),
    contradictions: () => contradictions,
  };
}

function describe({ hash, blockNumber, blockHash, by }: Acknowledged): string {
  return `validator ${by} showed ${hash} in block ${blockNumber} ${blockHash}`;
}

/** What is wrong with the receipts that one validator shows for `expected`, one sentence each. */
export function compareReceipts(
  validator: number,
  expected: readonly Acknowledged[],
  shown: readonly (Place | undefined)[],
): readonly string[] {
  return expected.flatMap((entry, index) => {
    const place = shown[index];
    if (place === undefined) return [`validator ${validator} lost it: ${describe(entry)}`];
    if (place.blockHash === entry.blockHash) return [];
    return [`validator ${validator} has it in ${place.blockHash}: ${describe(entry)}`];
  });
}

/** Heights at which the chains differ, as far as each goes; `chains` by validator, from one height on. */
export function findDivergence(
  first: number,
  chains: readonly (readonly string[])[],
): readonly string[] {
  const longest = Math.max(0, ...chains.map((chain) => chain.length));
  return Array.from({ length: longest }, (_, offset) => {
    const hashes = chains.map((chain) => chain[offset]);
    const different = new Set(hashes.filter((hash) => hash !== undefined));
    if (different.size < 2) return undefined;
    return `block ${first + offset} differs: ${hashes.map((hash) => hash ?? 'none').join(' ')}`;
  }).filter((line) => line !== undefined);
}
