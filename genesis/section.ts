/**
 * Reads the fields of one JSON object of a genesis file.
 *
 * Keys are case-insensitive (G-1), quantities are JSON integers or strings of hexadecimal or decimal
 * digits (G-2). A reader answers undefined where a field is absent or wrong, and reports the latter.
 */
import { hexToBytes } from '../ledger/model/index.ts';
import type { GenesisCode } from './errors.ts';
import type { Problems } from './problems.ts';

export type Section = {
  /** Where this object is in the file: `config.qbft`, empty for the file itself. */
  readonly path: string;
  /** Keys as written. */
  readonly keys: readonly string[];
  has(name: string): boolean;
  /** The value as JSON gave it. */
  raw(name: string): unknown;
  /** An unsigned integer below 2^bits. */
  quantity(name: string, bits: number): bigint | undefined;
  /** The same for a value that is counted in milliseconds or bytes: at most 2^53 - 1. */
  count(name: string): number | undefined;
  /** Bytes of hexadecimal digits, with or without 0x; of exactly `length` if that is given. */
  bytes(name: string, length?: number): Uint8Array | undefined;
  flag(name: string): boolean | undefined;
  section(name: string): Section | undefined;
  /** Reports the field as missing unless it is there. */
  require(name: string): void;
  /** Reports a problem of the field. */
  report(code: GenesisCode, name: string, message: string): void;
};

type Entry = { readonly key: string; readonly value: unknown };

/** Undefined, and reported, unless `value` is an object. */
export function readSection(value: unknown, path: string, problems: Problems): Section | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const what = path === '' ? 'the genesis file' : path;
    problems.report('GENESIS_NOT_AN_OBJECT', `${what} is ${nameOf(value)}, not an object`);
    return undefined;
  }
  const entries = new Map<string, Entry>();
  for (const [key, field] of Object.entries(value)) {
    const earlier = entries.get(key.toLowerCase());
    if (earlier !== undefined) {
      const where = pathOf(path, key);
      problems.report('GENESIS_FIELD_REPEATED', `${where} is given again as ${earlier.key}`);
    }
    entries.set(key.toLowerCase(), { key, value: field });
  }
  return createSection(path, entries, problems);
}

function createSection(
  path: string,
  entries: ReadonlyMap<string, Entry>,
  problems: Problems,
): Section {
  const raw = (name: string): unknown => entries.get(name.toLowerCase())?.value;
  const has = (name: string): boolean => entries.has(name.toLowerCase());
  const report: Section['report'] = (code, name, message) =>
    problems.report(code, `${pathOf(path, name)} ${message}`);
  const invalid = (name: string, wanted: string): undefined => {
    report('GENESIS_FIELD_INVALID', name, `must be ${wanted}, got ${nameOf(raw(name))}`);
    return undefined;
  };
  const quantity = (name: string, bits: number): bigint | undefined => {
    if (!has(name)) return undefined;
    const value = parseQuantity(raw(name));
    if (value !== undefined && value < 1n << BigInt(bits)) return value;
    return invalid(name, `an integer from 0 to 2^${bits} - 1, written 123, "123" or "0x7b"`);
  };
  return {
    path,
    keys: [...entries.values()].map(({ key }) => key),
    has,
    raw,
    quantity,
    count: (name) => {
      const value = quantity(name, 53);
      return value === undefined ? undefined : Number(value);
    },
    bytes: (name, length) => {
      if (!has(name)) return undefined;
      const bytes = parseHex(raw(name));
      if (bytes !== undefined && (length === undefined || bytes.length === length)) return bytes;
      return invalid(
        name,
        `${length === undefined ? '' : `${length} bytes in `}hexadecimal digits`,
      );
    },
    flag: (name) => {
      if (!has(name)) return undefined;
      const value = raw(name);
      return typeof value === 'boolean' ? value : invalid(name, 'true or false');
    },
    section: (name) =>
      has(name) ? readSection(raw(name), pathOf(path, name), problems) : undefined,
    require: (name) => {
      if (!has(name)) report('GENESIS_FIELD_MISSING', name, 'is missing');
    },
    report,
  };
}

/** Undefined for anything that is not an unsigned integer, and for JSON numbers that lost digits. */
function parseQuantity(value: unknown): bigint | undefined {
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : undefined;
  }
  if (typeof value !== 'string' || value.length > 80) return undefined;
  return /^(0[xX][0-9a-fA-F]+|[0-9]+)$/.test(value) ? BigInt(value.toLowerCase()) : undefined;
}

/** Bytes of an even number of digits, with or without 0x. */
export function parseHex(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'string' || !/^(0[xX])?([0-9a-fA-F]{2})*$/.test(value)) return undefined;
  return hexToBytes(value.replace(/^0X/, '0x'));
}

/** A short description for a message; long or unprintable text is cut. */
export function nameOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'an object';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function pathOf(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
