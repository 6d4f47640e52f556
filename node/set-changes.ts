/**
 * The heights at which another set of validators seals than at the one before, found once each: by what headers list,
 * and where a contract names the validators by what its storage held.
 */
import {
  isKnownContract,
  type QbftOptions,
  qbftRulesAt,
  readNamedSet,
} from '../consensus/index.ts';
import {
  type Address,
  type BlockHeader,
  decodeExtraData,
  type Height,
  invariant,
} from '../ledger/model/index.ts';
import type { ChainStore } from '../ledger/store/index.ts';

export type SetChanges = {
  /** Ascending, none above `upTo`. @throws the reason of the signal when it aborts */
  upTo(height: Height, signal: AbortSignal): Promise<readonly Height[]>;
  /** The slots that hold the set of that block, in its parent's state; undefined where its header lists it. */
  slotsOf(height: Height): NamedSlots | undefined;
};

/** `slots` undefined: only a call tells what the contract names. */
export type NamedSlots = {
  readonly contract: Address;
  readonly slots: readonly Uint8Array[] | undefined;
};

/** Headers looked at before other work of the thread gets its turn. */
const HEADERS_PER_TURN = 256n;

export function createSetChanges(
  store: Pick<ChainStore, 'header' | 'stateAt'>,
  qbft: QbftOptions,
  breathe: () => Promise<void>,
): SetChanges {
  const changes: Height[] = [];
  let looked = { height: 0n, set: listedIn(headerAt(store, 0n)) };

  const named = (height: Height): (NamedSlots & { readonly set: string }) | undefined => {
    const { source } = qbftRulesAt(qbft, height);
    if (source.kind === 'headers') return undefined;
    const contract = source.address;
    const state = store.stateAt(height - 1n);
    const account = state?.account(contract);
    if (state === undefined || account === undefined || !isKnownContract(account.codeHash)) {
      return { contract, slots: undefined, set: 'unknown' };
    }
    const read = readNamedSet(account.codeHash, (slot) => ({
      ok: true,
      value: state.storage(contract, slot),
    }));
    invariant(read.ok, 'a set that has sealed a block can be read');
    return { contract, slots: read.slots, set: read.validators.join() };
  };
  const setOf = (height: Height): string => named(height)?.set ?? listedIn(headerAt(store, height));

  return {
    slotsOf: named,
    upTo: async (upTo, signal) => {
      while (looked.height < upTo) {
        const height = looked.height + 1n;
        const set = setOf(height);
        if (set !== looked.set) changes.push(height);
        // Before the pause: another request may look meanwhile, and goes on from here.
        looked = { height, set };
        if (height % HEADERS_PER_TURN === 0n) {
          await breathe();
          signal.throwIfAborted();
        }
      }
      return changes.filter((height) => height <= upTo);
    },
  };
}

function headerAt(store: Pick<ChainStore, 'header'>, height: Height): BlockHeader {
  const header = store.header(height);
  invariant(header !== undefined, 'every header up to the head is stored');
  return header;
}

function listedIn(header: BlockHeader): string {
  const decoded = decodeExtraData(header.extraData);
  invariant(decoded.ok, 'a stored header has QBFT extraData');
  return decoded.extraData.validators.join();
}
