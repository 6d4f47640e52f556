/** Transactions of type 0 to 4 (EIP-2718, 2930, 1559, 4844, 7702), decoded straight from bytes. */
import type { Address, Gas, Hash, Wei } from './bytes.ts';

/** EIP-2930 entry: an address and the 32-byte slots of it that are warm from the start. */
export type AccessListItem = {
  readonly address: Address;
  readonly storageKeys: readonly Uint8Array[];
};

/** EIP-7702 authorisation tuple as signed; `r`, `s` are 32 bytes each, left-padded. */
export type Authorization = {
  readonly chainId: bigint;
  readonly address: Address;
  readonly nonce: bigint;
  readonly yParity: number;
  readonly r: Uint8Array;
  readonly s: Uint8Array;
};

type Common = {
  /** Undefined only for a legacy transaction from before EIP-155. */
  readonly chainId: bigint | undefined;
  readonly nonce: bigint;
  readonly gasLimit: Gas;
  /** Undefined creates a contract. */
  readonly to: Address | undefined;
  readonly value: Wei;
  readonly data: Uint8Array;
  /** 64 bytes, r then s, left-padded; s is at most half the group order. */
  readonly signature: Uint8Array;
  readonly yParity: 0 | 1;
  /** The canonical EIP-2718 encoding: what the hash covers and what blocks hold. */
  readonly raw: Uint8Array;
  readonly hash: Hash;
  /** What the sender signed. */
  readonly signingHash: Hash;
};

type GasPrice = { readonly gasPrice: Wei };
type FeeMarket = { readonly maxPriorityFeePerGas: Wei; readonly maxFeePerGas: Wei };
type WithAccessList = { readonly accessList: readonly AccessListItem[] };

export type LegacyTransaction = Common & GasPrice & { readonly type: 0 };
export type AccessListTransaction = Common & GasPrice & WithAccessList & { readonly type: 1 };
export type FeeMarketTransaction = Common & FeeMarket & WithAccessList & { readonly type: 2 };
export type BlobTransaction = Common &
  FeeMarket &
  WithAccessList & {
    readonly type: 3;
    readonly maxFeePerBlobGas: Wei;
    readonly blobVersionedHashes: readonly Hash[];
  };
export type SetCodeTransaction = Common &
  FeeMarket &
  WithAccessList & { readonly type: 4; readonly authorizationList: readonly Authorization[] };

export type Transaction =
  | LegacyTransaction
  | AccessListTransaction
  | FeeMarketTransaction
  | BlobTransaction
  | SetCodeTransaction;
