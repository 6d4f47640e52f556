/** The engine that an operator chose. */
import { createBothEngines } from './both-engines.ts';
import type { ChainRules } from './chain-rules.ts';
import type { Engine } from './engine.ts';
import { createFastEngine, type FastEngineOptions } from './fast-engine.ts';
import { createReferenceEngine } from './reference-engine.ts';

export const ENGINE_NAMES = ['fast', 'reference', 'both'] as const;

/** `fast`: ours. `reference`: `@ethereumjs/vm`. `both`: every block by both, which must agree. */
export type EngineName = (typeof ENGINE_NAMES)[number];

export function createEngine(
  name: EngineName,
  rules: ChainRules,
  options: FastEngineOptions = {},
): Engine {
  switch (name) {
    case 'fast':
      return createFastEngine(rules, options);
    case 'reference':
      return createReferenceEngine(rules);
    case 'both':
      return createBothEngines(createFastEngine(rules, options), createReferenceEngine(rules));
  }
}
