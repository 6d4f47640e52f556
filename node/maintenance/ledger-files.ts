/** What the maintenance of a ledger works on: a node's directory and the genesis that it was made with. */
import { join } from 'node:path';
import type { Genesis, ReferenceGenesis } from '../../genesis/index.ts';
import type { StoreOptions } from '../../ledger/store/index.ts';

export type LedgerPlace<G = Genesis | ReferenceGenesis> = {
  readonly dataDir: string;
  readonly genesis: G;
};

export function chainPath(dataDir: string): string {
  return join(dataDir, 'chain');
}

export function storeOptionsOf({ dataDir, genesis }: LedgerPlace): StoreOptions {
  const { block, hash, accounts, hashRule } = genesis;
  return { path: chainPath(dataDir), genesis: { block, hash, accounts }, hashRule };
}
