/** The state of a snapshot's block: part by part against the root in its header, and whole at the end. */
import { keccak256 } from '#crypto';
import {
  type Account,
  type Address,
  asAddress,
  type BlockHeader,
  decodeAccount,
  EMPTY_CODE_HASH,
  EMPTY_ROOT,
  encodeRlp,
  equalBytes,
  type Hash,
  keyOf,
  type PlacedNode,
  type TrieEntry,
  verifySubtrie,
} from '../../model/index.ts';
import type { Batch } from '../batch.ts';
import { accountKey, hashKey, nodeKey, slotKey } from '../keyspace.ts';
import { firstVersion } from '../versions.ts';
import { type Piece, placesOf, type TriePiece } from './pieces.ts';

export type StateMaker = {
  /** @throws what `invalid` makes */
  take(
    piece: Extract<Piece, { readonly kind: 'accounts' | 'slots' | 'codes' }>,
    batch: Batch,
  ): void;
  /** The number of accounts. @throws what `invalid` makes if something is missing */
  finish(): number;
};

/** A trie that is under way: its places come one after the other. */
type Trie = {
  readonly root: Hash;
  readonly owner: Hash | undefined;
  places: Iterator<Uint8Array> | undefined;
  expected: Uint8Array | undefined;
};

export function createStateMaker(
  { stateRoot, number }: BlockHeader,
  invalid: (fact: string) => Error,
): StateMaker {
  const accounts = trieOf(stateRoot, undefined);
  /** Storage tries of the accounts that were taken last, in their order. */
  let owed: { readonly address: Address; readonly trie: Trie }[] = [];
  const neededCodes = new Set<string>();
  const takenCodes = new Set<string>();
  let count = 0;

  const takePart = (
    trie: Trie,
    { place, proof, entries }: TriePiece,
    inTrie: (value: Uint8Array) => Uint8Array,
    what: string,
    batch: Batch,
  ): void => {
    trie.places ??= placesOf(place.length);
    trie.expected ??= trie.places.next().value;
    if (trie.expected === undefined || !equalBytes(place, trie.expected)) {
      throw invalid(`a part of ${what} is out of order`);
    }
    const hashed = entries.map(
      ([key, value]): TrieEntry => ({ key: keccak256(key), value: inTrie(value) }),
    );
    const verdict = verifySubtrie(trie.root, place, proof, hashed);
    if (!verdict.ok)
      throw invalid(`${what}, part ${place.join('.') || 'whole'}: ${verdict.message}`);
    const put = ({ path, node }: PlacedNode): void => batch.put(nodeKey(trie.owner, path), node);
    // A node above is in the proof of each place below it: written with the first.
    for (const node of verdict.above) if (isFirstUnder(place, node.path)) put(node);
    for (const node of verdict.below) put(node);
    trie.expected = trie.places.next().value;
  };

  const requireSettled = (): void => {
    const [first] = owed;
    if (first !== undefined) throw invalid('the slots of an account are missing');
    if (neededCodes.size > 0) throw invalid('the code of an account is missing');
  };

  const takeAccounts = (piece: TriePiece, batch: Batch): void => {
    requireSettled();
    takePart(accounts, piece, (value) => value, 'the accounts', batch);
    for (const [key, value] of piece.entries) {
      const account = accountFrom(value, invalid);
      const address = asAddress(key);
      batch.put(accountKey(address), firstVersion(value, number));
      if (!equalBytes(account.storageRoot, EMPTY_ROOT)) {
        owed.push({ address, trie: trieOf(account.storageRoot, keccak256(address)) });
      }
      const code = keyOf(account.codeHash);
      const isNeeded = !equalBytes(account.codeHash, EMPTY_CODE_HASH) && !takenCodes.has(code);
      if (isNeeded) neededCodes.add(code);
    }
    count += piece.entries.length;
  };

  const takeSlots = (piece: Extract<Piece, { kind: 'slots' }>, batch: Batch): void => {
    const [next] = owed;
    if (next === undefined || !equalBytes(next.address, piece.address)) {
      throw invalid('slots are out of order');
    }
    const { address, trie } = next;
    takePart(trie, piece, (value) => encodeRlp(value), 'the slots of an account', batch);
    for (const [slot, value] of piece.entries) {
      batch.put(slotKey(address, slot), firstVersion(value, number));
    }
    if (trie.expected === undefined) owed = owed.slice(1);
  };

  const takeCodes = (codes: readonly Uint8Array[], batch: Batch): void => {
    if (owed.length > 0) throw invalid('code is out of order');
    for (const code of codes) {
      const hash = keccak256(code);
      if (!neededCodes.delete(keyOf(hash))) throw invalid('there is code that no account has');
      takenCodes.add(keyOf(hash));
      batch.put(hashKey('code', hash), code);
    }
  };

  return {
    take: (piece, batch) => {
      switch (piece.kind) {
        case 'accounts':
          return takeAccounts(piece, batch);
        case 'slots':
          return takeSlots(piece, batch);
        case 'codes':
          return takeCodes(piece.codes, batch);
      }
    },
    finish: () => {
      requireSettled();
      if (accounts.places === undefined || accounts.expected !== undefined) {
        throw invalid('parts of the state are missing');
      }
      return count;
    },
  };
}

function trieOf(root: Hash, owner: Hash | undefined): Trie {
  return { root, owner, places: undefined, expected: undefined };
}

/** Whether a place is the first of those below a path. */
function isFirstUnder(place: Uint8Array, path: Uint8Array): boolean {
  for (let at = path.length; at < place.length; at += 1) if (place[at] !== 0) return false;
  return true;
}

function accountFrom(bytes: Uint8Array, invalid: (fact: string) => Error): Account {
  const decoded = decodeAccount(bytes);
  if (!decoded.ok) throw invalid(`an account: ${decoded.message}`);
  return decoded.account;
}
