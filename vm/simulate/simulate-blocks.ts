/**
 * Blocks that nobody will ever make: calls in them one after the other, each on the state that those before it
 * left, as `eth_simulateV1` asks for.
 *
 * The engine runs single calls and says what they change; the blocks are put together here, on a state in memory.
 */
import {
  type Address,
  type Block,
  type BlockHeader,
  combineBlooms,
  EMPTY_CODE_HASH,
  EMPTY_OMMERS_HASH,
  EMPTY_REQUESTS_HASH,
  EMPTY_ROOT,
  equalBytes,
  type Hash,
  headerHash,
  type Log,
  logsBloom,
  type Receipt,
  receiptsRoot,
  type SimulatedBlockReport,
  type SimulatedOutcome,
  type StateChanges,
  type StateReader,
  type Transaction,
  transactionsRoot,
  type Verdict,
  ZERO_HASH,
} from '../../ledger/model/index.ts';
import { requestsHashOf } from '../assemble-block.ts';
import { excessBlobGasAfter, GAS_PER_BLOB } from '../blob-rules.ts';
import { asErr } from '../call-rules.ts';
import { type ForkName, forkAt, isAtLeast } from '../chain-rules.ts';
import type { BlockEnvironment, PrecompileMove } from '../engine.ts';
import { baseFeeAfter, environmentOf, forkFields } from '../header-rules.ts';
import { createLayeredState, type LayeredState } from '../layered-state.ts';
import { applyOverrides } from '../overrides.ts';
import { checkPermission } from '../permissions.ts';
import { runBlock } from '../run-block.ts';
import { isTransferLog } from '../transfer-log.ts';
import { payReward } from './block-reward.ts';
import { type PlannedBlock, planBlocks } from './plan-blocks.ts';
import { changesOf, outcomeOf, prepareCall } from './simulate-call.ts';
import type { SimulationInput, SimulationModules } from './simulation.ts';
import { runSystemCall } from './system-call.ts';

/** What goes from block to block. */
type Progress = {
  readonly state: LayeredState;
  parent: BlockHeader;
  parentHash: Hash;
  /** The fee recipient that was supposed last. */
  coinbase: Address | undefined;
  gasLeft: bigint;
  /** The state root made last. */
  known: { readonly changes: StateChanges; readonly root: Hash } | undefined;
};

/** Refuses as `planBlocks`, `applyOverrides` and `prepareCall` do, and with what the engine refuses a call. */
export async function simulateBlocks(
  input: SimulationInput,
  modules: SimulationModules,
): Promise<Verdict<{ readonly blocks: readonly SimulatedBlockReport[] }>> {
  const { base, gasCap } = input;
  const plan = planBlocks(input.blocks, base.header);
  if (!plan.ok) return plan;
  const progress: Progress = {
    state: createLayeredState(modules.state),
    parent: base.header,
    parentHash: base.hash,
    coinbase: undefined,
    gasLeft: gasCap,
    known: undefined,
  };
  progress.state.addBlockHash(base.header.number, base.hash);
  const blocks: SimulatedBlockReport[] = [];
  for (const planned of plan.planned) {
    const made = await simulateBlock(planned, progress, input, modules);
    if (!made.ok) return made;
    const { block, hash } = made.report;
    const { header } = block;
    progress.parent = header;
    progress.parentHash = hash;
    progress.state.addBlockHash(header.number, hash);
    blocks.push(made.report);
    await input.pause?.();
  }
  return { ok: true, blocks };
}

type Made<T extends object> = Promise<Verdict<T>>;

async function simulateBlock(
  planned: PlannedBlock,
  progress: Progress,
  input: SimulationInput,
  modules: SimulationModules,
): Made<{ readonly report: SimulatedBlockReport }> {
  const { state } = progress;
  const { rules } = input;
  const fork = forkAt(rules, planned.number, planned.timestamp);
  progress.coinbase = planned.block?.beneficiary ?? progress.coinbase;
  const draft = draftHeader(planned, progress, input, fork);
  const environment: BlockEnvironment = {
    ...environmentOf(draft),
    ...(progress.coinbase !== undefined && { coinbase: progress.coinbase }),
    ...(planned.block?.blobBaseFee !== undefined && { blobBaseFee: planned.block.blobBaseFee }),
  };
  // before all else.
  const overridden = applyOverrides(state, planned.state ?? [], fork);
  if (!overridden.ok) return overridden;
  const { movedPrecompiles } = overridden;
  const ran = await runBlock(environment, fork, {
    hasCode: (contract) => hasCode(state, contract),
    systemCall: (call) => runSystemCall(call, environment, state, modules.engine),
    transactions: () =>
      runCalls(planned, draft, environment, movedPrecompiles, progress, input, modules),
    payReward: () => payReward(environment, rules, fork, state),
  });
  if (!ran.ok) return ran;
  const { transactions, senders, receipts, outcomes, requests } = ran;
  const blobs = transactions.reduce(
    (sum, each) => sum + (each.type === 3 ? each.blobVersionedHashes.length : 0),
    0,
  );
  const header: BlockHeader = {
    ...draft,
    stateRoot: await rootOf(progress, modules),
    transactionsRoot: transactionsRoot(transactions.map(({ raw }) => raw)),
    receiptsRoot: receiptsRoot(receipts),
    logsBloom: combineBlooms(receipts.map((receipt) => receipt.logsBloom)),
    gasUsed: receipts.at(-1)?.cumulativeGasUsed ?? 0n,
    ...(isAtLeast(fork, 'cancun') && { blobGasUsed: BigInt(blobs) * GAS_PER_BLOB }),
    ...(isAtLeast(fork, 'prague') && { requestsHash: requestsHashOf(requests) }),
  };
  const hash = headerHash(header, rules.hashRule);
  const block: Block = {
    header,
    transactions,
    ommers: [],
    ...(isAtLeast(fork, 'shanghai') && { withdrawals: [] }),
  };
  return { ok: true, report: { block, hash, senders, outcomes } };
}

