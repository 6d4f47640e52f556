/** Validates a block in three rings: the header alone, the body against it, the result of executing it. */
import type {
  Address,
  Block,
  BlockHeader,
  ExecutedBlock,
  Hash,
  StatePort,
  Verdict,
} from '../ledger/model/index.ts';
import { compareResult, resultOf } from './assemble-block.ts';
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
