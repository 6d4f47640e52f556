/** Host and engine agree on where things lie: the two layouts are compared as text. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('vm/engine/layout');

/** Numeric constants of a source file by name. */
function constantsOf(file: string): ReadonlyMap<string, number> {
  const source = readFileSync(new URL(file, import.meta.url), 'utf8');
  const pattern = /^export const (\w+)(?:: \w+)? = (-?\w+);/gm;
  return new Map(
    [...source.matchAll(pattern)].map(([, name = '', value]) => [name, Number(value)]),
  );
}

test('what the host repeats of the layout is what the engine was compiled with', () => {
  const engine = constantsOf('./assembly/layout.ts');
  const frame = constantsOf('./assembly/frames.ts');
  const account = constantsOf('./assembly/accounts.ts');
  const host = constantsOf('./layout.ts');
  assert.ok(host.size > 50);
  for (const [name, value] of host) {
    const compiled = engine.get(name) ?? account.get(name) ?? frame.get(name.replace('FRAME_', ''));
    assert.is(compiled, value, name);
  }
});

test('no fixed region of the engine reaches into the next', () => {
  const { get } = {
    get: (name: string) => constantsOf('./assembly/layout.ts').get(name) as number,
  };
  assert.ok(get('FRAMES') + (get('DEPTH_LIMIT') + 1) * get('FRAME_SIZE') <= get('MEMO'));
  assert.ok(get('MEMO') + (get('MEMO_MASK') + 1) * get('MEMO_ENTRY') <= get('BLOOM_MEMO'));
  const bloomMemo = (get('BLOOM_MEMO_MASK') + 1) * get('BLOOM_MEMO_ENTRY');
  assert.ok(get('BLOOM_MEMO') + bloomMemo <= get('STACKS'));
  assert.ok(get('STACKS') + (get('DEPTH_LIMIT') + 1) * get('STACK_WORDS') * 32 <= get('HEAP'));
  assert.ok(get('PRECOMPILES') + 1024 <= get('MOVED_COUNT'));
  assert.ok(get('MOVED') + 60 * 32 <= get('OPCODES'));
  assert.ok(get('BLOCK_HASHES') + 256 * 32 <= get('BLOCK_HASHES_KNOWN'));
});

test.run();
