/** Failures of the run itself, not of what it tests. */
import { CodedError } from '../../ledger/model/index.ts';

type ChaosErrorCode =
  /** A wrong option. */
  | 'CHAOS_USAGE'
  /** A proxy could not be opened or told. */
  | 'CHAOS_PROXY'
  /** The machine did not make a network of our own. */
  | 'CHAOS_NAMESPACES'
  /** A validator did not start. */
  | 'CHAOS_NODE';

export function chaosError(
  code: ChaosErrorCode,
  message: string,
): CodedError<{ readonly code: ChaosErrorCode }> {
  return new CodedError(message, { code });
}
