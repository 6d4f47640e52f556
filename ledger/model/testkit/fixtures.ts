/**
 * Public test data, which is not part of the repository: `$EHB_FIXTURES`, else `../shared/fixtures`.
 *
 * Without it a test prints `fixtures absent`, which the runner repeats, and leaves its cases out; if
 * the variable is set, absence is a failure.
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Bytes of a fixture; undefined if there are no fixtures here. */
export function readFixture(path: string): Uint8Array | undefined {
  const declared = process.env['EHB_FIXTURES'];
  const folder = resolve(ROOT, declared ?? '../shared/fixtures');
  if (declared === undefined && !existsSync(folder)) {
    process.stdout.write('fixtures absent\n');
    return undefined;
  }
  return new Uint8Array(readFileSync(resolve(folder, path)));
}

/** A JSON fixture. The caller knows its shape. */
export function readJsonFixture<Shape>(path: string): Shape | undefined {
  const bytes = readFixture(path);
  return bytes === undefined ? undefined : (JSON.parse(new TextDecoder().decode(bytes)) as Shape);
}

/**
 * Cases of a file of ethereum/tests: one source file a line, each a record of named cases. Prints how many, which
 * the runner repeats.
 */
export function readEthereumTests<Case>(
  name: string,
): readonly { readonly file: string; readonly name: string; readonly content: Case }[] {
  const bytes = readFixture(`ethereum-tests/${name}.ndjson`);
  if (bytes === undefined) return [];
  const lines = new TextDecoder().decode(bytes).trim().split('\n');
  const cases = lines.flatMap((line) => {
    const { file, content } = JSON.parse(line) as { file: string; content: Record<string, Case> };
    return Object.entries(content).map(([key, value]) => ({ file, name: key, content: value }));
  });
  // On a line of its own: the test's name was printed without an end.
  process.stdout.write(`\npublic vectors: ${cases.length} read, ${name}\n`);
  return cases;
}
