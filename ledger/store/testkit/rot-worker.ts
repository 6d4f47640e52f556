/** A process of its own that spoils copies of a store, byte by byte, and says what noticed each: LevelDB may stop it. */
import { cp, rm } from 'node:fs/promises';
import { seededRandom } from '../../model/testkit/seeded-random.ts';
import { openStore } from '../open-store.ts';
import { answers, flipOne, nextRootOf, whatCatches } from './bit-rot.ts';
import { ledgerOptions } from './whole-ledger.ts';

const [, , template = '', path = '', start = '0', end = '0'] = process.argv;
const copy = async (): Promise<void> => {
  await rm(path, { recursive: true, force: true });
  await cp(template, path, { recursive: true });
};

await copy();
const sound = await openStore(ledgerOptions(path));
const expected = new Map(answers(sound));
const nextRoot = nextRootOf(sound);
await sound.close();
for (let flip = Number(start); flip < Number(end); flip += 1) {
  await copy();
  const place = await flipOne(path, seededRandom(`bit-rot ${flip}`));
  process.stdout.write(`${JSON.stringify({ flip, place })}\n`);
  const caught = await whatCatches(path, expected, nextRoot);
  process.stdout.write(`${JSON.stringify({ flip, caught })}\n`);
}
