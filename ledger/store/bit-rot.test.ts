// time-limit: 300 s
/**
 * Single wrong bytes anywhere in a store's files: each is noticed when the store is opened, read, written to or
 * verified, or changes nothing; never is a value served that was not written. `EHB_FLIPS` sets how many.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import { temporaryDirectory } from '../model/testkit/temporary-directory.ts';
import { makeTemplate } from './testkit/bit-rot.ts';
import { ledgerOptions, verifyLedger } from './testkit/whole-ledger.ts';

const test = suite('ledger/store/bit-rot');

const FLIPS = Number(process.env['EHB_FLIPS'] ?? 60);
const WORKER: string = fileURLToPath(new URL('testkit/rot-worker.ts', import.meta.url));

type Line = { readonly flip: number; readonly place?: string; readonly caught?: string };
type Ended = {
  readonly lines: readonly Line[];
  readonly errors: string;
  readonly signal: string | undefined;
};

function work(template: string, path: string, start: number): Promise<Ended> {
  const args = [WORKER, template, path, String(start), String(FLIPS)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  return new Promise((done) =>
    child.once('close', (code, signal) => {
      const lines = output.split('\n').filter(Boolean);
      done({
        lines: lines.map((line) => JSON.parse(line) as Line),
        errors: code === 0 ? '' : errors,
        signal: signal ?? undefined,
      });
    }),
  );
}

test('L-2, L-8: a wrong byte is noticed or harmless, and no wrong value is ever served', async () => {
  const directory = temporaryDirectory();
  const template = join(directory, 'template');
  const path = join(directory, 'chain');
  const counts = new Map<string, number>();
  const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);
  await makeTemplate(template);
  for (let start = 0; start < FLIPS; ) {
    const { lines, errors, signal } = await work(template, path, start);
    for (const { caught } of lines) if (caught !== undefined) count(caught);
    const last = lines.at(-1);
    if (last?.caught !== undefined && last.flip === FLIPS - 1) break;
    // LevelDB ends the process when a damaged table confuses it: loud, and named by verify.
    assert.equal(signal, 'SIGABRT', `flip ${last?.flip}, ${last?.place}: ${errors}`);
    const { problemCount } = await verifyLedger(ledgerOptions(path));
    assert.ok(problemCount > 0, `flip ${last?.flip}, ${last?.place} stopped LevelDB`);
    count('LevelDB, by ending the process');
    start = (last?.flip ?? start) + 1;
  }
  const figures = [...counts].map(([what, flips]) => `${what} ${flips}`).join(', ');
  console.log(`${FLIPS} wrong bytes, noticed by: ${figures}`);
  assert.ok((counts.get('open') ?? 0) > 0 && (counts.get('read') ?? 0) > 0);
});

test.run();
