/**
 * Plays the exchanges of ethereum/execution-apis against a node that serves their chain.
 *
 * A file is lines `>> request` and `<< answer`. As in the suite's own runner, results, error codes and error data
 * count and messages are free. Of a file marked `speconly` only the shape counts: here that of the answer shown.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export type FixtureResult = {
  /** `eth_getLogs/no-topics.io` */
  readonly file: string;
  readonly method: string;
  /** What differs; undefined for one that passed. */
  readonly fault: string | undefined;
};

type Answer = {
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message?: string; readonly data?: unknown };
};

/** Of one call, as the suite has it. */
const CALL_LIMIT_MS = 5_000;
/** Fields that an answer may lack by the specification: a node that keeps everything deletes by no strategy. */
const OPTIONAL: ReadonlySet<string> = new Set(['deleteStrategy']);
/** Of a value in a message. */
const SHOWN = 160;

/** Files of a directory, `METHOD/NAME.io`, those that contain one of `only` if there are any. */
export function fixtureFiles(directory: string, only: readonly string[]): readonly string[] {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  return files
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => /^\w+\/[^/]+\.io$/.test(file))
    .filter((file) => only.length === 0 || only.some((words) => file.includes(words)))
    .sort();
}

export async function playFixture(
  directory: string,
  file: string,
  url: string,
): Promise<FixtureResult> {
  const method = file.slice(0, file.indexOf('/'));
  const lines = readFileSync(join(directory, file), 'utf8').split('\n');
  const isShape = lines.some((line) => line.startsWith('// speconly:'));
  const requests = lines.filter((line) => line.startsWith('>> ')).map((line) => line.slice(3));
  const answers = lines.filter((line) => line.startsWith('<< ')).map((line) => line.slice(3));
  if (requests.length === 0 || requests.length !== answers.length) {
    return { file, method, fault: `${requests.length} requests, ${answers.length} answers` };
  }
  for (const [index, request] of requests.entries()) {
    const expected = JSON.parse(answers[index] as string) as Answer;
    const actual = await ask(url, request).catch((error: unknown) => String(error));
    const fault = typeof actual === 'string' ? actual : compare(expected, actual, isShape);
    if (fault !== undefined) return { file, method, fault };
  }
  return { file, method, fault: undefined };
}

async function ask(url: string, body: string): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  const signal = AbortSignal.timeout(CALL_LIMIT_MS);
  const response = await fetch(url, { method: 'POST', body, headers, signal });
  return (await response.json()) as Answer;
}

/** What differs, at the first place where something does. */
export function compare(expected: Answer, actual: Answer, isShape: boolean): string | undefined {
  if (expected.error !== undefined) {
    if (actual.error === undefined) return `error ${expected.error.code} wanted, got a result`;
    const { code, data } = expected.error;
    if (actual.error.code !== code) {
      return `error ${code} wanted, got ${actual.error.code}: ${actual.error.message}`;
    }
    return isShape ? undefined : differenceOf(data, actual.error.data, 'error.data');
  }
  if (actual.error !== undefined) return `error ${actual.error.code}: ${actual.error.message}`;
  const find = isShape ? shapeDifferenceOf : differenceOf;
  return find(expected.result, actual.result, 'result');
}

function differenceOf(expected: unknown, actual: unknown, path: string): string | undefined {
  if (isObject(expected) && isObject(actual) && Array.isArray(expected) === Array.isArray(actual)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
      const difference = differenceOf(expected[key], actual[key], `${path}.${key}`);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  return expected === actual ? undefined : `${path}: ${show(expected)} wanted, got ${show(actual)}`;
}

/** Every field shown is there with a value of its kind; of lists, the first item stands for all. */
function shapeDifferenceOf(expected: unknown, actual: unknown, path: string): string | undefined {
  if (kindOf(expected) !== kindOf(actual)) {
    return `${path}: ${kindOf(expected)} wanted, got ${kindOf(actual)} ${show(actual)}`;
  }
  if (Array.isArray(expected) && Array.isArray(actual)) {
    if (expected.length === 0) return undefined;
    const faults = actual.map((item, at) => shapeDifferenceOf(expected[0], item, `${path}.${at}`));
    return faults.find((fault) => fault !== undefined);
  }
  if (isObject(expected) && isObject(actual)) {
    for (const [key, value] of Object.entries(expected)) {
      if (OPTIONAL.has(key) && actual[key] === undefined) continue;
      const difference = shapeDifferenceOf(value, actual[key], `${path}.${key}`);
      if (difference !== undefined) return difference;
    }
  }
  return undefined;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  if (typeof value !== 'string') return typeof value;
  return /^0x[0-9a-f]*$/i.test(value) ? 'hexadecimal digits' : 'text';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}...` : text;
}
