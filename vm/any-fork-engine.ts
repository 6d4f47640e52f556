/** Calls at every fork, for chains that are replayed: what is older than Byzantium only the reference engine knows. */
import { type ChainRules, forkAt, isAtLeast } from './chain-rules.ts';
import type { BlockEnvironment, Engine } from './engine.ts';
import { createFastEngine, type FastEngineOptions } from './fast-engine.ts';
import { createReferenceEngine } from './reference-engine.ts';

export function createAnyForkEngine(rules: ChainRules, options: FastEngineOptions = {}): Engine {
  const fast = createFastEngine(rules, options);
  const reference = createReferenceEngine(rules);
  const engineAt = ({ number, timestamp }: BlockEnvironment): Engine =>
    isAtLeast(forkAt(rules, number, timestamp), 'byzantium') ? fast : reference;
  return {
    executeBlock: (input, state) => engineAt(input.environment).executeBlock(input, state),
    call: (request, environment, state, options) =>
      engineAt(environment).call(request, environment, state, options),
  };
}
