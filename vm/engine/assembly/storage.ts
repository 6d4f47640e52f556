/** SLOAD, SSTORE, TLOAD and TSTORE: gas left, or how it ended (see `layout.ts`). */
import {
  coldSlotGas,
  hasWarmSets,
  netStorageGas,
  storageClearRefund,
  storageNoopGas,
  storageResetGas,
  storageSentry,
  storageSetGas,
} from './fork-rules';
import { frame, IS_STATIC, SELF } from './frames';
import { changeSlot, changeTransient, transaction, warmSlot } from './journal';
import { NEED_ROOM, NEED_SLOT, OUT_OF_GAS, WRITE_PROTECTION } from './layout';
import { isCrowded, refund, setAsked, setRefund } from './run-state';
import {
  prepareSlot,
  setSlotSeen,
  slotAt,
  slotOriginal,
  slotValue,
  slotWarmth,
  transientAt,
  transientValue,
} from './slots';
import { copyWord, equal, isZero } from './word';

export function sload(sp: usize, gas: i64): i64 {
  if (isCrowded()) return NEED_ROOM;
  const self = load<u32>(frame, SELF);
  const slot = slotAt(self, sp);
  if (!prepareSlot(slot, transaction)) {
    setAsked(slot);
    return NEED_SLOT;
  }
  let left = gas;
  if (hasWarmSets() && slotWarmth(slot) != transaction) {
    setSlotSeen(slot, transaction);
    left -= coldSlotGas();
    if (left < 0) return OUT_OF_GAS;
    warmSlot(slot);
  }
  copyWord(sp, slotValue(slot));
  return left;
}

/** For the report of what was touched: the slot that a word on the stack names. */
export function noticeSlot(key: usize): void {
  if (!hasWarmSets() || isCrowded()) return;
  const slot = slotAt(load<u32>(frame, SELF), key);
  if (slotWarmth(slot) != transaction) setSlotSeen(slot, transaction);
}

/** `key` on top, `value` below. */
export function sstore(sp: usize, gas: i64): i64 {
  if (load<u32>(frame, IS_STATIC) != 0) return WRITE_PROTECTION;
  if (gas <= storageSentry()) return OUT_OF_GAS;
  if (isCrowded()) return NEED_ROOM;
  const slot = slotAt(load<u32>(frame, SELF), sp);
  if (!prepareSlot(slot, transaction)) {
    setAsked(slot);
    return NEED_SLOT;
  }
  let left = gas;
  const value = sp - 32;
  if (hasWarmSets() && slotWarmth(slot) != transaction) {
    setSlotSeen(slot, transaction);
    left -= coldSlotGas() + warmSurcharge();
  }
  const current = slotValue(slot);
  if (netStorageGas()) left -= netGas(slot, current, value);
  else left -= isZero(current) && !isZero(value) ? storageSetGas() : storageResetGas();
  if (left < 0) return OUT_OF_GAS;
  if (hasWarmSets()) warmSlot(slot);
  if (netStorageGas()) adjustRefund(slotOriginal(slot), current, value);
  else if (!isZero(current) && isZero(value)) setRefund(refund + storageClearRefund());
  if (equal(current, value)) return left;
  changeSlot(slot);
  copyWord(slotValue(slot), value);
  return left;
}

/** SSTORE pays the whole cold price (2 100), SLOAD what it has above the warm one (2 000). */
@inline
function warmSurcharge(): i64 {
  return 100;
}

@inline
function netGas(slot: u32, current: usize, value: usize): i64 {
  if (equal(current, value)) return storageNoopGas();
  const original = slotOriginal(slot);
  if (!equal(original, current)) return storageNoopGas();
  return isZero(original) ? storageSetGas() : storageResetGas();
}

/** EIP-2200 and EIP-3529: what clearing earns, and what undoing a change gives back. */
function adjustRefund(original: usize, current: usize, value: usize): void {
  if (equal(current, value)) return;
  let earned: i64 = 0;
  if (equal(original, current)) {
    if (!isZero(original) && isZero(value)) earned += storageClearRefund();
  } else {
    if (!isZero(original)) {
      if (isZero(current)) earned -= storageClearRefund();
      else if (isZero(value)) earned += storageClearRefund();
    }
    if (equal(original, value)) {
      earned += (isZero(original) ? storageSetGas() : storageResetGas()) - storageNoopGas();
    }
  }
  setRefund(refund + earned);
}

export function tload(sp: usize): i32 {
  if (isCrowded()) return NEED_ROOM;
  copyWord(sp, transientValue(transientAt(load<u32>(frame, SELF), sp)));
  return 0;
}

export function tstore(sp: usize): i32 {
  if (load<u32>(frame, IS_STATIC) != 0) return WRITE_PROTECTION;
  if (isCrowded()) return NEED_ROOM;
  const slot = transientAt(load<u32>(frame, SELF), sp);
  changeTransient(slot);
  copyWord(transientValue(slot), sp - 32);
  return 0;
}
