/** What a simulation is asked for and what comes of it: plain data, as `eth_simulateV1` has it. */
import type {
  AccessListItem,
  Address,
  Authorization,
  BlockHeader,
  Gas,
  Hash,
  Log,
  Receipt,
  StateChanges,
  StateReader,
  Transaction,
  Wei,
} from '../../ledger/model/index.ts';
import type { ChainRules } from '../chain-rules.ts';
import type { Engine } from '../engine.ts';
import type { BlockOverrides, StateOverride } from '../overrides.ts';

/** A transaction without a signature; absent fields have the value that lets it run. */
export type SimulatedCall = {
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

/** A block to make: what is supposed about it and before it, and what is called in it. */
export type SimulatedBlock = {
  readonly block?: BlockOverrides;
  readonly state?: readonly StateOverride[];
  readonly calls?: readonly SimulatedCall[];
};

export type SimulationInput = {
  readonly base: { readonly header: BlockHeader; readonly hash: Hash };
  readonly rules: ChainRules;
  readonly blocks: readonly SimulatedBlock[];
  /** Nonces, fees and base fee count as in a block. */
  readonly isValidating: boolean;
  /** Transfers of value are among the logs. */
  readonly logsTransfers: boolean;
  /** Of all calls together. */
  readonly gasCap: Gas;
  /** Awaited inside long calls and after each; what it throws ends the simulation. */
  readonly pause?: () => Promise<void>;
};

export type SimulationModules = {
  readonly engine: Engine;
  /** After the base. */
  readonly state: StateReader;
  /** The state root that changes on that state lead to. */
  rootAfter(changes: StateChanges): Hash | Promise<Hash>;
};

export type SimulatedOutcome = {
  readonly gasUsed: Gas;
  /** Before refunds. */
  readonly maxUsedGas: Gas;
  /** Pseudo logs of transfers included; empty if it failed. */
  readonly logs: readonly Log[];
  /** In the block; as in geth, logs that were rolled back leave gaps. */
  readonly logIndexes: readonly number[];
} & (
  | { readonly kind: 'success' | 'reverted'; readonly output: Uint8Array }
  | { readonly kind: 'failed'; readonly message: string }
);

export type SimulatedResult = {
  readonly header: BlockHeader;
  readonly hash: Hash;
  readonly transactions: readonly Transaction[];
  readonly senders: readonly Address[];
  readonly receipts: readonly Receipt[];
  /** One for each transaction. */
  readonly outcomes: readonly SimulatedOutcome[];
};
