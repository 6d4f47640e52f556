/** Chains for tests: headers with nothing but a state root, and the changes that lead to it. */
import {
  type Address,
  asAddress,
  commitState,
  EMPTY_CODE_HASH,
  EMPTY_ROOT,
  type ExecutedBlock,
  headerHash,
  type StateChanges,
} from '../../model/index.ts';
import { emptyHeader } from '../../model/testkit/empty-header.ts';
import type { ChainStore } from '../chain-store.ts';
import type { StoreOptions } from '../open-store.ts';

export const ALICE: Address = asAddress(new Uint8Array(20).fill(0xa1));
export const BOB: Address = asAddress(new Uint8Array(20).fill(0xb0));
export const SLOT: Uint8Array = new Uint8Array(32).fill(1);

export function funds(
  address: Address,
  balance: bigint,
  slots: readonly (readonly [Uint8Array, number])[] = [],
): StateChanges['accounts'][number] {
  return {
    address,
    account: { nonce: 0n, balance, codeHash: EMPTY_CODE_HASH },
    storageCleared: false,
    storage: slots.map(([slot, value]) => ({
      slot,
      value: value === 0 ? new Uint8Array(0) : Uint8Array.of(value),
    })),
  };
}

export const ACCOUNTS: StateChanges = { accounts: [funds(ALICE, 100n)], codes: [] };

export function optionsAt(path: string, accounts: StateChanges = ACCOUNTS, seed = 0): StoreOptions {
  const { stateRoot } = commitState(
    { stateRoot: EMPTY_ROOT, account: () => undefined, node: () => undefined },
    accounts,
  );
  const genesis = emptyHeader({ stateRoot, extraData: Uint8Array.of(seed) });
  return {
    path,
    genesis: {
      block: { header: genesis, transactions: [], ommers: [] },
      hash: headerHash(genesis, 'plain'),
      accounts,
    },
    hashRule: 'plain',
  };
}

export function next(store: ChainStore, accounts: StateChanges['accounts']): ExecutedBlock {
  const changes = { accounts, codes: [] };
  const commitment = store.state().commit(changes);
  const { header: parent, hash } = store.head();
  const block = {
    header: emptyHeader({
      number: parent.number + 1n,
      parentHash: hash,
      stateRoot: commitment.stateRoot,
    }),
    transactions: [],
    ommers: [],
  };
  return { block, senders: [], receipts: [], changes, commitment };
}
