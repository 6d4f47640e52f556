/** What a simulation starts from and what it stands on. */
import type {
  BlockHeader,
  Hash,
  SimulatedBlockRequest,
  SimulationOptions,
  StateChanges,
  StateReader,
} from '../../ledger/model/index.ts';
import type { ChainRules } from '../chain-rules.ts';
import type { Engine } from '../engine.ts';

export type SimulationInput = SimulationOptions & {
  readonly base: { readonly header: BlockHeader; readonly hash: Hash };
  readonly rules: ChainRules;
  readonly blocks: readonly SimulatedBlockRequest[];
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
