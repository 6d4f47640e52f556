/**
 * Runs final transactions, blocks and calls again for a tracer: on the state that they found, with the
 * fast engine whichever executes blocks, because the reference has no tracers.
 *
 * One trace at a time, so that what traces hold in memory is bounded, and with pauses, because they share
 * the thread that votes.
 */
import {
  type Address,
  type Block,
  CodedError,
  decodeBlock,
  type Height,
  invariant,
  refuse,
  type TraceResult,
  type Verdict,
} from '../ledger/model/index.ts';
import type { ChainStore } from '../ledger/store/index.ts';
import type { TraceRequest, TracingPort } from '../rpc/index.ts';
import {
  type ChainRules,
  createTraceBudget,
  createTracer,
  type Engine,
  environmentOf,
  forkAt,
  isAtLeast,
} from '../vm/index.ts';
import { createCaller } from './caller.ts';
import type { Clock } from './clock.ts';
import { createExclusive } from './exclusive.ts';
import { createPause } from './pause.ts';
import type { SenderRecovery } from './sender-recovery.ts';

export type TracingModules = {
  readonly store: Pick<
    ChainStore,
    'block' | 'header' | 'hashOf' | 'numberOf' | 'senders' | 'stateAt'
  >;
  readonly rules: ChainRules;
  /** The fast engine; asked for when the first trace is. */
  readonly engine: () => Engine;
  readonly recoverSenders: SenderRecovery;
  readonly clock: Pick<Clock, 'now' | 'breathe'>;
};

export function createTracing(modules: TracingModules): TracingPort {
  const { store, rules, recoverSenders } = modules;
  const exclusively = createExclusive();
  let kept: Engine | undefined;
  const engine = (): Engine => {
    kept ??= modules.engine();
    return kept;
  };

  /** Runs the transactions of a block up to `last` and watches those from `first` on. */
  const runBlock = async (
    { block, senders }: { readonly block: Block; readonly senders: readonly Address[] },
    { first, last }: { readonly first: number; readonly last: number },
    watch: Watch,
  ): Promise<Verdict<{ readonly results: readonly TraceResult[] }>> => {
    const { header, transactions } = block;
    const state = store.stateAt(header.number - 1n);
    if (state === undefined) {
      return refuse('NODE_TRACE_REFUSED', `state of block ${header.number - 1n} is not available`);
    }
    const readers: (() => TraceResult)[] = [];
    const outcome = await engine().executeBlock(
      {
        environment: environmentOf(header),
        transactions: transactions.slice(0, last + 1).map((transaction, index) => ({
          transaction,
          sender: senders[index] as Address, // one for each transaction
        })),
        mode: 'validate',
        pause: watch.pause,
        tracerFor: (index) => {
          if (index < first) return undefined;
          const { tracer, result } = watch.next();
          readers.push(result);
          return tracer;
        },
      },
      state,
    );
    if (!outcome.ok) return outcome;
    return { ok: true, results: readers.map((read) => read()) };
  };

  const finalBlock = (number: Height): { block: Block; senders: readonly Address[] } => {
    const block = store.block(number);
    const senders = store.senders(number);
    invariant(block !== undefined && senders !== undefined, 'traces name a final block');
    return { block, senders };
  };

  const traceBlock = async (
    known: { readonly block: Block; readonly senders: readonly Address[] },
    watch: Watch,
  ): ReturnType<TracingPort['block']> => {
    const { transactions } = known.block;
    const verdict = await runBlock(known, { first: 0, last: transactions.length - 1 }, watch);
    if (!verdict.ok) return verdict;
    const traces = transactions.map(({ hash }, index) => ({
      hash,
      result: verdict.results[index] as TraceResult, // each was watched
    }));
    return { ok: true, traces };
  };

  const traced = <T extends object>(
    request: TraceRequest,
    run: (watch: Watch) => Promise<Verdict<T>>,
  ): Promise<Verdict<T>> =>
    exclusively(async () => {
      request.signal.throwIfAborted();
      try {
        return await run(createWatch(request, modules.clock));
      } catch (error) {
        const code = error instanceof CodedError ? error.detail.code : undefined;
        if (code !== 'VM_TRACE_TOO_LARGE' && code !== 'NODE_TRACE_TIMEOUT') throw error;
        return refuse(code, (error as Error).message);
      }
    });

  return {
    transaction: ({ number, index }, request) =>
      traced(request, async (watch) => {
        const verdict = await runBlock(finalBlock(number), { first: index, last: index }, watch);
        if (!verdict.ok) return verdict;
        return { ok: true, result: verdict.results[0] as TraceResult }; // it was watched
      }),
    block: (number, request) => traced(request, (watch) => traceBlock(finalBlock(number), watch)),
    encodedBlock: (encoded, request) =>
      traced(request, async (watch) => {
        const decoded = decodeBlock(encoded);
        if (!decoded.ok) return decoded;
        const { block } = decoded;
        const refusal = checkPlace(store, block);
        if (refusal !== undefined) return refuse('NODE_TRACE_REFUSED', refusal);
        const senders = await recoverSenders(block.transactions);
        if (!senders.every((sender) => sender !== undefined)) {
          return refuse('NODE_TRACE_REFUSED', 'a transaction has no valid signature');
        }
        return traceBlock({ block, senders }, watch);
      }),
    call: (message, at, request) =>
      traced(request, async (watch) => {
        const { tracer, result } = watch.next();
        const watchingEngine: Engine = {
          ...engine(),
          call: async (called, environment, state, options) => {
            const fork = forkAt(rules, environment.number, environment.timestamp);
            return isAtLeast(fork, 'byzantium')
              ? await engine().call(called, environment, state, { ...options, tracer })
              : { kind: 'refused', ...refuse('VM_FORK_UNSUPPORTED', `cannot trace at ${fork}`) };
          },
        };
        const caller = createCaller(store, rules, watchingEngine, watch.pause);
        const verdict = await caller.call(message, at, request);
        return verdict.ok ? { ok: true, result: result() } : verdict;
      }),
  };
}

