/**
 * Parameter codecs: a JSON schema for people and tools, and the function that turns the JSON value into
 * what the handler takes. Both are built by the same constructor, so that neither can drift.
 *
 * The functions are written by hand rather than compiled from the schema because callers match on the
 * wording of go-ethereum's messages, and because a value is converted (bytes, bigint) while it is checked.
 */
import { type TSchema, Type } from 'typebox';
import { invalidParams } from './errors.ts';

export type Codec<T> = {
  readonly schema: TSchema;
  /** @throws RpcRefusal RPC_INVALID_PARAMS, naming `path` (`argument 0`, `argument 0: to`) */
  readonly decode: (value: unknown, path: string) => T;
};

/** What `optional` makes of a codec: a missing or `null` value is `undefined`. */
export type OptionalCodec<T> = Codec<T | undefined> & { readonly optional: true };

export type Decoded<C> = C extends Codec<infer T> ? T : never;

export function optional<T>(codec: Codec<T>): OptionalCodec<T> {
  return {
    optional: true,
    schema: Type.Optional(codec.schema),
    decode: (value, path) =>
      value === undefined || value === null ? undefined : codec.decode(value, path),
  };
}

/** Refuses a value: `invalid argument 0: to: want 20 bytes of hexadecimal, got "0x12"`. */
export function refuseValue(path: string, reason: string, value: unknown): never {
  throw invalidParams(`invalid ${path}: ${reason}, got ${describe(value)}`);
}

/** A short, bounded text for any JSON value, however large or deep. */
export function describe(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value);
  }
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (value === undefined) return 'nothing';
  if (value !== null && typeof value === 'object') return 'an object';
  return String(value);
}

export const booleanParam: Codec<boolean> = {
  schema: Type.Boolean(),
  decode: (value, path) =>
    typeof value === 'boolean' ? value : refuseValue(path, 'want true or false', value),
};

/** A list of at most `maxItems`. */
export function listOf<T>(item: Codec<T>, maxItems: number): Codec<readonly T[]> {
  return {
    schema: Type.Array(item.schema, { maxItems }),
    decode: (value, path) => {
      if (!Array.isArray(value)) return refuseValue(path, 'want an array', value);
      if (value.length > maxItems) {
        return refuseValue(path, `want at most ${maxItems} items`, value);
      }
      return value.map((entry, index) => item.decode(entry, `${path}[${index}]`));
    },
  };
}

/**
 * An object whose field names are data, as pairs of at most `maxEntries`. Two names that mean the same key: the
 * last one counts.
 */
export function mapOf<K, V>(
  key: Codec<K>,
  value: Codec<V>,
  maxEntries: number,
  nameOf: (key: K) => string,
): Codec<readonly (readonly [K, V])[]> {
  return {
    schema: Type.Record(Type.String(), value.schema, { maxProperties: maxEntries }),
    decode: (given, path) => {
      if (given === null || typeof given !== 'object' || Array.isArray(given)) {
        return refuseValue(path, 'want an object', given);
      }
      const fields = Object.entries(given);
      if (fields.length > maxEntries) {
        throw invalidParams(
          `invalid ${path}: want at most ${maxEntries} entries, got ${fields.length}`,
        );
      }
      const entries = new Map<string, readonly [K, V]>();
      for (const [name, field] of fields) {
        const decoded = key.decode(name, path);
        entries.set(nameOf(decoded), [decoded, value.decode(field, `${path}: ${name}`)]);
      }
      return [...entries.values()];
    },
  };
}

type Fields = Readonly<Record<string, Codec<unknown>>>;

type DecodedFields<F extends Fields> = {
  -readonly [K in keyof F as F[K] extends OptionalCodec<unknown> ? never : K]: Decoded<F[K]>;
} & {
  -readonly [K in keyof F as F[K] extends OptionalCodec<unknown> ? K : never]?: Exclude<
    Decoded<F[K]>,
    undefined
  >;
};

/** An object of known fields. Unknown fields are passed over: wallets send some of their own. */
export function objectOf<F extends Fields>(
  fields: F,
  description: string,
): Codec<DecodedFields<F>> {
  const schemas: Record<string, TSchema> = {};
  for (const [name, codec] of Object.entries(fields)) schemas[name] = codec.schema;
  const entries = Object.entries(fields);
  return {
    schema: Type.Object(schemas, { description }),
    decode: (value, path) => {
      if (value === null || typeof value !== 'object' || Array.isArray(value)) {
        return refuseValue(path, 'want an object', value);
      }
      const source = value as Record<string, unknown>; // own fields only are read below
      const decoded: Record<string, unknown> = {};
      for (const [name, codec] of entries) {
        const given = Object.hasOwn(source, name) ? source[name] : undefined;
        const result = codec.decode(given, `${path}: ${name}`);
        if (result !== undefined) decoded[name] = result;
      }
      // Every field went through its codec; absent optional ones are left out.
      return decoded as DecodedFields<F>;
    },
  };
}

/** The first alternative whose `accepts` holds decodes the value. */
export function oneOf<T>(
  alternatives: readonly {
    readonly accepts: (value: unknown) => boolean;
    readonly codec: Codec<T>;
  }[],
  expectation: string,
): Codec<T> {
  return {
    schema: Type.Union(alternatives.map(({ codec }) => codec.schema)),
    decode: (value, path) => {
      const match = alternatives.find(({ accepts }) => accepts(value));
      return match === undefined
        ? refuseValue(path, expectation, value)
        : match.codec.decode(value, path);
    },
  };
}
