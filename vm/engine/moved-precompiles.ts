/** Lets precompiled contracts answer at other addresses for one call, or nowhere. */
import type { PrecompileMove } from '../engine.ts';
import { precompileNumber } from '../precompiles/index.ts';
import { engineFault } from './instance.ts';
import { MOVED, MOVED_COUNT, PRECOMPILES } from './layout.ts';
import type { World } from './world.ts';

const ENTRY = 32;
/** Where an entry holds the number, after the 20 bytes of the address. */
const NUMBER = 20;
/** There are fewer precompiled contracts at any fork. */
const MOST = 60;

export function movePrecompiles({ instance }: World, moves: readonly PrecompileMove[]): void {
  if (moves.length > MOST) throw engineFault('a precompiled contract moves once');
  const bytes = instance.bytes();
  const view = instance.view();
  let count = 0;
  // The last of two at one address is found first.
  for (const { from, to } of moves.toReversed()) {
    const number = precompileNumber(from);
    if (number === undefined) throw engineFault('only precompiled contracts move');
    bytes[PRECOMPILES + number] = 0;
    if (to === undefined) continue;
    const entry = MOVED + ENTRY * count;
    bytes.set(to.toReversed(), entry);
    view.setUint32(entry + NUMBER, number, true);
    count += 1;
  }
  view.setUint32(MOVED_COUNT, count, true);
}

export function putPrecompilesBack({ instance, precompiles }: World): void {
  const bytes = instance.bytes();
  for (const number of precompiles.keys()) bytes[PRECOMPILES + number] = 1;
  instance.view().setUint32(MOVED_COUNT, 0, true);
}
