/** What a snapshot consists of (docs/spec/ledger.md, L-32): pieces, each an RLP list behind a byte that says of what. */
import { concatBytes, decodeRlp, encodeRlp, type RlpItem } from '../../model/index.ts';

export type Piece =
  /** Sealed headers in RLP, ascending; those of all pieces together are blocks 1 to the snapshot's. */
  | { readonly kind: 'headers'; readonly headers: readonly Uint8Array[] }
  /** The snapshot's block, and its receipts as consensus hashes them. */
  | { readonly kind: 'head'; readonly block: Uint8Array; readonly receipts: readonly Uint8Array[] }
  | (TriePiece & { readonly kind: 'accounts' })
  /** Of one account of the last piece of accounts, in their order. */
  | (TriePiece & { readonly kind: 'slots'; readonly address: Uint8Array })
  /** Those that the accounts before need and no earlier piece had. */
  | { readonly kind: 'codes'; readonly codes: readonly Uint8Array[] };

export type TriePiece = {
  /** Nibbles, one a byte. The places of a trie all have the same length, and come in order. */
  readonly place: Uint8Array;
  /** Nodes above the place, from the root down. */
  readonly proof: readonly Uint8Array[];
  /** Address or slot, and RLP of the account or the minimal value; in the order of the hashes of the keys. */
  readonly entries: readonly (readonly [key: Uint8Array, value: Uint8Array])[];
};

const KINDS = ['headers', 'head', 'accounts', 'slots', 'codes'] as const;

export function encodePiece(piece: Piece): Uint8Array {
  return concatBytes(Uint8Array.of(KINDS.indexOf(piece.kind)), encodeRlp(itemsOf(piece)));
}

function itemsOf(piece: Piece): RlpItem[] {
  switch (piece.kind) {
    case 'headers':
      return [...piece.headers];
    case 'head':
      return [piece.block, [...piece.receipts]];
    case 'accounts':
      return [piece.place, [...piece.proof], entryItems(piece)];
    case 'slots':
      return [piece.address, piece.place, [...piece.proof], entryItems(piece)];
    case 'codes':
      return [...piece.codes];
  }
}

function entryItems({ entries }: TriePiece): RlpItem[] {
  return entries.map(([key, value]) => [key, value]);
}

/** Undefined if the bytes are no piece. */
export function decodePiece(bytes: Uint8Array): Piece | undefined {
  const kind = KINDS[bytes[0] ?? KINDS.length];
  const decoded = decodeRlp(bytes.subarray(1));
  if (kind === undefined || !decoded.ok || decoded.item instanceof Uint8Array) return undefined;
  const items = decoded.item;
  switch (kind) {
    case 'headers':
      return items.every(isBytes) ? { kind, headers: items } : undefined;
    case 'codes':
      return items.every(isBytes) ? { kind, codes: items } : undefined;
    case 'head': {
      const [block, receipts] = items;
      if (items.length !== 2 || !isBytes(block) || isBytes(receipts)) return undefined;
      return receipts?.every(isBytes) ? { kind, block, receipts } : undefined;
    }
    case 'accounts': {
      const trie = triePieceFrom(items, 20);
      return trie && { kind, ...trie };
    }
    case 'slots': {
      const [address, ...rest] = items;
      const trie = triePieceFrom(rest, 32);
      return isBytes(address) && address.length === 20 && trie
        ? { kind, address, ...trie }
        : undefined;
    }
  }
}

/** A place can be no longer: 16^6 pieces are more than any state needs. */
const LONGEST_PLACE = 6;

function triePieceFrom(items: readonly RlpItem[], keyLength: number): TriePiece | undefined {
  const [place, proof, listed] = items;
  if (items.length !== 3 || !isBytes(place) || isBytes(proof) || isBytes(listed)) return undefined;
  if (place.length > LONGEST_PLACE || place.some((nibble) => nibble > 15)) return undefined;
  if (proof === undefined || !proof.every(isBytes) || listed === undefined) return undefined;
  const entries: [Uint8Array, Uint8Array][] = [];
  for (const entry of listed) {
    if (isBytes(entry) || entry.length !== 2) return undefined;
    const [key, value] = entry;
    if (!isBytes(key) || key.length !== keyLength || !isBytes(value)) return undefined;
    entries.push([key, value]);
  }
  return { place, proof, entries };
}

function isBytes(item: RlpItem | undefined): item is Uint8Array {
  return item instanceof Uint8Array;
}

/** All places of that many nibbles, in order. */
export function* placesOf(length: number): Generator<Uint8Array> {
  for (let number = 0; number < 16 ** length; number += 1) {
    yield Uint8Array.from({ length }, (_, at) => (number >> (4 * (length - 1 - at))) & 15);
  }
}

/** How long places are so that each has about a thousand entries. */
export function placeLength(entries: number): number {
  let length = 0;
  while (entries / 16 ** length > 1024 && length < LONGEST_PLACE) length += 1;
  return length;
}
