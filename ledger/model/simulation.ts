/** What a simulation is asked for and what comes of it, as `eth_simulateV1` has it. */
import type { Block } from './block.ts';
import type { Address, Gas, Hash } from './bytes.ts';
import type { CallOverrides, TransactionRequest } from './call.ts';
import type { Log } from './receipt.ts';

/** A block to make: what is supposed about it and before it, and what is called in it. */
export type SimulatedBlockRequest = CallOverrides & {
  readonly calls?: readonly TransactionRequest[];
};

export type SimulationOptions = {
  /** Nonces, fees and base fee count as in a block. */
  readonly isValidating: boolean;
  /** Transfers of value are among the logs. */
  readonly logsTransfers: boolean;
  /** Of all calls together. */
  readonly gasCap: Gas;
};

export type SimulatedOutcome = {
  readonly gasUsed: Gas;
  /** Before refunds. */
  readonly maxUsedGas: Gas;
  /** Pseudo logs of transfers included; empty if it failed. */
  readonly logs: readonly Log[];
  /** In the block, one for each log; as in geth, logs that were rolled back leave gaps. */
  readonly logIndexes: readonly number[];
} & (
  | { readonly kind: 'success' | 'reverted'; readonly output: Uint8Array }
  | { readonly kind: 'failed'; readonly message: string }
);

export type SimulatedBlockReport = {
  readonly block: Block;
  readonly hash: Hash;
  readonly senders: readonly Address[];
  /** One for each transaction. */
  readonly outcomes: readonly SimulatedOutcome[];
};
