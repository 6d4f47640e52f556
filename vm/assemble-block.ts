/** What execution leads to, as header fields: shared by building (fill in) and validating (compare). */

import { sha256 } from '#crypto';
import {
  type BlockHeader,
  combineBlooms,
  concatBytes,
  equalBytes,
  type Gas,
  type Hash,
  type Refusal,
  receiptsRoot,
  refuse,
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
export function resultOf(
  execution: Pick<BlockExecution, 'receipts' | 'changes' | 'gasUsed' | 'requests'>,
  state: StatePort,
): ExecutionResult {
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

/** Ring 3: the header's claims against the result. */
export function compareResult(
  header: BlockHeader,
  { fields, requestsHash }: ExecutionResult,
): Refusal | undefined {
  if (header.gasUsed !== fields.gasUsed) {
    return refuse('VM_GAS_USED', `gas used ${fields.gasUsed}, the header says ${header.gasUsed}`);
  }
  if (!equalBytes(header.receiptsRoot, fields.receiptsRoot)) {
    return refuse('VM_RECEIPTS_ROOT', 'the header commits to other receipts');
  }
  if (!equalBytes(header.logsBloom, fields.logsBloom)) {
    return refuse('VM_LOGS_BLOOM', 'the header commits to other logs');
  }
  if (header.requestsHash !== undefined && !equalBytes(header.requestsHash, requestsHash)) {
    return refuse('VM_REQUESTS_HASH', 'the header commits to other requests');
  }
  if (!equalBytes(header.stateRoot, fields.stateRoot)) {
    return refuse('VM_STATE_ROOT', 'the header commits to another state');
  }
  return undefined;
}

/** EIP-7685: sha256 over the digests of the requests; of nothing if there are none. */
export function requestsHashOf(requests: readonly Uint8Array[]): Hash {
  return sha256(concatBytes(...requests.map((request) => sha256(request))));
}
