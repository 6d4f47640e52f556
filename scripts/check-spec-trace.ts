/**
 * Holds specification, code and tests together: every rule of docs/spec (`R-4.3`, `L-1`, `W-3`, at
 * the start of a line) is named where the code keeps it and in a test that tries to break it, and no
 * code names a rule that does not exist.
 */
import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HOUSE } from './house.ts';

export type Trace = {
  /** Rules of the specification, sorted. */
  readonly rules: readonly string[];
  /** Named in code or tests, absent from the specification. */
  readonly unknown: readonly string[];
  readonly withoutCode: readonly string[];
  readonly withoutTest: readonly string[];
};

type Text = { readonly path: string; readonly text: string };

const RULE_ID = /(?<![\w-])[A-Z]-\d+(?:\.\d+)*(?![\w-]|\.\d)/g;
/** `- **R-1.2** text`, `### Title`, `| R-1.2 | text |`: the line that states the rule. */
const RULE_START = /^[\s>#*|`-]*\[?([A-Z]-\d+(?:\.\d+)*)(?![\w-]|\.\d)/gm;

export function traceRules(spec: readonly Text[], sources: readonly Text[]): Trace {
  const rules = new Set(
    spec.flatMap(({ text }) => [...text.matchAll(RULE_START)].map((m) => m[1])),
  );
  const idsIn = (texts: readonly Text[]): Set<string> =>
    new Set(texts.flatMap(({ text }) => expandRanges(text)));
  const isTest = ({ path }: Text): boolean =>
    /(\.(test|contract)\.ts$|\/(testkit|sim)\/)/.test(path);
  const inTests = idsIn(sources.filter(isTest));
  const inCode = idsIn(sources.filter((source) => !isTest(source)));
  const sorted = (ids: Iterable<string | undefined>): readonly string[] =>
    [...ids].filter((id) => id !== undefined).sort(byNumber);
  return {
    rules: sorted(rules),
    unknown: sorted([...new Set([...inCode, ...inTests])].filter((id) => !rules.has(id))),
    withoutCode: sorted([...rules].filter((id) => id !== undefined && !inCode.has(id))),
    withoutTest: sorted([...rules].filter((id) => id !== undefined && !inTests.has(id))),
  };
}

/** Ids in a text; `R-4.1 to R-4.3` and `R-4.1..R-4.3` name the rules between as well. */
function expandRanges(text: string): readonly string[] {
  const ids: string[] = [...(text.match(RULE_ID) ?? [])];
  for (const [, first, second] of text.matchAll(
    /([A-Z]-[\d.]*\d) ?(?:to|\.\.) ?([A-Z]-[\d.]*\d)/g,
  )) {
    const prefix = first?.replace(/\d+$/, '');
    if (prefix === undefined || second?.replace(/\d+$/, '') !== prefix) continue;
    const last = Number(second.slice(prefix.length));
    for (let n = Number(first?.slice(prefix.length)); n <= last; n += 1) ids.push(`${prefix}${n}`);
  }
  return ids;
}

function byNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

function readTexts(patterns: readonly string[]): readonly Text[] {
  const root = fileURLToPath(new URL('..', import.meta.url));
  return globSync([...patterns], { cwd: root }).map((path) => ({
    path,
    text: readFileSync(resolve(root, path), 'utf8'),
  }));
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const folders = HOUSE.filter((folder) => folder !== 'scripts');
  const trace = traceRules(
    readTexts(['docs/spec/*.md']),
    readTexts(folders.map((folder) => `${folder}/**/*.ts`)),
  );
  const faults = [
    ...trace.unknown.map((id) => `${id}: named in the code, absent from docs/spec`),
    ...trace.withoutCode.map((id) => `${id}: no code names it`),
    ...trace.withoutTest.map((id) => `${id}: no test names it`),
  ];
  for (const fault of faults) process.stdout.write(`${fault}\n`);
  process.stdout.write(
    `${trace.rules.length} rules, ${trace.withoutCode.length} without code, ` +
      `${trace.withoutTest.length} without a test, ${faults.length} faults\n`,
  );
  process.exitCode = faults.length === 0 ? 0 : 1;
}
