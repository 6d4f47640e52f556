/** What of the files of a traced process a loss of power leaves. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readHistory } from './disk-trace.ts';

const test = suite('scripts/chaos/disk-trace');

const trace = (...lines: readonly string[]): string => lines.join('\n');

const LOG: string = trace(
  '7 1.000000 openat(AT_FDCWD, "/n/consensus.log", O_RDWR|O_CLOEXEC) = 20 <0.000010>',
  '7 1.100000 openat(AT_FDCWD, "/n/chain/000003.log", O_WRONLY|O_CREAT|O_TRUNC, 0644) = 21 <0.000010>',
  '7 1.110000 fsync(22)   = 0 <0.000010>',
  '7 2.000000 write(21, "abc"..., 100) = 100 <0.000010>',
  '8 2.100000 fdatasync(21 <unfinished ...>',
  '7 2.200000 write(21, "def"..., 50) = 50 <0.000010>',
  '8 2.300000 <... fdatasync resumed>)     = 0 <0.200000>',
  '7 3.000000 pwrite64(20, "x"..., 10, 68) = 10 <0.000010>',
  '7 4.000000 fdatasync(20) = 0 <0.500000>',
  '7 5.000000 rename("/n/chain/000003.log", "/n/chain/000004.log") = 0 <0.000010>',
  '7 5.100000 write(1, "y"..., 5) = 5 <0.000010>',
);

test('a file has the bytes that were written before a sync began that has ended', () => {
  const history = readHistory([LOG], '/n');
  const synced = (atMs: number) => history.imageAt(atMs, 'lost').get('/n/chain/000003.log')?.synced;
  assert.is(synced(2_299), 0);
  assert.is(synced(2_301), 100, 'not those that came while the sync was under way');
});

test('a file that was there before keeps what it had', () => {
  const history = readHistory([LOG], '/n');
  const synced = (atMs: number) => history.imageAt(atMs, 'lost').get('/n/consensus.log')?.synced;
  assert.is(synced(500), 68, 'the first write tells where it ended');
  assert.is(synced(4_499), 68);
  assert.is(synced(4_501), 78);
});

test('names that changed after the last sync are on the disk, or they are not', () => {
  const history = readHistory([LOG], '/n');
  const names = (fate: 'lost' | 'kept') =>
    [...history.imageAt(6_000, fate).keys()].filter((path) => path.startsWith('/n/chain')).sort();
  assert.equal(names('lost'), ['/n/chain/000003.log']);
  assert.equal(names('kept'), ['/n/chain/000004.log']);
  assert.is(history.imageAt(6_000, 'kept').get('/n/chain/000004.log')?.synced, 100);
});

test('calls that failed and files elsewhere count for nothing', () => {
  const elsewhere = trace(
    '7 1.0 openat(AT_FDCWD, "/other/file", O_WRONLY|O_CREAT, 0644) = 21 <0.000010>',
    '7 1.1 openat(AT_FDCWD, "/n/none", O_WRONLY|O_CREAT, 0644) = -1 ENOSPC (No space) <0.000010>',
    '7 1.2 write(21, "abc", 3) = 3 <0.000010>',
  );
  assert.is(readHistory([elsewhere], '/n').imageAt(9_000, 'kept').size, 0);
});

test.run();
