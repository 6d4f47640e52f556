/** Invariant 4: what a node holds is what replaying its blocks from the genesis gives, byte by byte. */
import { equalBytes } from '../../ledger/model/index.ts';
import {
  chainRecords,
  createMemoryDisk,
  openMemoryStore,
} from '../../ledger/store/testkit/memory-disk.ts';
import { createChain } from '../chain.ts';
import { silentLogger } from '../logger.ts';
import { createSenderRecovery } from '../sender-recovery.ts';
import { openValidatorSets } from '../validator-sets.ts';
import type { Cluster } from './cluster.ts';
import type { SimNode } from './sim-node.ts';

export async function requireReplay(cluster: Cluster, node: SimNode): Promise<void> {
  const { chain, world } = cluster;
  const { genesis, engine } = chain;
  const disk = createMemoryDisk();
  const store = await openMemoryStore(
    disk,
    { reach: async () => {} },
    {
      genesis: { block: genesis.block, hash: genesis.hash, accounts: genesis.accounts },
      hashRule: genesis.hashRule,
    },
  );
  const clock = {
    now: world.nowMs,
    setTimeout: () => ({}),
    clearTimeout: () => {},
    breathe: async () => {},
  };
  const replayed = createChain(
    { genesis, self: undefined, keepsRevertReasons: true },
    {
      store,
      engine,
      sets: await openValidatorSets(genesis.qbft, { store, engine }),
      votes: { next: () => undefined },
      pool: {
        executable: () => [],
        discard: () => {},
        status: () => ({ pending: 0, queued: 0, bytes: 0 }),
      },
      recoverSenders: createSenderRecovery(clock),
      clock,
      logger: silentLogger,
    },
  );
  const original = node.running()?.store;
  if (original === undefined) return;
  const fail = (fact: string): void => world.violate('state equals replay (4)', fact);
  for (let number = 1n; number <= original.head().header.number; number += 1n) {
    const encoded = original.encodedBlock(number);
    const verdict = encoded === undefined ? undefined : await replayed.import(encoded);
    if (verdict?.ok !== true) {
      fail(`block ${number} of node ${node.index} is not accepted: ${verdict?.code ?? 'missing'}`);
      return;
    }
  }
  const own = chainRecords(node.disk);
  const again = chainRecords(disk);
  if (again.size !== own.size) {
    fail(`node ${node.index} has ${own.size} records, a replay gives ${again.size}`);
  }
  for (const [key, stored] of again) {
    const held = own.get(key);
    if (held !== undefined && equalBytes(held, stored)) continue;
    fail(`a record of node ${node.index} differs: ${Buffer.from(key, 'latin1').toString('hex')}`);
  }
}
