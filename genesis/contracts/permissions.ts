/** The contract that says who may send and deploy: as an entry of `alloc`, and how it is called. */
import {
  type Address,
  asAddress,
  bigintToBytes,
  bytesToBigint,
  bytesToHex,
  compareBytes,
  keyOf,
} from '../../ledger/model/index.ts';
import { RIGHTS } from '../../vm/index.ts';
import { PERMISSIONS_CONTRACT } from './addresses.ts';
import { Permissions } from './artefacts.ts';
import { encodeCall } from './call-data.ts';
import { addressSetAt, mappingAt, numberAt } from './storage.ts';

export { RIGHTS };

/** Rights as a contract call takes them: a sum of `RIGHTS.send`, `deploy` and `administer`. */
export type NamedAccount = { readonly address: Address; readonly rights: number };

/** With whom a permissioned chain begins. */
export type FirstPermissions = {
  /** Who may send, deploy and change rights; at least one. */
  readonly administrators: readonly Address[];
  /** Who may send beside them. */
  readonly senders: readonly Address[];
  /** What accounts may that are not named: a sum of `RIGHTS.send` and `deploy`. */
  readonly everyone: number;
};

/** Key and value of `alloc`. */
export function permissionsAccount(first: FirstPermissions): readonly [string, object] {
  const { runtimeCode, slots } = Permissions;
  const rights = new Map<string, NamedAccount>();
  for (const address of first.senders) {
    rights.set(keyOf(address), { address, rights: RIGHTS.send });
  }
  const all = RIGHTS.send | RIGHTS.deploy | RIGHTS.administer;
  for (const address of first.administrators) rights.set(keyOf(address), { address, rights: all });
  const named = [...rights.values()].sort((a, b) => compareBytes(a.address, b.address));
  const administrators = named.filter((account) => account.rights === all).length;
  const storage = Object.fromEntries([
    ...named.map((account) =>
      mappingAt(slots.rights, account.address, BigInt(account.rights | RIGHTS.named)),
    ),
    numberAt(slots.everyone, BigInt(first.everyone)),
    ...addressSetAt(
      slots.named,
      named.map(({ address }) => address),
    ),
    numberAt(slots.administrators, BigInt(administrators)),
  ]);
  const account = { balance: '0x0', code: runtimeCode, storage };
  return [bytesToHex(PERMISSIONS_CONTRACT.address), account];
}

/** Call data that names an account and says what it may. */
export function encodeSetRights({ address, rights }: NamedAccount): Uint8Array {
  return encodeCall('setRights(address,uint256)', address, bigintToBytes(BigInt(rights)));
}

/** Call data after which an account has the rights of everyone. */
export function encodeForget(address: Address): Uint8Array {
  return encodeCall('forget(address)', address);
}

/** Call data that says what accounts may that are not named. */
export function encodeSetEveryone(rights: number): Uint8Array {
  return encodeCall('setEveryone(uint256)', bigintToBytes(BigInt(rights)));
}

export const GET_EVERYONE: Uint8Array = encodeCall('everyone()');

/** Call data that asks for at most `count` named accounts from the one at `from` on. */
export function encodeNamedAccounts(from: number, count: number): Uint8Array {
  const words = [from, count].map((value) => bigintToBytes(BigInt(value)));
  return encodeCall('namedAccounts(uint256,uint256)', ...words);
}

/** What it returns: two lists of the same length. Undefined for anything else. */
export function decodeNamedAccounts(data: Uint8Array): readonly NamedAccount[] | undefined {
  const word = (at: number): Uint8Array => data.subarray(at, at + 32);
  const number = (at: number): number => Number(bytesToBigint(word(at)));
  const [accounts, rights] = [number(0), number(32)];
  const count = number(accounts);
  if (data.length < 128 || accounts !== 64 || rights !== 96 + 32 * count) return undefined;
  if (data.length !== 128 + 64 * count || number(rights) !== count) return undefined;
  return Array.from({ length: count }, (_, i) => ({
    address: asAddress(word(accounts + 32 * (i + 1)).slice(12)),
    rights: number(rights + 32 * (i + 1)),
  }));
}
