/** Makes the errors of this folder: the message says what is wrong and where, the remedy what to do. */
import { CodedError } from '../model/index.ts';
import { STORE_ERRORS, type StoreErrorCode, type StoreErrorDetail } from './errors.ts';

/** What the system says, and what that means for whoever has to mend it. LevelDB has only the words. */
const DISK_FAULTS: readonly {
  readonly code: StoreErrorCode;
  readonly errnos: readonly string[];
  readonly words: RegExp;
}[] = [
  {
    code: 'STORE_DISK_FULL',
    errnos: ['ENOSPC', 'EDQUOT'],
    words: /No space left on device|quota exceeded/i,
  },
  {
    code: 'STORE_NO_PERMISSION',
    errnos: ['EACCES', 'EPERM'],
    words: /Permission denied|Operation not permitted/,
  },
  { code: 'STORE_READ_ONLY', errnos: ['EROFS'], words: /Read-only file system/ },
  { code: 'STORE_DISK_FAILING', errnos: ['EIO'], words: /Input\/output error/ },
];

/**
 * `fact` is one clause without a full stop; the remedy of the code is appended. Where the cause says what is wrong with
 * the disk, the error has the code for that instead.
 */
export function storeError(
  general: StoreErrorCode,
  path: string,
  fact: string,
  more: { readonly cause?: unknown; readonly table?: string; readonly key?: string } = {},
): CodedError<StoreErrorDetail> {
  const { cause, ...place } = more;
  const code = diskFaultOf(cause) ?? general;
  const because = cause === undefined ? '' : ` (${reasonOf(cause)})`;
  return new CodedError(
    `${fact}${because}: ${path}. ${STORE_ERRORS[code].remedy}`,
    { code, path, ...place },
    cause === undefined ? undefined : { cause },
  );
}

function diskFaultOf(cause: unknown): StoreErrorCode | undefined {
  const bottom = innermost(cause);
  if (!(bottom instanceof Error)) return undefined;
  const errno = codeOf(bottom) ?? '';
  const isOfLevelDb = errno.startsWith('LEVEL_') || /^IO error/.test(bottom.message);
  return DISK_FAULTS.find(
    ({ errnos, words }) => errnos.includes(errno) || (isOfLevelDb && words.test(bottom.message)),
  )?.code;
}

/** The `code` of a failed system call or of LevelDB, if the error carries one. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

/** What failed at the bottom: Level wraps what LevelDB said. */
export function innermost(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? innermost(error.cause) : error;
}

function reasonOf(cause: unknown): string {
  const bottom = innermost(cause);
  return bottom instanceof Error ? bottom.message : String(bottom);
}
