/**
 * Metrics from tables: a table says name, kind, help and every value that a label can take; the registry
 * makes typed instruments of it, and the reference page is generated from the same table.
 *
 * A registry of its own, never prom-client's global one: several nodes may live in one process.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** The values of a label, or in words what they are: never hashes, addresses or peers. */
type LabelValues = Readonly<Record<string, readonly string[] | string>>;

export type MetricDefinition = {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /** Base unit as suffix; `_total` for counters. */
  readonly name: string;
  readonly help: string;
  readonly labels?: LabelValues;
  /** Of a histogram. */
  readonly buckets?: keyof typeof BUCKETS;
};

/** Upper bounds in seconds. */
export const BUCKETS: Readonly<Record<'phase' | 'work' | 'interval', readonly number[]>> = {
  /** From a fast link to a capped round timeout. */
  phase: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  /** Work on this machine. */
  work: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
  interval: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64],
};

export type MetricTable = Readonly<Record<string, MetricDefinition>>;

type LabelsOf<D> = D extends { readonly labels: infer L extends LabelValues }
  ? { readonly [N in keyof L]: L[N] extends readonly (infer V extends string)[] ? V : string }
  : undefined;

/** Without labels the argument disappears. */
type Recorder<L> = L extends undefined
  ? (value: number) => void
  : (value: number, labels: L) => void;

export type Instrument<D extends MetricDefinition> = D['kind'] extends 'counter'
  ? {
      readonly add: Recorder<LabelsOf<D>>;
      /** For what is counted elsewhere: the count so far. */
      readonly total: Recorder<LabelsOf<D>>;
    }
  : D['kind'] extends 'gauge'
    ? { readonly set: Recorder<LabelsOf<D>> }
    : { readonly observe: Recorder<LabelsOf<D>> };

export type Instruments<T extends MetricTable> = { readonly [K in keyof T]: Instrument<T[K]> };

export type MetricsRegistry = {
  /** Every metric of a table; each shows 0 from the start, for each value that a label is known to take. */
  add<const T extends MetricTable>(table: T): Instruments<T>;
  /** Called before each scrape, to set what is read rather than counted. */
  onScrape(collect: () => void): void;
  readonly contentType: string;
  text(): Promise<string>;
};

/** @param withProcess adds prom-client's metrics of the process and of Node.js */
export function createMetricsRegistry(options: { readonly withProcess: boolean }): MetricsRegistry {
  const registry = new Registry();
  const collectors: (() => void)[] = [];
  if (options.withProcess) collectDefaultMetrics({ register: registry });
  return {
    add: <const T extends MetricTable>(table: T) => {
      const made = Object.entries(table).map(([key, definition]) => [
        key,
        createInstrument(definition, registry),
      ]);
      // One instrument for each entry, of the kind that the entry names.
      return Object.fromEntries(made) as Instruments<T>;
    },
    onScrape: (collect) => {
      collectors.push(collect);
    },
    contentType: registry.contentType,
    text: () => {
      for (const collect of collectors) collect();
      return registry.metrics();
    },
  };
}

type AnyLabels = Record<string, string>;

/** The label values that are known beforehand; metrics here have at most one label. */
function knownLabels(labels: LabelValues): readonly AnyLabels[] {
  const [first] = Object.entries(labels);
  if (first === undefined) return [{}];
  const [name, values] = first;
  return typeof values === 'string' ? [] : values.map((value) => ({ [name]: value }));
}

function createInstrument(definition: MetricDefinition, registry: Registry): object {
  const { kind, name, help, labels = {}, buckets = 'work' } = definition;
  const common = { name, help, labelNames: Object.keys(labels), registers: [registry] };
  switch (kind) {
    case 'counter': {
      const counter = new Counter(common);
      for (const of of knownLabels(labels)) counter.inc(of, 0);
      return {
        add: (value: number, of: AnyLabels = {}) => counter.inc(of, value),
        total: (value: number, of: AnyLabels = {}) => {
          counter.remove(of);
          counter.inc(of, value);
        },
      };
    }
    case 'gauge': {
      const gauge = new Gauge(common);
      for (const of of knownLabels(labels)) gauge.set(of, 0);
      return { set: (value: number, of: AnyLabels = {}) => gauge.set(of, value) };
    }
    case 'histogram': {
      const histogram = new Histogram({ ...common, buckets: [...BUCKETS[buckets]] });
      for (const of of knownLabels(labels)) histogram.zero(of);
      return { observe: (value: number, of: AnyLabels = {}) => histogram.observe(of, value) };
    }
  }
}
