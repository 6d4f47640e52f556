/** Calls on the state after a final block, in that block's environment, as `rpc` asks for them. */
import {
  type Height,
  invariant,
  type Refusal,
  refuse,
  type StateReader,
  type TransactionRequest,
  type Verdict,
  ZERO_ADDRESS,
} from '../ledger/model/index.ts';
import type { ChainStore } from '../ledger/store/index.ts';
import type { CallerPort, CallOptions, CallOutcome } from '../rpc/index.ts';
import {
  asErr,
  type BlockEnvironment,
  type CallRequest,
  type CallResult,
  type ChainRules,
  callPrice,
  createAccessList,
  type Engine,
  type CallOptions as EngineOptions,
  environmentOf,
  estimateGas,
  forkAt,
  overrideEnvironment,
  overrideState,
} from '../vm/index.ts';

/** All that an engine needs for one call. */
type Prepared = {
  readonly request: CallRequest;
  readonly environment: BlockEnvironment;
  readonly state: StateReader;
  readonly options: Required<Pick<EngineOptions, 'pause'>>;
};

/** @param breathe awaited inside long calls, which may take seconds */
export function createCaller(
  store: Pick<ChainStore, 'header' | 'stateAt'>,
  rules: ChainRules,
  engine: Engine,
  breathe: () => Promise<void>,
): CallerPort {
  /** @param gasOf what the message gets, of what it asks for and the environment */
  const prepare = (
    asked: TransactionRequest,
    number: Height,
    { state: stateOverrides = [], block = {}, signal }: CallOptions,
    gasOf: (environment: BlockEnvironment) => bigint,
  ): Verdict<{ readonly prepared: Prepared }> => {
    const header = store.header(number);
    const base = store.stateAt(number);
    invariant(header !== undefined && base !== undefined, 'calls name a final block');
    const environment = overrideEnvironment(environmentOf(header), block);
    const fork = forkAt(rules, environment.number, environment.timestamp);
    const overridden = overrideState(base, stateOverrides, fork);
    if (!overridden.ok) return overridden;
    const { state, movedPrecompiles } = overridden;
    const from = asked.from ?? ZERO_ADDRESS;
    const price = callPrice({ ...asked, from }, environment.baseFeePerGas);
    if (!price.ok) return price;
    const { gasPrice, feeCap } = price;
    const { to, data = new Uint8Array(0), value = 0n, accessList, authorizationList } = asked;
    const { blobVersionedHashes: blobHashes } = asked;
    const gas = gasOf(environment);
    const request: CallRequest = {
      ...{ from, to, data, value, gas, gasPrice, feeCap, movedPrecompiles },
      ...(accessList !== undefined && { accessList }),
      ...(authorizationList !== undefined && { authorizationList }),
      ...(blobHashes !== undefined && { blobHashes, blobFeeCap: asked.maxFeePerBlobGas ?? 0n }),
    };
    const pause = async (): Promise<void> => {
      await breathe();
      signal.throwIfAborted();
    };
    return { ok: true, prepared: { request, environment, state, options: { pause } } };
  };

  return {
    call: async (asked, number, options) => {
      const gas = least(asked.gas ?? options.gasCap, options.gasCap);
      const verdict = prepare(asked, number, options, () => gas);
      if (!verdict.ok) return failedCall(verdict, gas);
      const { request, environment, state, options: engineOptions } = verdict.prepared;
      const result = await engine.call(request, environment, state, engineOptions);
      if (result.kind === 'refused') return asErr(refuse(result.code, result.message), gas);
      return { ok: true, outcome: outcomeOf(result) };
    },
    estimateGas: async (asked, number, options) => {
      const verdict = prepare(asked, number, options, ({ gasLimit }) => asked.gas ?? gasLimit);
      if (!verdict.ok) return verdict;
      const { request, environment, state, options: engineOptions } = verdict.prepared;
      const result = await estimateGas(request, environment, rules, engine, state, {
        ...engineOptions,
        gasCap: options.gasCap,
      });
      switch (result.kind) {
        case 'estimated':
          return { ok: true, outcome: { kind: 'success', gas: result.gas } };
        case 'refused':
          return refuse(result.code, result.message);
        default:
          return { ok: true, outcome: failureOf(result) };
      }
    },
    createAccessList: async (asked, number, options) => {
      const gas = least(asked.gas ?? options.gasCap, options.gasCap);
      const verdict = prepare(asked, number, options, () => gas);
      if (!verdict.ok) return failedCall(verdict, gas);
      const { request, environment, state, options: engineOptions } = verdict.prepared;
      const made = await createAccessList(request, environment, engine, state, engineOptions);
      if (!made.ok) return failedCall(made, gas);
      const { accessList, gasUsed, error } = made;
      return { ok: true, outcome: { accessList, gasUsed, error } };
    },
  };
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** What is wrong with overrides is said plainly, as by geth. */
function failedCall(refusal: Refusal, gas: bigint): Refusal {
  return refusal.code === 'VM_OVERRIDE' ? refusal : asErr(refusal, gas);
}

type Ended<K extends CallResult['kind']> = Extract<CallResult, { readonly kind: K }>;

function outcomeOf(result: Ended<'returned' | 'reverted' | 'halted'>): CallOutcome {
  if (result.kind !== 'returned') return failureOf(result);
  return { kind: 'success', output: result.returnData, gasUsed: result.gasUsed };
}

function failureOf(
  result: Ended<'reverted' | 'halted'>,
): Exclude<CallOutcome, { readonly kind: 'success' }> {
  const { gasUsed } = result;
  return result.kind === 'reverted'
    ? { kind: 'reverted', output: result.returnData, gasUsed }
    : { kind: 'failed', message: result.reason, gasUsed };
}
