/** What differs between forks beside prices of single instructions: numbers that the host writes once. */
import { RULES } from './layout';

/** Added to the warm price for an address first touched in this transaction (EIP-2929); zero before Berlin. */
@inline
export function coldAccountGas(): i64 {
  return load<u32>(RULES, 0);
}
@inline
export function coldSlotGas(): i64 {
  return load<u32>(RULES, 4);
}
/** Whether warm sets are kept at all. */
@inline
export function hasWarmSets(): bool {
  return load<u32>(RULES, 8) != 0;
}
/** SSTORE by net changes (EIP-1283, EIP-2200) or by zeroness alone. */
@inline
export function netStorageGas(): bool {
  return load<u32>(RULES, 12) != 0;
}
/** SSTORE fails with no more than this much gas (EIP-2200). */
@inline
export function storageSentry(): i64 {
  return load<u32>(RULES, 16);
}
/** SSTORE that changes nothing, or what was changed before in this transaction. */
@inline
export function storageNoopGas(): i64 {
  return load<u32>(RULES, 20);
}
@inline
export function storageSetGas(): i64 {
  return load<u32>(RULES, 24);
}
@inline
export function storageResetGas(): i64 {
  return load<u32>(RULES, 28);
}
@inline
export function storageClearRefund(): i64 {
  return load<u32>(RULES, 32);
}
@inline
export function selfdestructRefund(): i64 {
  return load<u32>(RULES, 36);
}
/** EIP-6780: only what was created in the same transaction is destroyed. */
@inline
export function destroysOnlyNew(): bool {
  return load<u32>(RULES, 40) != 0;
}
@inline
export function codeSizeLimit(): u32 {
  return load<u32>(RULES, 44);
}
@inline
export function initcodeSizeLimit(): u32 {
  return load<u32>(RULES, 48);
}
/** For each word of initcode (EIP-3860). */
@inline
export function initcodeWordGas(): u64 {
  return load<u32>(RULES, 52);
}
/** EIP-3541: code must not begin with 0xef. */
@inline
export function refusesEf(): bool {
  return load<u32>(RULES, 56) != 0;
}
/** EIP-7702: 0xef0100 and an address is a delegation. */
@inline
export function hasDelegations(): bool {
  return load<u32>(RULES, 60) != 0;
}
@inline
export function expByteGas(): i64 {
  return load<u32>(RULES, 64);
}
/** EIP-2929's warm price, charged for what a delegation names. */
@inline
export function warmGas(): i64 {
  return load<u32>(RULES, 68);
}
