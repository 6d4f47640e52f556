/** how much one trace may hold, in the bytes that it takes as JSON. */
import { CodedError } from '../../ledger/model/index.ts';

export type TraceBudget = {
  /** @throws CodedError VM_TRACE_TOO_LARGE when all is spent */
  spend(bytes: number): void;
};

export function createTraceBudget(limitBytes: number): TraceBudget {
  let left = limitBytes;
  return {
    spend: (bytes) => {
      left -= bytes;
      if (left >= 0) return;
      throw new CodedError(`the trace is larger than ${limitBytes} bytes`, {
        code: 'VM_TRACE_TOO_LARGE',
      });
    },
  };
}
