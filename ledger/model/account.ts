/** Accounts as the state trie holds them (yellow paper 4.1). */
import { bigintToBytes, type Hash, plainBytes } from './bytes.ts';
import { refuse, type Verdict } from './errors.ts';
import { headLength, stringLength, writeHead, writeString } from './rlp.ts';
import { RlpReader } from './rlp-reader.ts';
import type { Account } from './state.ts';

export function encodeAccount(account: Account): Uint8Array {
  const { storageRoot, codeHash } = account;
  const nonce = bigintToBytes(account.nonce);
  const balance = bigintToBytes(account.balance);
  // By hand, since each transfer needs it three times: two short strings, then two of 32 bytes.
  const length = stringLength(nonce) + stringLength(balance) + 66;
  const bytes = new Uint8Array(headLength(length) + length);
  let at = writeHead(bytes, 0, length, 0xc0);
  for (const item of [nonce, balance, storageRoot, codeHash]) at = writeString(bytes, at, item);
  return bytes;
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
