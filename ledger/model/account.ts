/** Accounts as the state trie holds them (yellow paper 4.1). */
import { bigintToBytes, type Hash, plainBytes } from './bytes.ts';
import { refuse, type Verdict } from './errors.ts';
import { encodeRlp } from './rlp.ts';
import { RlpReader } from './rlp-reader.ts';
import type { Account } from './state.ts';

export function encodeAccount(account: Account): Uint8Array {
  const { nonce, balance, storageRoot, codeHash } = account;
  return encodeRlp([bigintToBytes(nonce), bigintToBytes(balance), storageRoot, codeHash]);
}

/** Refuses with a `MODEL_RLP_` code. The hashes are views of `bytes`. */
export function decodeAccount(bytes: Uint8Array): Verdict<{ account: Account }> {
  const reader = new RlpReader(plainBytes(bytes));
  const end = reader.enterList();
  const account = {
    nonce: reader.integer(8),
    balance: reader.integer(32),
    storageRoot: reader.fixed(32) as Hash,
    codeHash: reader.fixed(32) as Hash,
  };
  reader.leaveList(end);
  reader.finish();
  if (reader.fault !== undefined) {
    return refuse(reader.fault, `account malformed near byte ${reader.position}`);
  }
  return { ok: true, account };
}
