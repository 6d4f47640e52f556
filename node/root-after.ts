/** The state root that changes after a stored block would lead to, without writing anything. */
import {
  type Address,
  CodedError,
  type Hash,
  type Height,
  invariant,
  keyOf,
  type StateChanges,
} from '../ledger/model/index.ts';
import type { ChainStore } from '../ledger/store/index.ts';
import { createLayeredState } from '../vm/index.ts';

/** Accounts and slots that are set back before they are changed anew; a point read each. */
const MOST_SET_BACK = 20_000;

/**
 * The tries are stored as the head has them: what blocks after `at` changed is set back in memory first, and stays
 * set back for the next question.
 *
 * @throws CodedError NODE_NO_ROOT if that is too much, or not recorded
 */
export function createRootAfter(
  store: Pick<ChainStore, 'head' | 'state' | 'stateAt' | 'changedSince'>,
  at: Height,
): (changes: StateChanges) => Hash {
  let back: { readonly head: Height; readonly changes: StateChanges } | undefined;
  return (changes) => {
    const { header } = store.head();
    const newest = store.state();
    if (header.number === at) return newest.commit(changes).stateRoot;
    if (back?.head !== header.number) {
      back = { head: header.number, changes: changesBackTo(store, at) };
    }
    const state = createLayeredState(newest);
    state.apply(back.changes);
    state.apply(changes);
    return newest.commit(state.changes()).stateRoot;
  };
}

/** From the head's state to that after `at`. */
function changesBackTo(
  store: Pick<ChainStore, 'stateAt' | 'changedSince'>,
  at: Height,
): StateChanges {
  const changed = store.changedSince(at, MOST_SET_BACK);
  if (typeof changed === 'string') {
    const why = changed === 'too-many-changes' ? 'too much has changed' : 'not all is recorded';
    throw new CodedError(`no state root can be made after block ${at}: ${why} since`, {
      code: 'NODE_NO_ROOT',
    });
  }
  const before = store.stateAt(at);
  invariant(before !== undefined, 'the state after a stored block is stored');
  const slots = new Map<string, { address: Address; slots: Map<string, Uint8Array> }>();
  for (const { address, slots: inBlock } of changed) {
    const known = slots.get(keyOf(address)) ?? { address, slots: new Map() };
    for (const slot of inBlock) known.slots.set(keyOf(slot), slot);
    slots.set(keyOf(address), known);
  }
  const codes: { codeHash: Hash; code: Uint8Array }[] = [];
  const accounts = [...slots.values()].map(({ address, slots: own }) => ({
    address,
    account: before.account(address),
    storageCleared: false,
    storage: [...own.values()].map((slot) => ({ slot, value: before.storage(address, slot) })),
  }));
  return { accounts, codes };
}
