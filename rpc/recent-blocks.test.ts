import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ChainPort } from './ports.ts';
import { withRecentBlocks } from './recent-blocks.ts';
import { createMemoryChain } from './testkit/memory-chain.ts';

const test = suite('rpc/recent-blocks');

function counted(): { readonly chain: ChainPort; readonly reads: () => number; append(): void } {
  const chain = createMemoryChain([]);
  let reads = 0;
  const block: ChainPort['block'] = (number) => {
    reads += 1;
    return chain.block(number);
  };
  return {
    chain: withRecentBlocks({ ...chain, block }),
    reads: () => reads,
    append: () => chain.append([]),
  };
}

test('a block that is asked for again is read once', () => {
  const { chain, reads } = counted();
  assert.is(chain.block(0n), chain.block(0n));
  assert.is(reads(), 1);
});

test('a block that did not exist is found when it does', () => {
  const { chain, append } = counted();
  assert.is(chain.block(1n), undefined);
  append();
  assert.is(chain.block(1n)?.header.number, 1n);
});

test('only the blocks used last are kept', () => {
  const { chain, reads, append } = counted();
  for (let number = 0n; number <= 16n; number += 1n) {
    append();
    chain.block(number);
    chain.block(0n);
  }
  assert.is(reads(), 17);
  chain.block(0n);
  assert.is(reads(), 17);
  chain.block(1n);
  assert.is(reads(), 18);
});

test.run();
