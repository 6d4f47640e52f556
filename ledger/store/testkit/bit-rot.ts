/** One wrong byte in the files of a store, and what notices it. */
import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesToHex, CodedError, encodeReceipt, InvariantError } from '../../model/index.ts';
import { seededRandom, type TestRandom } from '../../model/testkit/seeded-random.ts';
import type { ChainStore } from '../chain-store.ts';
import { openStore } from '../open-store.ts';
import {
  LEDGER_ADDRESSES,
  LEDGER_SLOTS,
  ledgerOptions,
  verifyLedger,
  wholeBlock,
} from './whole-ledger.ts';

const BLOCKS = 14;
const CACHE_BYTES = 0;

export type Caught = 'open' | 'read' | 'next state root' | 'verify' | 'harmless';

/** All that can be asked of a store, one text for each question; `lost` where there is nothing. */
export function* answers(
  store: ChainStore,
): Generator<readonly [question: string, answer: string]> {
  const text = (bytes: Uint8Array | undefined): string =>
    bytes === undefined ? 'lost' : bytesToHex(bytes);
  for (let number = 0n; number <= BigInt(BLOCKS); number += 1n) {
    yield [`hash ${number}`, text(store.hashOf(number))];
    yield [`block ${number}`, text(store.encodedBlock(number))];
    yield [`header ${number}`, store.header(number)?.stateRoot.join() ?? 'lost'];
    yield [`receipts ${number}`, store.receipts(number)?.map(encodeReceipt).join(';') ?? 'lost'];
    yield [`senders ${number}`, store.senders(number)?.join(';') ?? 'lost'];
    const hash = store.hashOf(number);
    if (hash !== undefined) yield [`number ${number}`, String(store.numberOf(hash) ?? 'lost')];
    for (const { hash: transaction } of store.block(number)?.transactions ?? []) {
      const place = store.transactionPlace(transaction);
      yield [`transaction ${transaction}`, place ? `${place.number}/${place.index}` : 'lost'];
    }
    const state = store.stateAt(number);
    for (const address of LEDGER_ADDRESSES) {
      const account = state?.account(address);
      yield [
        `account ${number} ${address}`,
        account ? `${account.nonce} ${account.balance} ${account.storageRoot}` : 'lost',
      ];
      if (account !== undefined)
        yield [`code ${number} ${address}`, text(state?.code(account.codeHash))];
      for (const slot of LEDGER_SLOTS) {
        const value = state?.storage(address, slot);
        yield [`slot ${number} ${address} ${slot}`, value?.length ? text(value) : 'lost'];
      }
    }
  }
}

function isKnownFailure(error: unknown): boolean {
  return error instanceof CodedError || error instanceof InvariantError;
}

/** What noticed the damage; also fails if a wrong value was served, or a loss was noticed by nobody. */
export async function whatCatches(
  path: string,
  expected: ReadonlyMap<string, string>,
  nextRoot: string,
): Promise<Caught> {
  let store: ChainStore;
  try {
    store = await openStore({ ...ledgerOptions(path), cacheBytes: CACHE_BYTES });
  } catch (error) {
    assert.ok(isKnownFailure(error), String(error));
    return 'open';
  }
  let lost = 0;
  try {
    for (const [question, answer] of answers(store)) {
      if (answer === expected.get(question)) continue;
      assert.equal(answer, 'lost', `${question} is answered with what was never written`);
      lost += 1;
    }
    const block = wholeBlock(store, seededRandom('bit-rot-next'));
    if (bytesToHex(block.block.header.stateRoot) !== nextRoot) return 'next state root';
    await store.write(block);
  } catch (error) {
    if (!isKnownFailure(error)) throw error;
    return error instanceof InvariantError ? 'next state root' : 'read';
  } finally {
    await store.close();
  }
  const report = await verifyLedger(ledgerOptions(path));
  if (report.problemCount > 0) return 'verify';
  assert.equal(lost, 0, 'a loss is found by verify');
  return 'harmless';
}

/** A chain of which some lies in tables and some in LevelDB's log. */
export async function makeTemplate(path: string): Promise<void> {
  const random = seededRandom('bit-rot');
  for (const blocks of [BLOCKS - 4, 4]) {
    const store = await openStore(ledgerOptions(path));
    for (let block = 0; block < blocks; block += 1) await store.write(wholeBlock(store, random));
    await store.close();
  }
}

export async function flipOne(path: string, random: TestRandom): Promise<string> {
  const names = (await readdir(path)).filter((name) => name !== 'LOCK' && !/^LOG/.test(name));
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(path, name))).size));
  // Half of them anywhere, half in a file drawn first: the small ones steer the large ones.
  let index = random.below(names.length);
  let at = random.below(Math.max(1, sizes[index] as number));
  if (random.below(2) === 0) {
    at = random.below(sizes.reduce((sum, size) => sum + size, 0));
    for (index = 0; at >= (sizes[index] as number); index += 1) at -= sizes[index] as number;
  }
  const file = join(path, names[index] as string);
  const bytes = await readFile(file);
  if (bytes.length === 0) return `${names[index]} is empty`;
  bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
  await writeFile(file, bytes);
  return `byte ${at} of ${names[index]}`;
}

export function nextRootOf(store: ChainStore): string {
  return bytesToHex(wholeBlock(store, seededRandom('bit-rot-next')).block.header.stateRoot);
}
