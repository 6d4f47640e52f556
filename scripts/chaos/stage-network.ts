/** Makes the network, accounts and directory that every command of `npm run chaos` works on. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DEFAULT_TIMING,
  DEVELOPMENT_BALANCE,
  DEVELOPMENT_CHAIN_ID,
  type GenesisTiming,
} from '../../genesis/index.ts';
import { type Account, createAccount } from './accounts.ts';
import { type ChaosNetwork, type ChaosNetworkOptions, startChaosNetwork } from './chaos-network.ts';
import { loopbackFabric } from './fabric.ts';
import { namespaceFabric } from './namespaces.ts';

export const VALIDATORS = 4;
/** Two for each validator. */
const SENDERS = 8;

export type StagedNetwork = {
  readonly network: ChaosNetwork;
  readonly timing: GenesisTiming;
  readonly directory: string;
  readonly senders: readonly Account[];
  readonly probes: readonly Account[];
  /** Ends every process; the directory goes unless it shall be kept. */
  close(keep: boolean): Promise<void>;
};

/**
 * @param inside the namespaces to use; undefined: the loopback address
 * @param wrap what a validator's process runs under, by its directory
 */
export async function stageNetwork(
  seed: number,
  inside: string | undefined,
  wrap?: ChaosNetworkOptions['wrap'],
): Promise<StagedNetwork> {
  const accounts = (count: number, name: string): readonly Account[] =>
    Array.from({ length: count }, (_, index) =>
      createAccount(seed, `${name} ${index}`, DEVELOPMENT_CHAIN_ID),
    );
  const senders = accounts(SENDERS, 'sender');
  const probes = accounts(VALIDATORS, 'probe');
  const directory = await mkdtemp(join(tmpdir(), 'ehb-chaos-'));
  const fabric = inside === undefined ? await loopbackFabric(VALIDATORS) : namespaceFabric(inside);
  const network = await startChaosNetwork(
    {
      directory,
      validators: VALIDATORS,
      chainId: DEVELOPMENT_CHAIN_ID,
      timing: DEFAULT_TIMING,
      accounts: [...senders, ...probes].map(({ address }) => ({
        address,
        balance: DEVELOPMENT_BALANCE,
      })),
      seed,
      wrap,
    },
    fabric,
  );
  return {
    network,
    timing: DEFAULT_TIMING,
    directory,
    senders,
    probes,
    close: async (keep) => {
      await network.close();
      if (!keep) await rm(directory, { recursive: true, force: true });
    },
  };
}
