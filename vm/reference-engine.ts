/**
 * The engine port on `@ethereumjs/vm`: slow, complete, and written by others, hence the oracle.
 *
 * Transactions are checked by our own rules first, so that refusals have our codes; what `runTx` refuses
 * beyond them is a difference between the two and is reported as `VM_ENGINE_REFUSED`.
 */
import { checkCall, refusedCall } from './call-rules.ts';
import { type ChainRules, forkAt, rulesAt } from './chain-rules.ts';
import type { BlockEnvironment, Engine } from './engine.ts';
import { call } from './reference/call.ts';
import { executeBlock } from './reference/execute-block.ts';
import { createMachine, type Machine } from './reference/machine.ts';
import { checkFork } from './run-block.ts';

/** Machines kept for the next call; a machine is some 2 ms of work. */
const MOST_IDLE = 8;

/** An engine for one chain. Its calls may overlap: each runs on a machine of its own. */
export function createReferenceEngine(rules: ChainRules): Engine {
  /** By fork and prices of precompiled contracts, which a machine has for good. */
  const idle = new Map<string, Machine[]>();

  /** Lends a machine; one that `use` threw out of is not lent again. */
  async function lend<T>(
    { number, timestamp }: BlockEnvironment,
    use: (machine: Machine, rules: ChainRules) => Promise<T>,
  ): Promise<T> {
    const fork = forkAt(rules, number, timestamp);
    const now = rulesAt(rules, number);
    const key = [fork, JSON.stringify(now.precompileGasFactors ?? [])].join(' ');
    const machine = idle.get(key)?.pop() ?? (await createMachine(now, fork));
    const result = await use(machine, now);
    const waiting = idle.get(key) ?? [];
    if (waiting.length < MOST_IDLE) idle.set(key, [...waiting, machine]);
    return result;
  }

  return {
    async executeBlock(input, state) {
      const fork = forkAt(rules, input.environment.number, input.environment.timestamp);
      const refusal = checkFork(fork);
      if (refusal !== undefined) return refusal;
      return lend(input.environment, (machine, now) => executeBlock(machine, now, input, state));
    },
    async call(request, environment, state) {
      const refusal = checkCall(request, environment, rules, state);
      if (refusal !== undefined) return refusedCall(refusal);
      return lend(environment, (machine) => call(machine, request, environment, state));
    },
  };
}
