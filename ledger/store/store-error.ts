/** Makes the errors of this folder: the message says what is wrong and where, the remedy what to do. */
import { CodedError } from '../model/index.ts';
import { STORE_ERRORS, type StoreErrorCode, type StoreErrorDetail } from './errors.ts';

/** `fact` is one clause without a full stop; the remedy of the code is appended. */
export function storeError(
  code: StoreErrorCode,
  path: string,
  fact: string,
  more: { readonly cause?: unknown; readonly table?: string; readonly key?: string } = {},
): CodedError<StoreErrorDetail> {
  const { cause, ...place } = more;
  const because = cause === undefined ? '' : ` (${reasonOf(cause)})`;
  return new CodedError(
    `${fact}${because}: ${path}. ${STORE_ERRORS[code].remedy}`,
    { code, path, ...place },
    cause === undefined ? undefined : { cause },
  );
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
