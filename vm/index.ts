/** The door of `vm`: chain rules as data, the engine port, and blocks built and validated over it. */

export { createAnyForkEngine } from './any-fork-engine.ts';
export { blobBaseFee, blobGasLimit, blobScheduleAt, excessBlobGasAfter } from './blob-rules.ts';
export { MAX_BLOCK_BYTES } from './body-rules.ts';
export type { BuildInput, BuiltBlock } from './build-block.ts';
export { buildBlock } from './build-block.ts';
export { callPrice } from './call-price.ts';
export { asErr } from './call-rules.ts';
export type {
  BlobSchedule,
  ChainRules,
  ForkActivation,
  ForkName,
  PrecompileGasFactor,
  ReferenceRules,
  RulesChange,
} from './chain-rules.ts';
export { FORK_NAMES, forkAt, isAtLeast, rulesAt } from './chain-rules.ts';
export { createAccessList } from './create-access-list.ts';
export type { EngineName } from './create-engine.ts';
export { createEngine, ENGINE_NAMES } from './create-engine.ts';
export { warmUp } from './engine/warm-up.ts';
export type {
  BlockEnvironment,
  CallOptions,
  CallRequest,
  CallResult,
  Engine,
  PrecompileMove,
  SignedTransaction,
  SkippedTransaction,
} from './engine.ts';
export { VM_ERRORS } from './errors.ts';
export type { EstimateOptions, GasEstimate } from './estimate-gas.ts';
export { estimateGas } from './estimate-gas.ts';
export { baseFeeAfter, environmentOf, forkFields } from './header-rules.ts';
export type { OverriddenState } from './overrides.ts';
export { overrideEnvironment, overrideState } from './overrides.ts';
export type { PermissionRule } from './permissions.ts';
export { checkPermission, RIGHTS } from './permissions.ts';
export { PRECOMPILE_ADDRESSES, precompileNamesAt } from './precompiles/index.ts';
export type { ReplayBlock, ReplayInput } from './reference/replay-block.ts';
export { createReplay } from './reference/replay-block.ts';
export { simulateBlocks } from './simulate/simulate-blocks.ts';
export { systemContractsAt } from './system-contracts.ts';
export type { Tracer } from './tracer.ts';
export { createTracer } from './tracers/create-tracer.ts';
export { createTraceBudget } from './tracers/trace-budget.ts';
export { checkForm, checkFunds, feeCap, maxCost } from './transaction-rules.ts';
export type { ValidateInput } from './validate-block.ts';
export { validateBlock } from './validate-block.ts';
