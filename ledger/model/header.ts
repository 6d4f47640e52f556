/** Block headers, their encoding and the two rules by which a header is hashed. */
import type { Address, Gas, Hash, Height, UnixSeconds, Wei } from './bytes.ts';

/** `qbft`: round 0 and no seals in extraData (block 0: as it is). `plain`: the RLP as it is. */
export type HeaderHashRule = 'qbft' | 'plain';

/** Yellow paper section 4.3 and the fields that later forks append, in their order. */
export type BlockHeader = {
  readonly parentHash: Hash;
  readonly ommersHash: Hash;
  /** The proposer (Besu: coinbase). */
  readonly beneficiary: Address;
  readonly stateRoot: Hash;
  readonly transactionsRoot: Hash;
  readonly receiptsRoot: Hash;
  /** 256 bytes. */
  readonly logsBloom: Uint8Array;
  readonly difficulty: bigint;
  readonly number: Height;
  readonly gasLimit: Gas;
  readonly gasUsed: Gas;
  readonly timestamp: UnixSeconds;
  readonly extraData: Uint8Array;
  /** mixHash before the Merge, prevRandao after it. */
  readonly mixHash: Hash;
  /** 8 bytes. */
  readonly nonce: Uint8Array;
  /** London (EIP-1559). */
  readonly baseFeePerGas?: Wei;
  /** Shanghai (EIP-4895). */
  readonly withdrawalsRoot?: Hash;
  /** Cancun (EIP-4844). */
  readonly blobGasUsed?: Gas;
  readonly excessBlobGas?: Gas;
  /** Cancun (EIP-4788). */
  readonly parentBeaconBlockRoot?: Hash;
  /** Prague (EIP-7685). */
  readonly requestsHash?: Hash;
};
