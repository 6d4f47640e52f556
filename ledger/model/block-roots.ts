/** What a header commits to about its block's lists. */
import type { Hash } from './bytes.ts';
import type { Receipt } from './receipt.ts';
import { encodeReceipt } from './receipt-codec.ts';
import { orderedRoot } from './trie-build.ts';

/** From the canonical encodings (`Transaction.raw`). */
export function transactionsRoot(raws: readonly Uint8Array[]): Hash {
  return orderedRoot(raws);
}

export function receiptsRoot(receipts: readonly Receipt[]): Hash {
  return orderedRoot(receipts.map(encodeReceipt));
}
