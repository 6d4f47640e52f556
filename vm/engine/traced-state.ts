/** The state under a running transaction, for tracers: read through the engine, which remembers it. */
import type { Address } from '../../ledger/model/index.ts';
import type { TracedState } from '../tracer.ts';
import { readOutput, readWord, writePadded } from './instance.ts';
import { bringSlot, codeAt, loadAccount, nonceAt, type World } from './world.ts';

export function createTracedState(world: World): TracedState {
  const { instance } = world;
  return {
    account: (address) => {
      const id = loadAccount(world, address);
      const balance = readWord(instance, instance.functions.accountBalance(id));
      return { nonce: nonceAt(world, id), balance };
    },
    code: (address) => codeAt(world, loadAccount(world, address)),
    storage: (address, slot) => readSlot(world, address, slot).value,
  };
}

/** A slot as the transaction sees it, and as it was before: 32 bytes each. */
export function readSlot(
  world: World,
  address: Address,
  key: Uint8Array,
): { readonly value: Uint8Array; readonly original: Uint8Array; readonly isWarm: boolean } {
  const { instance } = world;
  const { functions } = instance;
  const account = loadAccount(world, address);
  writePadded(instance, key);
  const slot = functions.findSlot(account);
  if (functions.readSlot(slot) === 0) {
    bringSlot(world, slot);
    functions.readSlot(slot);
  }
  return {
    value: readOutput(instance, 0, 32),
    original: readOutput(instance, 32, 32),
    isWarm: functions.isSlotWarm(slot) !== 0,
  };
}
