/** `alloc`: the accounts of block 0 (G-8). */
import { keccak256 } from '#crypto';
import {
  type Address,
  asAddress,
  bytesToHex,
  compareBytes,
  EMPTY_CODE_HASH,
  type Hash,
  keyOf,
  type StateChanges,
} from '../ledger/model/index.ts';
import type { Problems } from './problems.ts';
import { nameOf, parseHex, readSection, type Section } from './section.ts';

type AccountChange = StateChanges['accounts'][number];
type Code = StateChanges['codes'][number];

/** Keys that Besu and go-ethereum files carry for people. */
const FOR_PEOPLE: readonly string[] = ['comment', 'privatekey', 'secretkey'];
const KNOWN: readonly string[] = ['balance', 'code', 'storage', 'nonce', ...FOR_PEOPLE];

/** The accounts sorted by address, slots sorted within; zero slots are left out. */
export function readAccounts(alloc: Section, problems: Problems): StateChanges {
  const accounts = new Map<string, AccountChange>();
  const codes = new Map<string, Code>();
  for (const key of alloc.keys) {
    const bytes = parseHex(key);
    if (bytes?.length !== 20) {
      problems.report('GENESIS_ACCOUNT_INVALID', `alloc: ${nameOf(key)} is not an address`);
      continue;
    }
    const address = asAddress(bytes);
    if (accounts.has(keyOf(address))) {
      const message = `alloc.${key} is given twice, with and without 0x`;
      problems.report('GENESIS_FIELD_REPEATED', message);
    }
    const fields = readSection(alloc.raw(key), `alloc.${key}`, problems);
    if (fields === undefined) continue;
    const { account, code } = readAccount(address, fields, problems);
    accounts.set(keyOf(address), account);
    if (code !== undefined) codes.set(keyOf(code.codeHash), code);
  }
  return {
    accounts: [...accounts.values()].sort((a, b) => compareBytes(a.address, b.address)),
    codes: [...codes.values()].sort((a, b) => compareBytes(a.codeHash, b.codeHash)),
  };
}

function readAccount(
  address: Address,
  fields: Section,
  problems: Problems,
): { readonly account: AccountChange; readonly code: Code | undefined } {
  for (const key of fields.keys) {
    if (!KNOWN.includes(key.toLowerCase())) {
      problems.warn(`${fields.path}.${key} is unknown, no effect`);
    }
  }
  const bytes = fields.bytes('code') ?? new Uint8Array(0);
  const codeHash: Hash = bytes.length === 0 ? EMPTY_CODE_HASH : keccak256(bytes);
  return {
    account: {
      address,
      account: {
        nonce: fields.quantity('nonce', 64) ?? 0n,
        balance: fields.quantity('balance', 256) ?? 0n,
        codeHash,
      },
      storageCleared: false,
      storage: readStorage(fields, problems),
    },
    code: bytes.length === 0 ? undefined : { codeHash, code: bytes },
  };
}

function readStorage(fields: Section, problems: Problems): AccountChange['storage'] {
  const storage = fields.section('storage');
  if (storage === undefined) return [];
  const slots = new Map<string, AccountChange['storage'][number]>();
  for (const key of storage.keys) {
    const slot = parseWord(key);
    const value = parseWord(storage.raw(key));
    if (slot === undefined || value === undefined) {
      const wanted = 'slot and value must be at most 32 bytes in hexadecimal digits';
      problems.report('GENESIS_ACCOUNT_INVALID', `${storage.path}.${key}: ${wanted}`);
      continue;
    }
    if (slots.has(keyOf(slot))) {
      const message = `${storage.path} has the slot ${bytesToHex(slot)} twice`;
      problems.report('GENESIS_FIELD_REPEATED', message);
    }
    slots.set(keyOf(slot), { slot, value: withoutLeadingZeros(value) });
  }
  return [...slots.values()]
    .filter(({ value }) => value.length > 0)
    .sort((a, b) => compareBytes(a.slot, b.slot));
}

/** 32 bytes; fewer digits, also an odd number of them, are padded on the left. */
function parseWord(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'string') return undefined;
  const digits = value.replace(/^0[xX]/, '');
  return digits.length > 64 ? undefined : parseHex(digits.padStart(64, '0'));
}

function withoutLeadingZeros(word: Uint8Array): Uint8Array {
  const first = word.findIndex((byte) => byte !== 0);
  return first < 0 ? new Uint8Array(0) : word.slice(first);
}
