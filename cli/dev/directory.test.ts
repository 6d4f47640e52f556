import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { refusalOf } from '../../ledger/model/testkit/refusal.ts';
import { temporaryDirectory } from '../../ledger/model/testkit/temporary-directory.ts';
import { type DevDirectory, openDevDirectory } from './directory.ts';
import { lockDirectory } from './lock.ts';

const test = suite<{ directory: string }>('cli/dev/directory');

test.before.each((context) => {
  context.directory = temporaryDirectory();
});

const open = (
  path: string,
  options: { fresh?: boolean; validators?: number } = {},
): Promise<DevDirectory> =>
  openDevDirectory({ path, fresh: options.fresh ?? false, validators: options.validators });

const keyOf = ({ nodes }: DevDirectory, index: number): Promise<string> =>
  readFile(join(nodes[index]?.directory ?? '', 'validator.key'), 'utf8');

test('the network is made once and continued after', async ({ directory }) => {
  const path = join(directory, 'a', 'b');
  const made = await open(path);
  assert.ok(made.isNew);
  assert.is(made.nodes.length, 4);
  const continued = await open(path);
  assert.not(continued.isNew);
  assert.equal(
    continued.nodes.map(({ name, peerId }) => [name, peerId]),
    made.nodes.map(({ name, peerId }) => [name, peerId]),
  );
});

test('fresh starts over and leaves other files alone', async ({ directory }) => {
  const first = await open(directory, { validators: 2 });
  const key = await keyOf(first, 0);
  await writeFile(join(directory, 'notes.txt'), 'mine');
  const second = await open(directory, { fresh: true, validators: 1 });
  assert.ok(second.isNew);
  assert.is(second.nodes.length, 1);
  assert.is.not(await keyOf(second, 0), key);
  assert.not(existsSync(join(directory, 'node-1')));
  assert.is(await readFile(join(directory, 'notes.txt'), 'utf8'), 'mine');
});

test('a directory that is not ours is never touched, not even by fresh', async ({ directory }) => {
  await mkdir(join(directory, 'node-0'));
  assert.is(await refusalOf(open(directory)), 'CLI_DIRECTORY_FOREIGN');
  assert.is(await refusalOf(open(directory, { fresh: true })), 'CLI_DIRECTORY_FOREIGN');
  assert.ok(existsSync(join(directory, 'node-0')));
});

test('another number of validators is refused, the same one and none are not', async ({
  directory,
}) => {
  await open(directory, { validators: 2 });
  assert.is(await refusalOf(open(directory, { validators: 3 })), 'CLI_DIRECTORY_SIZE');
  assert.is((await open(directory, { validators: 2 })).nodes.length, 2);
  assert.is((await open(directory)).nodes.length, 2);
});

test('a making that was cut short is done again', async ({ directory }) => {
  const first = await open(directory, { validators: 1 });
  const key = await keyOf(first, 0);
  const marker = join(directory, 'ehb-dev.json');
  const complete = await readFile(marker, 'utf8');
  await writeFile(marker, complete.replace('true', 'false'));
  const second = await open(directory, { validators: 1 });
  assert.ok(second.isNew);
  assert.is.not(await keyOf(second, 0), key);
});

test('a marker that is damaged or of another version is refused', async ({ directory }) => {
  for (const text of ['', '{}', '{"format":2,"validators":1,"complete":true}']) {
    await writeFile(join(directory, 'ehb-dev.json'), text);
    assert.is(await refusalOf(open(directory, { fresh: true })), 'CLI_DIRECTORY_FOREIGN');
  }
});

test('a directory that cannot be written is named', async ({ directory }) => {
  const file = join(directory, 'file');
  await writeFile(file, '');
  assert.is(await refusalOf(open(join(file, 'dev'))), 'CLI_DIRECTORY_UNWRITABLE');
  // Where the system refuses with ENOENT, a recursive mkdir would try for ever.
  if (existsSync('/proc/self')) {
    assert.is(await refusalOf(open('/proc/ehb-dev')), 'CLI_DIRECTORY_UNWRITABLE');
  }
});

test('one lock a directory, free again after its release', async ({ directory }) => {
  const lock = await lockDirectory(directory);
  const message = await lockDirectory(directory).catch((error: Error) => error.message);
  assert.match(String(message), `process ${process.pid}`);
  assert.is(await refusalOf(lockDirectory(`${directory}/.`)), 'CLI_DIRECTORY_BUSY');
  await lock.release();
  await (await lockDirectory(directory)).release();
});

test.run();
