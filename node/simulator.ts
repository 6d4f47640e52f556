/** Simulated blocks on a final one, as `rpc` asks for them. */
import { type Height, invariant, type Refusal, refuse } from '../ledger/model/index.ts';
import type { ChainStore, NoProof } from '../ledger/store/index.ts';
import type { SimulatorPort } from '../rpc/index.ts';
import { type ChainRules, type Engine, simulateBlocks } from '../vm/index.ts';

/** @param breathe awaited inside long calls and between them */
export function createSimulator(
  store: Pick<ChainStore, 'header' | 'hashOf' | 'stateAt' | 'setBack'>,
  rules: ChainRules,
  engine: Engine,
  breathe: () => Promise<void>,
): SimulatorPort {
  return {
    simulate: async (blocks, number, { signal, gasCap, isValidating, logsTransfers }) => {
      const header = store.header(number);
      const hash = store.hashOf(number);
      const state = store.stateAt(number);
      invariant(header && hash && state, 'a simulation names a final block');
      const pause = async (): Promise<void> => {
        await breathe();
        signal.throwIfAborted();
      };
      const base = { header, hash };
      const input = { base, rules, blocks, isValidating, logsTransfers, gasCap, pause };
      const verdict = await store.setBack(number, signal, ({ rootAfter }) =>
        simulateBlocks(input, { engine, state, rootAfter }),
      );
      return typeof verdict === 'string' ? refuseRoot(number, verdict) : verdict;
    },
  };
}

function refuseRoot(number: Height, reason: NoProof): Refusal {
  const why = reason === 'too-many-changes' ? 'too much has changed' : 'not all is recorded';
  return refuse('NODE_NO_ROOT', `no state root can be made after block ${number}: ${why} since`);
}
