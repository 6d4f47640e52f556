/** Builds the block after a parent: executes what fits and fills the header in. */
import {
  type Address,
  type Block,
  type BlockHeader,
  CodedError,
  EMPTY_OMMERS_HASH,
  EMPTY_REQUESTS_HASH,
  type ExecutedBlock,
  type Gas,
  headerHash,
  QBFT_MIX_HASH,
  type StatePort,
  transactionsRoot,
  type UnixSeconds,
} from '../ledger/model/index.ts';
import { resultOf } from './assemble-block.ts';
import { MAX_BLOCK_BYTES } from './body-rules.ts';
import { type ChainRules, forkAt, isAtLeast } from './chain-rules.ts';
import type { Engine, SignedTransaction, SkippedTransaction } from './engine.ts';
import { baseFeeAfter, environmentOf, forkFields } from './header-rules.ts';

/** Room for the header and the list prefixes of an encoded block. */
const HEADER_ROOM = 65_536;
const TRANSACTION_PREFIX = 5;

export type BuildInput = {
  readonly parent: BlockHeader;
  readonly rules: ChainRules;
  readonly timestamp: UnixSeconds;
  /** The header's, that is the proposer. */
  readonly beneficiary: Address;
  readonly extraData: Uint8Array;
  readonly gasLimit: Gas;
  /** Candidates in the order of preference; nonces of one sender ascending. */
  readonly transactions: readonly SignedTransaction[];
  /** Awaited after each transaction. */
  readonly pause?: () => Promise<void>;
  /** True ends the block with the transactions it has. */
  readonly deadline?: () => boolean;
};

export type BuiltBlock = {
  readonly executed: ExecutedBlock;
  /** Candidates that were left out, by their index in the input, with the reason. */
  readonly skipped: readonly SkippedTransaction[];
};

/**
 * The unsealed block with what executing it gave.
 *
 * @param state the state after `parent`
 * @throws CodedError if the rules do not let any block be made (fork, system contract)
 */
export async function buildBlock(
  input: BuildInput,
  engine: Engine,
  state: StatePort,
): Promise<BuiltBlock> {
  const { parent, rules, timestamp, pause, deadline } = input;
  const number = parent.number + 1n;
  const fork = forkAt(rules, number, timestamp);
  const draft = draftHeader(input);
  const { candidates, skipped } = admit(input.transactions);
  const outcome = await engine.executeBlock(
    {
      environment: environmentOf(draft),
      transactions: candidates.map(({ signed }) => signed),
      mode: 'build',
      ...(pause !== undefined && { pause }),
      ...(deadline !== undefined && { deadline }),
    },
    state,
  );
  if (!outcome.ok) throw new CodedError(outcome.message, { code: outcome.code });
  const { execution } = outcome;
  const included = execution.included.map((index) => candidates[index] as Candidate);
  const transactions = included.map(({ signed }) => signed.transaction);
  const result = resultOf(execution, state);
  const header: BlockHeader = {
    ...draft,
    ...result.fields,
    transactionsRoot: transactionsRoot(transactions.map(({ raw }) => raw)),
    ...(isAtLeast(fork, 'prague') && { requestsHash: result.requestsHash }),
  };
  const block: Block = {
    header,
    transactions,
    ommers: [],
    ...(isAtLeast(fork, 'shanghai') && { withdrawals: [] }),
  };
  return {
    executed: {
      block,
      senders: included.map(({ signed }) => signed.sender),
      receipts: execution.receipts,
      changes: execution.changes,
      commitment: result.commitment,
    },
    skipped: [
      ...skipped,
      ...execution.skipped.map((skip) => ({
        ...skip,
        index: (candidates[skip.index] as Candidate).index,
      })),
    ].sort((a, b) => a.index - b.index),
  };
}

/** The header as execution sees it; the fields that execution gives are those of an empty block. */
function draftHeader(input: BuildInput): BlockHeader {
  const { parent, rules, timestamp } = input;
  const number = parent.number + 1n;
  const fork = forkAt(rules, number, timestamp);
  const baseFeePerGas = baseFeeAfter(parent, rules, fork);
  return {
    parentHash: headerHash(parent, rules.hashRule),
    ommersHash: EMPTY_OMMERS_HASH,
    beneficiary: input.beneficiary,
    stateRoot: parent.stateRoot,
    transactionsRoot: parent.transactionsRoot,
    receiptsRoot: parent.receiptsRoot,
    logsBloom: new Uint8Array(256),
    difficulty: 1n,
    number,
    gasLimit: input.gasLimit,
    gasUsed: 0n,
    timestamp,
    extraData: input.extraData,
    mixHash: QBFT_MIX_HASH,
    nonce: new Uint8Array(8),
    ...(baseFeePerGas !== undefined && { baseFeePerGas }),
    ...forkFields(fork, EMPTY_REQUESTS_HASH),
  };
}

type Candidate = { readonly index: number; readonly signed: SignedTransaction };

/** Leaves out what no block may carry, and what would make this one longer than a block may be. */
function admit(transactions: readonly SignedTransaction[]): {
  readonly candidates: readonly Candidate[];
  readonly skipped: readonly SkippedTransaction[];
} {
  const candidates: Candidate[] = [];
  const skipped: SkippedTransaction[] = [];
  let room = MAX_BLOCK_BYTES - HEADER_ROOM;
  for (const [index, signed] of transactions.entries()) {
    const { type, raw } = signed.transaction;
    const length = raw.length + TRANSACTION_PREFIX;
    if (type === 3) {
      skipped.push({
        index,
        code: 'VM_BLOB_TRANSACTION',
        message: 'blob transactions are refused',
      });
    } else if (length > room) {
      skipped.push({ index, code: 'VM_BLOCK_SIZE', message: 'no room left in the block' });
    } else {
      room -= length;
      candidates.push({ index, signed });
    }
  }
  return { candidates, skipped };
}