type Watch = {
  /** The tracer of the next transaction, whose time begins now. */
  next(): ReturnType<typeof createTracer>;
  /** @throws CodedError NODE_TRACE_TIMEOUT, or the reason of the signal */
  pause(): Promise<void>;
};

function createWatch(
  { tracer, timeoutMs, limitBytes, signal }: TraceRequest,
  clock: Pick<Clock, 'now' | 'breathe'>,
): Watch {
  const budget = createTraceBudget(limitBytes);
  const breathe = createPause(clock);
  let deadlineMs = Number.POSITIVE_INFINITY;
  return {
    next: () => {
      deadlineMs = clock.now() + timeoutMs;
      return createTracer(tracer, budget);
    },
    pause: async () => {
      await breathe();
      signal.throwIfAborted();
      if (clock.now() <= deadlineMs) return;
      throw new CodedError(`a trace took longer than ${timeoutMs} ms`, {
        code: 'NODE_TRACE_TIMEOUT',
      });
    },
  };
}

/** Why a block that somebody gave cannot stand on this chain; undefined if it can. */
function checkPlace(
  store: Pick<ChainStore, 'header' | 'numberOf'>,
  { header }: Block,
): string | undefined {
  const number = store.numberOf(header.parentHash);
  const parent = number === undefined ? undefined : store.header(number);
  if (parent === undefined) return 'the parent of the block is not final here';
  if (header.number !== parent.number + 1n) return `number ${header.number} after ${parent.number}`;
  // The most that any rule lets it grow: it bounds what the transactions can ask for.
  if (header.gasLimit > parent.gasLimit + parent.gasLimit / 1024n) {
    return `gas limit ${header.gasLimit} after ${parent.gasLimit}`;
  }
  return undefined;
}
