/** The engines by the name that commands give them. */
import type { ChainRules } from '../chain-rules.ts';
import type { Engine } from '../engine.ts';
import { createFastEngine } from '../fast-engine.ts';
import { createReferenceEngine } from '../reference-engine.ts';
import { createWatchingEngine } from './watching-engine.ts';

const ENGINES: Readonly<Record<string, (rules: ChainRules) => Engine>> = {
  fast: createFastEngine,
  reference: createReferenceEngine,
  /** `fast` with every transaction watched, and what is told held against what happens. */
  watched: createWatchingEngine,
};

export const ENGINE_NAMES: readonly string[] = Object.keys(ENGINES);

/** The one that tests run on unless told otherwise. */
export const DEFAULT_ENGINE: string = ENGINE_NAMES[0] as string;

function createEngine(name: string, rules: ChainRules): Engine {
  const create = ENGINES[name];
  if (create === undefined) {
    throw new RangeError(`an engine is one of ${ENGINE_NAMES.join(', ')}; got ${name}`);
  }
  return create(rules);
}

/** Engines kept by the rules they were made for; each holds machines and memory. */
const MOST_KEPT = 128;

/** The same as `createEngine` for one name, for callers that change between a few sets of rules. */
export function createEngineCache(name: string): (rules: ChainRules) => Engine {
  const engines = new Map<string, Engine>();
  return (rules) => {
    const key = JSON.stringify(rules, (_, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    );
    const engine = engines.get(key) ?? createEngine(name, rules);
    if (engines.size >= MOST_KEPT) engines.clear();
    engines.set(key, engine);
    return engine;
  };
}
