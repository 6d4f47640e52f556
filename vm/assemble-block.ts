/** What execution leads to, as header fields: shared by building (fill in) and validating (compare). */

import { sha256 } from '#crypto';
import {
  type BlockHeader,
  combineBlooms,
  concatBytes,
  type Gas,
  type Hash,
  receiptsRoot,
  type StateCommitment,
  type StatePort,
} from '../ledger/model/index.ts';
import type { BlockExecution } from './engine.ts';

export type ExecutionResult = {
  readonly commitment: StateCommitment;
  readonly fields: Pick<BlockHeader, 'stateRoot' | 'receiptsRoot' | 'logsBloom' | 'gasUsed'>;
  /** A header field from Prague on. */
  readonly requestsHash: Hash;
};

/** Roots and sums of an execution; `state` is the state that it ran on. */
export function resultOf(execution: BlockExecution, state: StatePort): ExecutionResult {
  const { receipts, changes } = execution;
  const commitment = state.commit(changes);
  const gasUsed: Gas = execution.gasUsed;
  return {
    commitment,
    fields: {
      stateRoot: commitment.stateRoot,
      receiptsRoot: receiptsRoot(receipts),
      logsBloom: combineBlooms(receipts.map((receipt) => receipt.logsBloom)),
      gasUsed,
    },
    requestsHash: requestsHashOf(execution.requests),
  };
}

/** EIP-7685: sha256 over the digests of the requests; of nothing if there are none. */
function requestsHashOf(requests: readonly Uint8Array[]): Hash {
  return sha256(concatBytes(...requests.map((request) => sha256(request))));
}
