import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { STORE_ERRORS } from './errors.ts';
import { storeError } from './store-error.ts';

const test = suite('ledger/store/store-error');

function systemError(code: string): Error {
  return Object.assign(new TypeError(`${code}: something`), { code });
}

function levelError(words: string): Error {
  const cause = Object.assign(new TypeError(`IO error: /chain/000003.log: ${words}`), {
    code: 'LEVEL_IO_ERROR',
  });
  return Object.assign(new TypeError('Database failed'), { cause });
}

test('what is wrong with a disk has a code of its own, from whatever tells of it', () => {
  const faults = [
    ['STORE_DISK_FULL', 'ENOSPC', 'No space left on device'],
    ['STORE_DISK_FULL', 'EDQUOT', 'Disk quota exceeded'],
    ['STORE_NO_PERMISSION', 'EACCES', 'Permission denied'],
    ['STORE_NO_PERMISSION', 'EPERM', 'Operation not permitted'],
    ['STORE_READ_ONLY', 'EROFS', 'Read-only file system'],
    ['STORE_DISK_FAILING', 'EIO', 'Input/output error'],
  ] as const;
  for (const [code, errno, words] of faults) {
    for (const cause of [systemError(errno), levelError(words)]) {
      const error = storeError('STORE_WRITE_FAILED', '/chain', 'a batch was not written', {
        cause,
      });
      assert.is(error.code, code);
      assert.match(error.message, 'a batch was not written');
      assert.ok(error.message.endsWith(STORE_ERRORS[code].remedy));
    }
  }
});

test('other causes, and what a path happens to be called, leave the code as it is', () => {
  const causes = [undefined, systemError('ENOENT'), new TypeError('/mnt/Permission denied/x')];
  for (const cause of causes) {
    const error = storeError('STORE_NOT_WRITABLE', '/chain', 'it cannot be written', { cause });
    assert.is(error.code, 'STORE_NOT_WRITABLE');
  }
});

test.run();
