/** A process of its own that writes blocks until it cannot, and says what it sees then. */
import { CodedError } from '../../model/index.ts';
import { openStore } from '../open-store.ts';
import { ALICE, BOB, funds, next, optionsAt, SLOT } from './small-chain.ts';

const [, , path = ''] = process.argv;
const store = await openStore(optionsAt(path));
const codes: string[] = [];
for (let i = 1; codes.length < 2 && i < 10_000; i += 1) {
  const block = next(store, [funds(ALICE, BigInt(i)), funds(BOB, 1n, [[SLOT, i % 251]])]);
  const before = store.head();
  try {
    await store.write(block);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    if (store.head() !== before) codes.push('the head ran ahead');
    codes.push(error.code);
  }
}
const { number } = store.head().header;
const balance = store.state().account(ALICE)?.balance;
process.stdout.write(`${codes.join()} ${number} ${balance}\n`);
await store.close().catch(() => {});