function hasCode(state: StateReader, address: Address): boolean {
  const codeHash = state.account(address)?.codeHash ?? EMPTY_CODE_HASH;
  return !equalBytes(codeHash, EMPTY_CODE_HASH);
}

/** Blocks that change nothing have the root of the block before. */
async function rootOf(progress: Progress, { rootAfter }: SimulationModules): Promise<Hash> {
  const changes = progress.state.changes();
  if (progress.known?.changes !== changes) {
    progress.known = { changes, root: await rootAfter(changes) };
  }
  return progress.known.root;
}

type Ran = Pick<SimulatedBlockReport, 'senders' | 'outcomes'> & {
  readonly transactions: readonly Transaction[];
  readonly receipts: readonly Receipt[];
};

async function runCalls(
  { calls = [] }: PlannedBlock,
  draft: BlockHeader,
  environment: BlockEnvironment,
  movedPrecompiles: readonly PrecompileMove[],
  progress: Progress,
  { rules, isValidating, logsTransfers, pause }: SimulationInput,
  { engine }: SimulationModules,
): Made<Ran> {
  const { state } = progress;
  const { chainId } = rules;
  const transactions: Transaction[] = [];
  const senders: Address[] = [];
  const receipts: Receipt[] = [];
  const outcomes: SimulatedOutcome[] = [];
  let gasUsed = 0n;
  let logsMade = 0;
  for (const call of calls) {
    const left = { inBlock: draft.gasLimit - gasUsed, inAll: progress.gasLeft };
    const verdict = prepareCall(call, draft, state, left, { chainId, isValidating });
    if (!verdict.ok) return verdict;
    const { transaction, sender, request } = verdict.prepared;
    const refusal = isValidating
      ? checkPermission(request, sender, rules.permissions, draft.number, state.storage)
      : undefined;
    if (refusal !== undefined) return asErr(refusal, request.gas);
    const asked = { ...request, movedPrecompiles, logsTransfers };
    const options = pause === undefined ? {} : { pause };
    const result = await engine.call(asked, environment, state, options);
    if (result.kind === 'refused') return asErr({ ok: false, ...result }, request.gas);
    state.apply(changesOf(result));
    gasUsed += result.gasUsed;
    progress.gasLeft -= result.gasUsed;
    const outcome = outcomeOf(result, logsMade);
    logsMade += result.logsMade ?? outcome.logs.length;
    transactions.push(transaction);
    senders.push(sender);
    outcomes.push(outcome);
    receipts.push(receiptOf(transaction.type, outcome, gasUsed));
    await pause?.();
  }
  return { ok: true, transactions, senders, receipts, outcomes };
}

/** without the logs that stand for transfers, which no block would have. */
function receiptOf(
  type: Receipt['type'],
  { kind, logs: all }: SimulatedOutcome,
  cumulativeGasUsed: bigint,
): Receipt {
  const logs: readonly Log[] = all.filter((log) => !isTransferLog(log));
  const status = kind === 'success' ? 1 : 0;
  return { type, status, cumulativeGasUsed, logsBloom: logsBloom(logs), logs };
}

/** what is known of the header before its calls run. */
function draftHeader(
  { number, timestamp, block = {} }: PlannedBlock,
  { parent, parentHash, coinbase }: Progress,
  { base, rules, isValidating }: SimulationInput,
  fork: ForkName,
): BlockHeader {
  const usualBaseFee = isValidating ? baseFeeAfter(parent, rules, fork) : 0n;
  const baseFeePerGas = block.baseFeePerGas ?? usualBaseFee;
  const isCancun = isAtLeast(fork, 'cancun');
  return {
    parentHash,
    ommersHash: EMPTY_OMMERS_HASH,
    beneficiary: coinbase ?? parent.beneficiary,
    stateRoot: parent.stateRoot,
    transactionsRoot: EMPTY_ROOT,
    receiptsRoot: EMPTY_ROOT,
    logsBloom: new Uint8Array(256),
    difficulty: block.difficulty ?? parent.difficulty,
    number,
    gasLimit: block.gasLimit ?? parent.gasLimit,
    gasUsed: 0n,
    timestamp,
    extraData: new Uint8Array(0),
    // constant in every block of our own chain.
    mixHash: block.prevRandao ?? (rules.hashRule === 'qbft' ? base.header.mixHash : ZERO_HASH),
    nonce: new Uint8Array(8),
    ...(isAtLeast(fork, 'london') && baseFeePerGas !== undefined && { baseFeePerGas }),
    ...forkFields(fork, EMPTY_REQUESTS_HASH),
    ...(isCancun && { excessBlobGas: excessBlobGasAfter(parent, timestamp, rules, fork) }),
  };
}
