/** The state root of block 0, from its accounts alone. */
import { keccak256 } from '#crypto';
import {
  EMPTY_ROOT,
  encodeAccount,
  encodeRlp,
  type Hash,
  type StateChanges,
  trieRoot,
} from '../ledger/model/index.ts';

/** Yellow paper section 4.1: account and storage tries are keyed by the hash of address and slot. */
export function stateRootOf({ accounts }: StateChanges): Hash {
  return trieRoot(
    accounts.flatMap(({ address, account, storage }) => {
      if (account === undefined) return [];
      const storageRoot =
        storage.length === 0
          ? EMPTY_ROOT
          : trieRoot(
              storage.map(({ slot, value }) => ({ key: keccak256(slot), value: encodeRlp(value) })),
            );
      return [{ key: keccak256(address), value: encodeAccount({ ...account, storageRoot }) }];
    }),
  );
}
