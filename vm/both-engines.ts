/**
 * The engine port on two engines at once: every block is executed by both and has to come out the same to
 * the last byte. For operators who would rather stop than trust one implementation; costs the time of both.
 *
 * Calls change nothing, so they run on the first engine alone.
 */
import {
  type AccountChange,
  bytesToHex,
  CodedError,
  encodeReceipt,
  equalBytes,
  type StateChanges,
} from '../ledger/model/index.ts';
import type { BlockExecution, Engine, ExecuteBlockInput } from './engine.ts';

type Outcome = Awaited<ReturnType<Engine['executeBlock']>>;

/** @throws CodedError VM_ENGINES_DIFFER from `executeBlock`, naming the first difference */
export function createBothEngines(first: Engine, second: Engine): Engine {
  return {
    async executeBlock(input, state) {
      const outcome = await first.executeBlock(input, state);
      const again = await second.executeBlock(sameWork(input, outcome), state);
      const difference = compareOutcomes(outcome, again);
      if (difference === undefined) return outcome;
      const { number } = input.environment;
      throw new CodedError(`the engines differ in block ${number}: ${difference}`, {
        code: 'VM_ENGINES_DIFFER',
        block: number.toString(),
        difference,
      });
    },
    call: (request, environment, state, options) =>
      first.call(request, environment, state, options),
  };
}

/** A deadline ends each run elsewhere, so the second gets what the first looked at and no deadline. */
function sameWork({ deadline, ...input }: ExecuteBlockInput, outcome: Outcome): ExecuteBlockInput {
  if (deadline === undefined || !outcome.ok) return input;
  const { included, skipped } = outcome.execution;
  const seen = included.length + skipped.length;
  return { ...input, transactions: input.transactions.slice(0, seen) };
}

function compareOutcomes(first: Outcome, second: Outcome): string | undefined {
  if (!first.ok || !second.ok) {
    const words = [first, second].map((outcome) => (outcome.ok ? 'executed' : outcome.code));
    return words[0] === words[1] ? undefined : `one says ${words[0]}, the other ${words[1]}`;
  }
  return compareExecutions(first.execution, second.execution);
}

/** The first difference in words; undefined if there is none. */
function compareExecutions(first: BlockExecution, second: BlockExecution): string | undefined {
  return (
    compareLists(
      'included transactions',
      first.included.map(String),
      second.included.map(String),
    ) ??
    compareLists('skipped transactions', skips(first), skips(second)) ??
    compareLists('receipt', first.receipts.map(receiptText), second.receipts.map(receiptText)) ??
    compareLists('gas used', [`${first.gasUsed}`], [`${second.gasUsed}`]) ??
    compareLists('request', first.requests.map(bytesToHex), second.requests.map(bytesToHex)) ??
    compareChanges(first.changes, second.changes)
  );
}

function skips({ skipped }: BlockExecution): readonly string[] {
  return skipped.map(({ index, code, message }) => `${index} ${code} ${message}`);
}

function receiptText(receipt: BlockExecution['receipts'][number]): string {
  const { status, cumulativeGasUsed, revertReason } = receipt;
  const reason = revertReason === undefined ? '' : `, reason ${bytesToHex(revertReason)}`;
  return `${status} at ${cumulativeGasUsed} gas${reason}, ${bytesToHex(encodeReceipt(receipt))}`;
}

function compareChanges(first: StateChanges, second: StateChanges): string | undefined {
  const accounts = compareLists(
    'changed account',
    first.accounts.map(accountText),
    second.accounts.map(accountText),
  );
  if (accounts !== undefined) return accounts;
  for (const { codeHash, code } of first.codes) {
    const other = second.codes.find((entry) => equalBytes(entry.codeHash, codeHash));
    // Code that the state had before may be given again or left out.
    if (other !== undefined && !equalBytes(other.code, code)) {
      return `code ${bytesToHex(codeHash)} has other bytes`;
    }
  }
  return undefined;
}

function accountText({ address, account, storageCleared, storage }: AccountChange): string {
  const state =
    account === undefined
      ? 'deleted'
      : `nonce ${account.nonce} balance ${account.balance} code ${bytesToHex(account.codeHash)}`;
  const slots = storage.map(({ slot, value }) => `${bytesToHex(slot)}=${bytesToHex(value)}`);
  const cleared = storageCleared ? ' storage cleared' : '';
  return [`${bytesToHex(address)} ${state}${cleared}`, ...slots].join(' ');
}

function compareLists(
  what: string,
  first: readonly string[],
  second: readonly string[],
): string | undefined {
  for (let i = 0; i < Math.max(first.length, second.length); i += 1) {
    if (first[i] === second[i]) continue;
    return `${what} ${i}: ${excerpt(first[i])} against ${excerpt(second[i])}`;
  }
  return undefined;
}

const EXCERPT = 300;

function excerpt(text: string | undefined): string {
  if (text === undefined) return 'nothing';
  return text.length > EXCERPT ? `${text.slice(0, EXCERPT)}...` : text;
}
