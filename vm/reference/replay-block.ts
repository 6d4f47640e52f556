/**
 * a block of a chain of Ethereum, replayed by `runBlock` of ethereumjs.
 *
 * The library executes it, with all that our own chains do not have: ommers and rewards, the DAO's accounts,
 * receipts with state roots, blobs, withdrawals, deposits. What it led to is compared with the header here.
 */
import {
  type Block,
  createBlockFromRLP,
  createBlockHeaderFromRLP,
  type BlockHeader as LibraryHeader,
} from '@ethereumjs/block';
import { type RunBlockResult, runBlock } from '@ethereumjs/vm';
import {
  type Address,
  asAddress,
  asHash,
  type BlockHeader,
  CodedError,
  type Block as DecodedBlock,
  type ExecutedBlock,
  encodeBlock,
  encodeHeader,
  equalBytes,
  headerHash,
  InvariantError,
  invariant,
  type Receipt,
  type Refusal,
  refuse,
  type StatePort,
  type Verdict,
} from '../../ledger/model/index.ts';
import { compareResult, resultOf } from '../assemble-block.ts';
import type { ChainRules } from '../chain-rules.ts';
import { type Ancestors, checkAncestry } from './replay-ancestry.ts';
import { createReplayMachine, type ReplayMachine } from './replay-machine.ts';

export type ReplayInput = {
  readonly parent: BlockHeader;
  readonly block: DecodedBlock;
  /** Sender of each transaction. */
  readonly senders: readonly Address[];
  readonly ancestors: Ancestors;
};

/** The block with what executing it gave, or why it is refused. One at a time; seals are not looked at. */
export type ReplayBlock = (
  input: ReplayInput,
  state: StatePort,
) => Promise<Verdict<{ readonly executed: ExecutedBlock }>>;

/** @param rules of a chain that is replayed: with `reference` */
export async function createReplay(rules: ChainRules): Promise<ReplayBlock> {
  const { reference } = rules;
  invariant(reference !== undefined, 'a chain that is replayed has rules of its kind');
  let machine = await createReplayMachine(rules, reference);
  return async (input, state) => {
    const verdict = await replay(machine, input, state);
    // What a refused block left open inside the library is not looked for.
    if (!verdict.ok) machine = await createReplayMachine(rules, reference);
    return verdict;
  };
}

async function replay(
  machine: ReplayMachine,
  { parent, block: decoded, senders, ancestors }: ReplayInput,
  state: StatePort,
): Promise<Verdict<{ readonly executed: ExecutedBlock }>> {
  const { header } = decoded;
  const misplaced = checkPlace(header, parent);
  if (misplaced !== undefined) return misplaced;
  machine.open(state);
  const ran = await refusing(async () => {
    const options = { common: machine.common, setHardfork: true };
    const block = createBlockFromRLP(encodeBlock(decoded), options);
    const asLibraryHeader = (other: BlockHeader): LibraryHeader =>
      createBlockHeaderFromRLP(encodeHeader(other), options);
    const parentHeader = asLibraryHeader(parent);
    const refusal = checkAncestry(block, parentHeader, decoded, ancestors, asLibraryHeader);
    if (refusal !== undefined) return refusal;
    await checkContent(block, parentHeader);
    const result = await runBlock(machine.vm, {
      block,
      setHardfork: true,
      generate: true,
      skipBlockValidation: true,
    });
    return { ok: true, result } as const;
  });
  if (!ran.ok) return ran;
  const changes = machine.overlay.changes();
  const receipts = receiptsOf(ran.result, decoded);
  const requests = (ran.result.requests ?? []).filter(({ data }) => data.length > 0);
  const result = resultOf(
    {
      receipts,
      changes,
      gasUsed: ran.result.gasUsed,
      requests: requests.map(({ bytes }) => bytes),
    },
    state,
  );
  const difference = compareResult(header, result);
  if (difference !== undefined) return difference;
  const { commitment } = result;
  return { ok: true, executed: { block: decoded, senders, receipts, changes, commitment } };
}

function checkPlace(header: BlockHeader, parent: BlockHeader): Refusal | undefined {
  if (header.number !== parent.number + 1n) {
    return refuse('VM_NUMBER', `number ${header.number} after ${parent.number}`);
  }
  if (!equalBytes(header.parentHash, headerHash(parent, 'plain'))) {
    return refuse('VM_PARENT_HASH', `block ${header.number} has another parent`);
  }
  return undefined;
}

/** The body against its header, and blobs against the parent. @throws what the library says */
async function checkContent(block: Block, parent: LibraryHeader): Promise<void> {
  await block.validateData(false, true, true);
  block.validateBlobTransactions(parent);
}

/** What ethereumjs throws is its verdict on the block; what our own state throws is a fault and passes. */
async function refusing<T>(
  run: () => Promise<Refusal | { readonly ok: true; readonly result: T }>,
): Promise<Refusal | { readonly ok: true; readonly result: T }> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof CodedError || error instanceof InvariantError) throw error;
    return refuse('VM_REPLAY_REFUSED', error instanceof Error ? error.message : String(error));
  }
}

function receiptsOf({ receipts }: RunBlockResult, { transactions }: DecodedBlock): Receipt[] {
  return receipts.map((receipt, index) => ({
    type: transactions[index]?.type ?? 0,
    status: 'stateRoot' in receipt ? asHash(receipt.stateRoot) : receipt.status,
    cumulativeGasUsed: receipt.cumulativeBlockGasUsed,
    logsBloom: receipt.bitvector,
    logs: receipt.logs.map(([address, topics, data]) => ({
      address: asAddress(address),
      topics: topics.map(asHash),
      data,
    })),
  }));
}
