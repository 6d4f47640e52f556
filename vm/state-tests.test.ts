// time-limit: 600 s
/** A fixed part of the Ethereum state tests through the default engine and our state root. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DEFAULT_ENGINE } from './testkit/engines.ts';
import { runStateTests } from './testkit/state-test-run.ts';

/** Every so many lines one is run. A tenth on the fast engine; the reference takes too long for that. */
const STEP = DEFAULT_ENGINE === 'fast' ? 10 : 80;

const directory =
  process.env['EHB_FIXTURES'] ??
  join(fileURLToPath(new URL('..', import.meta.url)), '../shared/fixtures');
const file = join(directory, 'state-tests.ndjson.zst');
const isPresent = existsSync(file);
if (!isPresent && process.env['EHB_FIXTURES'] === undefined) {
  console.log('state tests: 0 run, fixtures absent');
}

const test = suite('vm/state-tests');

if (isPresent || process.env['EHB_FIXTURES'] !== undefined) {
  test('X-31: watched instructions cost what they are said to, and the results stay the same', async () => {
    const failed: string[] = [];
    let run = 0;
    const lines = { remainders: [3], divisor: 80 };
    for await (const result of runStateTests({ file, engine: 'watched', lines, only: [] })) {
      run += 1;
      if (result.faults.length > 0) failed.push(`${result.name}: ${result.faults.join(', ')}`);
    }
    assert.equal(failed, []);
    assert.ok(run >= 24_000 / 100);
  });

  test('a part of the public state tests gives the expected roots, logs and refusals', async () => {
    const failed: string[] = [];
    let run = 0;
    const lines = { remainders: [0], divisor: STEP };
    for await (const result of runStateTests({ file, engine: DEFAULT_ENGINE, lines, only: [] })) {
      run += 1;
      if (result.faults.length > 0) failed.push(`${result.name}: ${result.faults.join(', ')}`);
    }
    console.log(`state tests: ${run} run`);
    assert.equal(failed, []);
    assert.ok(run >= 24_000 / STEP);
  });
}

test.run();
