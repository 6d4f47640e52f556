/** The options of the tracing methods, as geth takes them. */
import { type TSchema, Type } from 'typebox';
import type { CallOverrides, TracerChoice } from '../../../ledger/model/index.ts';
import { booleanParam, type Codec, objectOf, optional, refuseValue } from '../../codec.ts';
import { invalidParams, RpcRefusal } from '../../errors.ts';
import { countParam } from '../../values.ts';
import { blockOverridesParam, stateOverridesParam } from '../eth/overrides.ts';

export type TraceConfig = { readonly tracer: TracerChoice; readonly timeoutMs: number };

/** Names that `tracer` can have; without one, `structLogs`. */
const TRACER_NAMES = ['callTracer', 'prestateTracer', '4byteTracer', 'noopTracer'] as const;

export const DEFAULT_TIMEOUT_MS = 5_000;

const flag = optional(booleanParam);

const tracerFields = {
  onlyTopCall: flag,
  withLog: flag,
  diffMode: flag,
  disableCode: flag,
  disableStorage: flag,
  includeEmpty: flag,
} as const;

const nameParam: Codec<string> = {
  schema: Type.Union(TRACER_NAMES.map((name) => Type.Literal(name))) as TSchema,
  decode: (value, path) =>
    typeof value === 'string' ? value : refuseValue(path, 'want the name of a tracer', value),
};

const UNITS_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
const DURATION = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/;
const PART = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g;
const MOST_DURATION_LENGTH = 40;

/** A duration as Go writes it: `10s`, `1m30s`, `500ms`. In milliseconds. */
const durationParam: Codec<number> = {
  schema: Type.String({ maxLength: MOST_DURATION_LENGTH, description: 'duration: 10s, 1m30s' }),
  decode: (value, path) => {
    const isDuration =
      typeof value === 'string' && value.length <= MOST_DURATION_LENGTH && DURATION.test(value);
    if (!isDuration) return refuseValue(path, 'want a duration such as "10s" or "500ms"', value);
    let ms = 0;
    for (const [, count, unit] of value.matchAll(PART)) {
      ms += Number(count) * (UNITS_MS[unit as string] as number);
    }
    return ms > 0 ? ms : refuseValue(path, 'want a duration above zero', value);
  },
};

/** What every tracing method takes. */
const traceFields = {
  tracer: optional(nameParam),
  tracerConfig: optional(objectOf(tracerFields, 'options of the named tracer')),
  timeout: optional(durationParam),
  disableStack: flag,
  disableStorage: flag,
  enableMemory: flag,
  enableReturnData: flag,
  limit: optional(countParam('most instructions to record; 0: all')),
} as const;

const fields = objectOf(
  traceFields,
  'which tracer watches and what it tells: callTracer (onlyTopCall, withLog), prestateTracer (diffMode, disableCode, disableStorage, includeEmpty), 4byteTracer, noopTracer; without one, structLogs (disableStack, disableStorage, enableMemory, enableReturnData, limit)',
);

/** The options of `debug_traceCall`: the same, and what the call may suppose. */
export type TraceCallConfig = TraceConfig & CallOverrides;

const callFields = objectOf(
  {
    ...traceFields,
    stateOverrides: optional(stateOverridesParam),
    blockOverrides: optional(blockOverridesParam),
    txIndex: optional(unsupportedIndex()),
  },
  'as for debug_traceTransaction, and what the call may suppose of state (stateOverrides) and block (blockOverrides), as in eth_call',
);

export const traceCallConfigParam: Codec<TraceCallConfig> = {
  schema: callFields.schema,
  decode: (value, path) => {
    const {
      stateOverrides: state,
      blockOverrides: block,
      ...given
    } = callFields.decode(value, path);
    return {
      ...configOf(given),
      ...(state !== undefined && { state }),
      ...(block !== undefined && { block }),
    };
  },
};

/** A call stands behind a whole block: refused rather than passed over. */
function unsupportedIndex(): Codec<never> {
  return {
    schema: { not: {} },
    decode: (_, path) => {
      throw invalidParams(`invalid ${path}: calls run on the state after a whole block only`);
    },
  };
}

export const traceConfigParam: Codec<TraceConfig> = {
  schema: fields.schema,
  decode: (value, path) => configOf(fields.decode(value, path)),
};

/** @throws RpcRefusal RPC_TRACER_UNKNOWN */
function configOf(given: Given): TraceConfig {
  const { tracer, tracerConfig = {}, timeout, ...options } = given;
  return {
    tracer: choose(tracer ?? '', tracerConfig, options),
    timeoutMs: timeout ?? DEFAULT_TIMEOUT_MS,
  };
}

type Given = ReturnType<typeof fields.decode>;

function choose(
  name: string,
  config: NonNullable<Given['tracerConfig']>,
  options: Omit<Given, 'tracer' | 'tracerConfig' | 'timeout'>,
): TracerChoice {
  switch (name) {
    case '':
      return {
        kind: 'structLogs',
        disableStack: options.disableStack ?? false,
        disableStorage: options.disableStorage ?? false,
        enableMemory: options.enableMemory ?? false,
        enableReturnData: options.enableReturnData ?? false,
        limit: options.limit ?? 0,
      };
    case 'callTracer': {
      const { onlyTopCall = false, withLog = false } = config;
      return { kind: name, onlyTopCall, withLog };
    }
    case 'prestateTracer':
      return {
        kind: name,
        diffMode: config.diffMode ?? false,
        disableCode: config.disableCode ?? false,
        disableStorage: config.disableStorage ?? false,
        includeEmpty: config.includeEmpty ?? false,
      };
    case '4byteTracer':
    case 'noopTracer':
      return { kind: name };
    default:
      throw unknownTracer(name);
  }
}

function unknownTracer(name: string): RpcRefusal {
  const shown = name.length > 60 ? `${name.slice(0, 57)}...` : name;
  return new RpcRefusal(
    'RPC_TRACER_UNKNOWN',
    `no tracer ${JSON.stringify(shown)}: there are ${TRACER_NAMES.join(', ')}, and structLogs when none is named; tracers in JavaScript are not run`,
  );
}
