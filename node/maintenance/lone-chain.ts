/** A chain that takes blocks one by one, each verified and executed, with no node around it. */
import type { Genesis, ReferenceGenesis } from '../../genesis/index.ts';
import type { ChainStore } from '../../ledger/store/index.ts';
import { createEngine, type EngineName } from '../../vm/index.ts';
import { type Chain, createChain } from '../chain.ts';
import { systemClock } from '../clock.ts';
import { silentLogger } from '../logger.ts';
import { createReferenceChain } from '../reference-chain.ts';
import { createSenderRecovery } from '../sender-recovery.ts';
import { openValidatorSets } from '../validator-sets.ts';

export type LoneChain = Pick<Chain, 'import'>;

export type LoneChainOptions = {
  readonly genesis: Genesis | ReferenceGenesis;
  /** Of a chain of ours; a reference chain is replayed by `@ethereumjs/vm`, whatever is named. */
  readonly engine: EngineName;
  /** Whether what reverted transactions return is stored; never for a reference chain. */
  readonly keepsRevertReasons: boolean;
};

/** @param store of that genesis; the caller closes it */
export async function createLoneChain(
  { genesis, engine: name, keepsRevertReasons }: LoneChainOptions,
  store: ChainStore,
): Promise<LoneChain> {
  const recoverSenders = createSenderRecovery(systemClock);
  if (genesis.qbft === undefined) {
    return await createReferenceChain(genesis, { store, recoverSenders });
  }
  const engine = createEngine(name, genesis.rules);
  return createChain(
    { genesis, self: undefined, keepsRevertReasons },
    {
      store,
      engine,
      sets: await openValidatorSets(genesis.qbft, { store, engine }),
      pool: {
        executable: () => [],
        discard: () => {},
        status: () => ({ pending: 0, queued: 0, bytes: 0 }),
      },
      votes: { next: () => undefined },
      recoverSenders,
      clock: systemClock,
      logger: silentLogger,
    },
  );
}
