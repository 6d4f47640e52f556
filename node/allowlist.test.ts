import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CodedError } from '../ledger/model/index.ts';
import { temporaryDirectory } from '../ledger/model/testkit/temporary-directory.ts';
import { type Allowlist, followAllowlist, parseAllowlist } from './allowlist.ts';
import { silentLogger } from './logger.ts';

const test = suite('node/allowlist');

test('both lists are optional', () => {
  assert.equal(parseAllowlist('{}', 'f'), { allow: [], deny: [] });
  assert.equal(parseAllowlist('{"allow":["16Uiu2"]}', 'f'), { allow: ['16Uiu2'], deny: [] });
});

for (const text of ['', '[', 'null', '3', '{"allow":"x"}', '{"deny":[1]}']) {
  test(`${JSON.stringify(text)} is refused`, () => {
    try {
      parseAllowlist(text, 'peers.json');
      assert.unreachable();
    } catch (error) {
      assert.instance(error, CodedError);
      assert.is((error as CodedError<{ code: string }>).code, 'NODE_ALLOWLIST_INVALID');
    }
  });
}

test('a changed file is taken over, a broken one is not', async () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'peers.json');
  const waiting: ((list: Allowlist) => void)[] = [];
  const changed = (): Promise<Allowlist> => new Promise((resolve) => waiting.push(resolve));
  const seen: Allowlist[] = [];
  const follower = await followAllowlist(
    path,
    (list) => {
      seen.push(list);
      for (const resolve of waiting.splice(0)) resolve(list);
    },
    silentLogger,
  );
  try {
    assert.equal(follower.list, { allow: [], deny: [] });
    await writeFile(path, '{broken');
    const next = changed();
    await writeFile(path, '{"allow":["0x01"]}');
    assert.equal((await next).allow, ['0x01']);
    assert.ok(seen.every((list) => list.allow.length === 1));
  } finally {
    follower.close();
  }
});

test.run();
