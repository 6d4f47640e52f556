/** Executions end in time, and with the caller's interest in them. */
import { RpcRefusal } from '../../errors.ts';
import type { MethodContext } from '../../method.ts';

/**
 * Runs within `limits.callTimeoutMs` and as long as somebody waits for the answer.
 *
 * @throws RpcRefusal RPC_EXECUTION_ABORTED when the time is over or the caller has left
 */
export async function withinCallTime<T>(
  { signal, limits }: Pick<MethodContext, 'signal' | 'limits'>,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { callTimeoutMs } = limits;
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const timer = callTimeoutMs > 0 ? setTimeout(abort, callTimeoutMs) : undefined;
  const either = AbortSignal.any([signal, controller.signal]);
  try {
    either.throwIfAborted();
    return await run(either);
  } catch (error) {
    if (!either.aborted) throw error;
    const why = signal.aborted ? 'nobody waits for it' : `timeout = ${callTimeoutMs / 1000}s`;
    throw new RpcRefusal('RPC_EXECUTION_ABORTED', `execution aborted (${why})`);
  } finally {
    clearTimeout(timer);
  }
}
