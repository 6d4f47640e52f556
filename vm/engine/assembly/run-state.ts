/** What a run keeps beside frames, tables and journal. */
import { accountsRoom, growAccounts } from './accounts';
import { relocate } from './frames';
import { growJournal, journalRoom } from './journal';
import { growLogs } from './logs';
import { growSlots, growTransients, slotsRoom, transientRoom } from './slots';

/** EIP-3529 and before: may be negative within a frame. */
export let refund: i64 = 0;
/** Which account, slot, code or block the host is asked for. */
export let asked: u32 = 0;
/** Gas until the run lets the host breathe. */
export let budget: i64 = 0;
/** Bit 0: stop before every instruction. Bit 1: stop where frames begin and end. */
export let tracing: u32 = 0;
/** How the last frame ended that failed, for those who want to know. */
export let ending: i32 = 0;

export function setRefund(value: i64): void {
  refund = value;
}
export function setAsked(value: u32): void {
  asked = value;
}
export function setBudget(value: i64): void {
  budget = value;
}
export function setTracing(value: u32): void {
  tracing = value;
}
export function setEnding(value: i32): void {
  ending = value;
}

/** The most entries and records that one instruction makes. */
const ACCOUNTS_AT_ONCE: u32 = 4;
const RECORDS_AT_ONCE: u32 = 16;

/** Whether a table could overflow within the next instruction. */
@inline
export function isCrowded(): bool {
  return (
    accountsRoom() < ACCOUNTS_AT_ONCE ||
    slotsRoom() < 2 ||
    transientRoom() < 2 ||
    journalRoom() < RECORDS_AT_ONCE
  );
}

/** Grows what is nearly full. Moves the arena, but no pointer into it is held between instructions. */
export function makeRoom(): void {
  if (accountsRoom() < ACCOUNTS_AT_ONCE) growAccounts();
  if (slotsRoom() < 2) growSlots();
  if (transientRoom() < 2) growTransients();
  if (journalRoom() < RECORDS_AT_ONCE) growJournal();
  growLogs();
  relocate();
}
