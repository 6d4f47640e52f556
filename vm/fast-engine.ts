/**
 * The engine port on our own engine (`engine/`): one instance of WebAssembly for each block or call in
 * progress, taken from a small pool.
 *
 * whatever throws out of an instance leaves it in an unknown state, so it is dropped; so is one whose
 * memory or code has grown beyond what a node should hold on to.
 */
import type { StateReader } from '../ledger/model/index.ts';
import { blobBaseFee } from './blob-rules.ts';
import { checkCall, refusedCall, seesNoBaseFee } from './call-rules.ts';
import { type ChainRules, type ForkName, forkAt, isAtLeast, rulesAt } from './chain-rules.ts';
import { call } from './engine/call.ts';
import { executeBlock } from './engine/execute-block.ts';
import { installFork } from './engine/fork-rules.ts';
import {
  compileEngine,
  createInstance,
  type EngineInstance,
  engineFault,
  isTrap,
  writeWord,
} from './engine/instance.ts';
import {
  BASE_FEE,
  BLOB_BASE_FEE,
  CHAIN_ID,
  COINBASE,
  GAS_LIMIT,
  NUMBER,
  PREV_RANDAO,
  TIMESTAMP,
} from './engine/layout.ts';
import { type Surroundings, writeBytes } from './engine/run-transaction.ts';
import type { World } from './engine/world.ts';
import type { BlockEnvironment, Engine } from './engine.ts';
import { coinbaseOf } from './header-rules.ts';
import { loadPrecompiles, precompilesAt } from './precompiles/index.ts';
import { checkFork } from './run-block.ts';

/** Instances kept for the next block or call. */
const MOST_IDLE = 4;
/** An instance with more memory than this is not kept. */
const MOST_MEMORY = 192 * 2 ** 20;
/** Nor one that has numbered more codes. */
const MOST_CODES = 2 ** 18;

type Machine = {
  readonly instance: EngineInstance;
  readonly codes: Map<string, number>;
  readonly fork: ForkName;
};

export type FastEngineOptions = {
  /** 64 bits that nobody who writes contracts knows; they key the hash of the engine's tables. */
  readonly secret?: bigint;
};

/** An engine for one chain. Its calls may overlap: each runs in an instance of its own. */
export function createFastEngine(rules: ChainRules, options: FastEngineOptions = {}): Engine {
  const module = compileEngine();
  const idle: Machine[] = [];
  /** Forks whose precompiled contracts are loaded: before the first block or call, not in its midst. */
  const loaded = new Set<ForkName>();

  function take(fork: ForkName): Machine {
    const at = idle.findIndex((machine) => machine.fork === fork);
    const [kept] = at < 0 ? [] : idle.splice(at, 1);
    if (kept !== undefined) return kept;
    const instance = createInstance(module, options.secret ?? 0n);
    installFork(instance, fork, rules);
    return { instance, codes: new Map(), fork };
  }

  /** Lends a machine; one that `use` threw out of is not lent again. */
  async function lend<T>(
    environment: BlockEnvironment,
    state: StateReader,
    pause: (() => Promise<void>) | undefined,
    use: (surroundings: Surroundings) => Promise<T>,
  ): Promise<T> {
    const fork = forkAt(rules, environment.number, environment.timestamp);
    if (!loaded.has(fork)) {
      await loadPrecompiles(fork, pause);
      loaded.add(fork);
    }
    const machine = take(fork);
    const surroundings = open(machine, rulesAt(rules, environment.number), environment, state);
    const result = await use(surroundings).catch((error: unknown) => {
      throw isTrap(error) ? engineFault(`it does not trap (${error.message})`) : error;
    });
    const { instance } = machine;
    const isSmall = instance.size() <= MOST_MEMORY && instance.functions.codes() <= MOST_CODES;
    if (isSmall && idle.length < MOST_IDLE) idle.push(machine);
    return result;
  }

  return {
    async executeBlock(input, state) {
      const { environment, pause } = input;
      const fork = forkAt(rules, environment.number, environment.timestamp);
      const refusal = checkFork(fork);
      if (refusal !== undefined) return refusal;
      return lend(environment, state, pause, (surroundings) =>
        executeBlock({ ...surroundings, pause }, input),
      );
    },
    async call(request, environment, state, { pause, tracer } = {}) {
      const refusal = checkCall(request, environment, rules, state);
      if (refusal !== undefined) return refusedCall(refusal);
      const isFree = seesNoBaseFee(request, environment);
      const seen = isFree ? { ...environment, baseFeePerGas: 0n } : environment;
      return lend(seen, state, pause, (surroundings) =>
        call({ ...surroundings, pause }, request, tracer),
      );
    },
  };
}

/** Starts a block in the machine. */
function open(
  { instance, codes, fork }: Machine,
  rules: ChainRules,
  environment: BlockEnvironment,
  state: StateReader,
): Surroundings {
  instance.functions.startBlock();
  const beneficiary = coinbaseOf(environment, rules);
  const world: World = {
    instance,
    state,
    precompiles: precompilesAt(fork, rules.precompileGasFactors),
    number: environment.number,
    codes,
    accounts: [],
    slots: [],
  };
  writeWord(instance, NUMBER, environment.number);
  writeWord(instance, TIMESTAMP, environment.timestamp);
  writeWord(instance, GAS_LIMIT, environment.gasLimit);
  writeWord(instance, BASE_FEE, environment.baseFeePerGas ?? 0n);
  writeWord(instance, BLOB_BASE_FEE, blobBaseFee(environment, rules, fork));
  writeWord(instance, CHAIN_ID, rules.chainId);
  writeBytes(world, COINBASE, beneficiary);
  if (isAtLeast(fork, 'paris')) writeBytes(world, PREV_RANDAO, environment.prevRandao);
  else writeWord(instance, PREV_RANDAO, environment.difficulty);
  return { world, rules, fork, environment, beneficiary };
}
