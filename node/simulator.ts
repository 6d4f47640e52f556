/** Simulated blocks on a final one, as `rpc` asks for them. */
import { CodedError, invariant, refuse } from '../ledger/model/index.ts';
import type { ChainStore } from '../ledger/store/index.ts';
import type { SimulatorPort } from '../rpc/index.ts';
import { type ChainRules, type Engine, simulateBlocks } from '../vm/index.ts';
import { createRootAfter } from './root-after.ts';

/** @param breathe awaited inside long calls and between them */
export function createSimulator(
  store: Pick<ChainStore, 'head' | 'header' | 'hashOf' | 'state' | 'stateAt' | 'changedSince'>,
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
      const modules = { engine, state, rootAfter: createRootAfter(store, number) };
      const verdict = await simulateBlocks(input, modules).catch((error: unknown) => {
        if (error instanceof CodedError && error.detail.code === 'NODE_NO_ROOT') {
          return refuse('NODE_NO_ROOT', error.message);
        }
        throw error;
      });
      if (!verdict.ok) return verdict;
      return {
        ok: true,
        blocks: verdict.blocks.map(({ header: made, hash: own, transactions, ...rest }) => ({
          ...rest,
          hash: own,
          block: {
            header: made,
            transactions,
            ommers: [],
            ...(made.withdrawalsRoot !== undefined && { withdrawals: [] }),
          },
        })),
      };
    },
  };
}
