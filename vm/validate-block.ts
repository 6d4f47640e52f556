/** Validates a block in three rings: the header alone, the body against it, the result of executing it. */
import {
  type Address,
  type Block,
  type BlockHeader,
  type ExecutedBlock,
  equalBytes,
  type Hash,
  type Refusal,
  refuse,
  type StatePort,
  type Verdict,
} from '../ledger/model/index.ts';
import { type ExecutionResult, resultOf } from './assemble-block.ts';
import { checkBody } from './body-rules.ts';
import { type ChainRules, forkAt } from './chain-rules.ts';
import type { Engine } from './engine.ts';
import { checkHeader, environmentOf } from './header-rules.ts';

export type ValidateInput = {
  readonly parent: BlockHeader;
  readonly rules: ChainRules;
  readonly block: Block;
  /** Recovered sender of each transaction; undefined where the signature is invalid. */
  readonly senders: readonly (Address | undefined)[];
  /** Of `block.transactions`, where the caller has computed it. */
  readonly transactionsRoot?: Hash | undefined;
  /** Awaited after each transaction. */
  readonly pause?: () => Promise<void>;
};

/**
 * The block with what executing it gave, or why it is refused. Seals and extraData are consensus's business.
 *
 * @param state the state after `parent`
 */
export async function validateBlock(
  input: ValidateInput,
  engine: Engine,
  state: StatePort,
): Promise<Verdict<{ readonly executed: ExecutedBlock }>> {
  const { parent, rules, block, pause } = input;
  const { header, transactions } = block;
  const fork = forkAt(rules, header.number, header.timestamp);
  const refusal = checkHeader(header, parent, rules) ?? checkBody(block, input, fork);
  if (refusal !== undefined) return refusal;
  // `checkBody` refuses a block with an unrecovered sender.
  const senders = input.senders as readonly Address[];
  const outcome = await engine.executeBlock(
    {
      environment: environmentOf(header),
      transactions: transactions.map((transaction, index) => ({
        transaction,
        sender: senders[index] as Address,
      })),
      mode: 'validate',
      ...(pause !== undefined && { pause }),
    },
    state,
  );
  if (!outcome.ok) return outcome;
  const { receipts, changes } = outcome.execution;
  const result = resultOf(outcome.execution, state);
  const difference = compareResult(header, result);
  if (difference !== undefined) return difference;
  const { commitment } = result;
  return { ok: true, executed: { block, senders, receipts, changes, commitment } };
}

/** Ring 3: the header's claims against the result. */
function compareResult(
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
