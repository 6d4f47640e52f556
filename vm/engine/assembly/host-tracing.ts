/** For the host's tracers: what the price of an instruction depends on, read without touching anything. */
import { isAlwaysWarm, precompileAt } from './account-access';
import { addressOf, warmthOf } from './accounts';
import { transaction } from './journal';
import { OUTPUT } from './layout';
import { prepareSlot, slotOriginal, slotValue, slotWarmth } from './slots';
import { storeBytes } from './word';

/** Whether a precompiled contract answers at the account's address. */
export function hasPrecompile(account: u32): bool {
  return precompileAt(addressOf(account)) != 0;
}

/** Whether the running transaction need not pay for touching it any more (EIP-2929). */
export function isAccountWarm(account: u32): bool {
  return isAlwaysWarm(precompileAt(addressOf(account))) || warmthOf(account) == transaction;
}

export function isSlotWarm(slot: u32): bool {
  return slotWarmth(slot) == transaction;
}

/**
 * Writes the slot's value, and its value before the transaction, to OUTPUT and OUTPUT + 32. False: the host
 * must say its value first. The account must be loaded.
 */
export function readSlot(slot: u32): bool {
  if (!prepareSlot(slot, transaction)) return false;
  storeBytes(OUTPUT, slotValue(slot));
  storeBytes(OUTPUT + 32, slotOriginal(slot));
  return true;
}
