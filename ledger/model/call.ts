/** Messages that are executed without a signature, and what they may suppose about state and block. */
import type { Address, Gas, Hash, Height, UnixSeconds, Wei } from './bytes.ts';
import type { AccessListItem, Authorization } from './transaction.ts';

/** A transaction without a signature. Absent fields have no value of their own: whoever runs it chooses. */
export type TransactionRequest = {
  readonly from?: Address;
  /** Absent creates a contract. */
  readonly to?: Address;
  readonly gas?: Gas;
  readonly gasPrice?: Wei;
  readonly maxFeePerGas?: Wei;
  readonly maxPriorityFeePerGas?: Wei;
  readonly maxFeePerBlobGas?: Wei;
  readonly value?: Wei;
  readonly nonce?: bigint;
  readonly data?: Uint8Array;
  readonly accessList?: readonly AccessListItem[];
  readonly authorizationList?: readonly Authorization[];
  readonly blobVersionedHashes?: readonly Hash[];
};

/** A slot and its value, at most 32 bytes each, the slot exactly that. */
export type SlotOverride = { readonly slot: Uint8Array; readonly value: Uint8Array };

/** Replaces parts of an account. `state` replaces the whole storage, `stateDiff` single slots. */
export type StateOverride = {
  readonly address: Address;
  readonly nonce?: bigint;
  readonly balance?: Wei;
  readonly code?: Uint8Array;
  readonly state?: readonly SlotOverride[];
  readonly stateDiff?: readonly SlotOverride[];
  /** Where the precompiled contract at `address` is to answer instead. */
  readonly movePrecompileTo?: Address;
};

/** Replaces parts of what instructions see of the block. */
export type BlockOverrides = {
  readonly number?: Height;
  readonly timestamp?: UnixSeconds;
  readonly gasLimit?: Gas;
  /** Comes before the beneficiary of the chain's rules. */
  readonly beneficiary?: Address;
  readonly prevRandao?: Hash;
  /** What DIFFICULTY returns before Paris. */
  readonly difficulty?: bigint;
  readonly baseFeePerGas?: Wei;
  readonly blobBaseFee?: Wei;
};

/** What a call may suppose in place of what is stored: geth's state and block overrides. */
export type CallOverrides = {
  readonly state?: readonly StateOverride[];
  readonly block?: BlockOverrides;
};

/** What a call touches beyond what is warm anyway. */
export type AccessListResult = {
  readonly accessList: readonly AccessListItem[];
  /** With that list given. */
  readonly gasUsed: Gas;
  /** Why the call ended badly, if it did; the list holds what it touched until then. */
  readonly error: string | undefined;
};
