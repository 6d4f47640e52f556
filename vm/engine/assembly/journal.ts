/**
 * What to put back if a frame fails: one record for each change, undone backwards.
 *
 * A record holds the account's flags as well, since most changes bring an account into being. What is left
 * when the transaction ends also names every account that it changed.
 */
import {
  balanceOf,
  CREATED,
  codeHashOf,
  codeOf,
  DESTROYED,
  EXISTS,
  erase,
  flagsOf,
  isEmpty,
  nonceOf,
  setCodeOf,
  setFlagsOf,
  setNonceOf,
  setSeenOf,
  setWarmthOf,
  warmthOf,
} from './accounts';
import { allocate } from './heap';
import { logTransfer } from './logs';
import {
  markWritten,
  setSlotSeen,
  setSlotWarmth,
  slotValue,
  slotWarmth,
  transientValue,
} from './slots';
import { add, copyWord, isZero, subtract } from './word';

const RECORD: usize = 48;
const KIND: usize = 0;
const ID: usize = 4;
const FLAGS: usize = 8;
const CODE: usize = 12;
const VALUE: usize = 16;

const BALANCE_SET: u32 = 0;
const NONCE_SET: u32 = 1;
const CODE_SET: u32 = 2;
const FLAGS_SET: u32 = 3;
const SLOT_SET: u32 = 4;
const TRANSIENT_SET: u32 = 5;
const ACCOUNT_WARMED: u32 = 6;
const SLOT_WARMED: u32 = 7;

let records: usize = 0;
let capacity: u32 = 0;
export let journalLength: u32 = 0;
/** Number of the running transaction, from 1; never the same again in an instance. */
export let transaction: u32 = 0;

export function setUpJournal(size: u32): void {
  capacity = size;
  records = allocate(<usize>size * RECORD);
}

@inline
export function journalRoom(): u32 {
  return capacity - journalLength;
}

export function growJournal(): void {
  const bigger = allocate(<usize>capacity * 2 * RECORD);
  memory.copy(bigger, records, <usize>journalLength * RECORD);
  records = bigger;
  capacity *= 2;
}

export function startTransaction(): void {
  journalLength = 0;
  ++transaction;
}

@inline
function record(kind: u32, id: u32): usize {
  const place = records + <usize>journalLength * RECORD;
  ++journalLength;
  store<u32>(place, kind, KIND);
  store<u32>(place, id, ID);
  return place;
}

@inline
function recordAccount(kind: u32, id: u32): usize {
  const place = record(kind, id);
  store<u32>(place, flagsOf(id), FLAGS);
  return place;
}

/** To be called before the balance is written; the account exists from then on. */
export function changeBalance(id: u32): void {
  copyWord(recordAccount(BALANCE_SET, id) + VALUE, balanceOf(id));
  setFlagsOf(id, flagsOf(id) | EXISTS);
}

export function changeNonce(id: u32, nonce: u64): void {
  store<u64>(recordAccount(NONCE_SET, id), nonceOf(id), VALUE);
  setFlagsOf(id, flagsOf(id) | EXISTS);
  setNonceOf(id, nonce);
}

/** To be called before code hash and number are written. */
export function changeCode(id: u32): void {
  const place = recordAccount(CODE_SET, id);
  store<u32>(place, codeOf(id), CODE);
  copyWord(place + VALUE, codeHashOf(id));
  setFlagsOf(id, flagsOf(id) | EXISTS);
}

export function raiseFlags(id: u32, flags: u32): void {
  recordAccount(FLAGS_SET, id);
  setFlagsOf(id, flagsOf(id) | flags);
}

/** EIP-161: an empty account that a message reaches goes when the transaction ends. */
@inline
export function touch(id: u32): void {
  if ((flagsOf(id) & EXISTS) != 0 && isEmpty(id)) recordAccount(FLAGS_SET, id);
}

/** The sender must have that much. */
export function transfer(from: u32, to: u32, value: usize): void {
  if (isZero(value)) {
    touch(to);
    return;
  }
  changeBalance(from);
  subtract(balanceOf(from), value, balanceOf(from));
  changeBalance(to);
  add(balanceOf(to), value, balanceOf(to));
  logTransfer(from, to, value);
}

export function changeSlot(id: u32): void {
  copyWord(record(SLOT_SET, id) + VALUE, slotValue(id));
  markWritten(id);
}

export function changeTransient(id: u32): void {
  copyWord(record(TRANSIENT_SET, id) + VALUE, transientValue(id));
}

/** Whether the account was cold so far. */
export function warmAccount(id: u32): bool {
  if (warmthOf(id) == transaction) return false;
  setWarmthOf(id, transaction);
  setSeenOf(id, transaction);
  record(ACCOUNT_WARMED, id);
  return true;
}

export function warmSlot(id: u32): bool {
  if (slotWarmth(id) == transaction) return false;
  setSlotWarmth(id, transaction);
  setSlotSeen(id, transaction);
  record(SLOT_WARMED, id);
  return true;
}

export function rollBack(mark: u32): void {
  while (journalLength > mark) {
    --journalLength;
    const place = records + <usize>journalLength * RECORD;
    const id = load<u32>(place, ID);
    switch (load<u32>(place, KIND)) {
      case BALANCE_SET:
        copyWord(balanceOf(id), place + VALUE);
        setFlagsOf(id, load<u32>(place, FLAGS));
        break;
      case NONCE_SET:
        setNonceOf(id, load<u64>(place, VALUE));
        setFlagsOf(id, load<u32>(place, FLAGS));
        break;
      case CODE_SET:
        copyWord(codeHashOf(id), place + VALUE);
        setCodeOf(id, load<u32>(place, CODE));
        setFlagsOf(id, load<u32>(place, FLAGS));
        break;
      case FLAGS_SET:
        setFlagsOf(id, load<u32>(place, FLAGS));
        break;
      case SLOT_SET:
        copyWord(slotValue(id), place + VALUE);
        break;
      case TRANSIENT_SET:
        copyWord(transientValue(id), place + VALUE);
        break;
      case ACCOUNT_WARMED:
        setWarmthOf(id, 0);
        break;
      case SLOT_WARMED:
        setSlotWarmth(id, 0);
        break;
    }
  }
}

/** End of a transaction: what was destroyed or left empty goes (EIP-6780, EIP-161). */
export function settle(): void {
  for (let i: u32 = 0; i < journalLength; ++i) {
    const place = records + <usize>i * RECORD;
    if (load<u32>(place, KIND) > FLAGS_SET) continue;
    const id = load<u32>(place, ID);
    const flags = flagsOf(id);
    if ((flags & DESTROYED) != 0 || ((flags & EXISTS) != 0 && isEmpty(id))) erase(id);
    else if ((flags & CREATED) != 0) setFlagsOf(id, flags & ~CREATED);
  }
  journalLength = 0;
}
