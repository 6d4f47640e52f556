import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Address,
  asAddress,
  type BlockHeader,
  bytesToHex,
  encodeExtraData,
} from '../ledger/model/index.ts';
import { openFormerValidators } from './former-validators.ts';
import { type SmallFile, smallFileInMemory } from './small-file.ts';

const test = suite('node/former-validators');

const at = (n: number): Address => asAddress(new Uint8Array(20).fill(n));
const numbers = (addresses: readonly Address[]): string =>
  addresses
    .map(([first]) => first)
    .sort((a = 0, b = 0) => a - b)
    .join();

/** Headers that list validator `n`, `n + 1` at height `n`, all proposed by 99. */
function chainOf(length: number) {
  const headers = Array.from({ length: length + 1 }, (_, n) => {
    const extraData = encodeExtraData({
      vanity: new Uint8Array(32),
      validators: n < 5 ? [at(n + 1), at(n + 2)] : [],
      vote: undefined,
      round: 0,
      seals: [],
    });
    return { number: BigInt(n), beneficiary: at(99), extraData } as BlockHeader;
  });
  let reads = 0;
  return {
    head: () => ({ header: headers.at(-1) as BlockHeader, hash: new Uint8Array(32) as never }),
    header: (height: bigint) => {
      reads += 1;
      return headers[Number(height)];
    },
    reads: () => reads,
  };
}

function open(file: SmallFile, store: ReturnType<typeof chainOf>) {
  return openFormerValidators({
    file,
    store,
    breathe: async () => {},
    onFatal: (error) => {
      throw error;
    },
  });
}

test('without a file the headers tell who was a validator, and who proposed', async () => {
  const file = smallFileInMemory('former');
  const store = chainOf(200);
  const former = await open(file, store);
  assert.is(numbers(former.list()), '');
  const { promise: found, resolve } = Promise.withResolvers<void>();
  former.readHeaders(resolve);
  await found;
  assert.is(numbers(former.list()), '1,2,3,4,5,6,99');
  await former.close();
  assert.is(store.reads(), 201);
});

test('what the file covers is not read again; what came since is', async () => {
  const file = smallFileInMemory('former');
  const first = await open(file, chainOf(100));
  first.readHeaders(() => {});
  await first.close();
  const store = chainOf(103);
  const second = await open(file, store);
  assert.is(numbers(second.list()), '1,2,3,4,5,6,99');
  second.readHeaders(() => assert.unreachable('nobody is new'));
  await second.close();
  assert.ok(store.reads() <= 103);
  const third = await open(file, chainOf(103));
  assert.is(numbers(third.list()), '1,2,3,4,5,6,99');
});

test('who enters a set while the node runs is kept, also after a crash', async () => {
  const file = smallFileInMemory('former');
  const store = chainOf(3);
  const former = await open(file, store);
  former.readHeaders(() => {});
  former.follow(4n, [at(77)]);
  assert.ok(numbers(former.list()).includes('77'));
  await former.close();
  const text = JSON.parse((await file.read()) ?? '');
  assert.ok(text.addresses.includes(bytesToHex(at(77))));
});

for (const text of [
  '',
  'x',
  '[]',
  '{"upTo":5,"addresses":[]}',
  '{"upTo":"9","addresses":["0x1"]}',
]) {
  test(`a file that says nothing is as good as none: ${text}`, async () => {
    const file = smallFileInMemory('former');
    await file.replace(text);
    const store = chainOf(2);
    const former = await open(file, store);
    former.readHeaders(() => {});
    await former.close();
    assert.ok(numbers(former.list()).length > 0);
  });
}

test.run();
