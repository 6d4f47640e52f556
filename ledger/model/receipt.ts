/** Receipts and logs, in the form that consensus hashes. */
import type { Address, Gas, Hash } from './bytes.ts';

export type Log = {
  readonly address: Address;
  /** 0 to 4. */
  readonly topics: readonly Hash[];
  readonly data: Uint8Array;
};

export type Receipt = {
  readonly type: 0 | 1 | 2 | 3 | 4;
  /** EIP-658: 1 success, 0 failure. Before Byzantium the 32-byte intermediate state root. */
  readonly status: 0 | 1 | Hash;
  readonly cumulativeGasUsed: Gas;
  /** 256 bytes. */
  readonly logsBloom: Uint8Array;
  readonly logs: readonly Log[];
};
