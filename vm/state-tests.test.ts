// time-limit: 300 s
/** A fixed sample of the Ethereum state tests through the reference engine and our state root. */
import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createZstdDecompress } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ChainRules } from './chain-rules.ts';
import type { Engine } from './engine.ts';
import { createReferenceEngine } from './reference-engine.ts';
import { runStateTest, type StateTest } from './testkit/state-test.ts';

/** Every 80th line: some 300 cases over all folders of the file. */
const STEP = 80;

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
  test('a sample of the public state tests gives the expected roots, logs and refusals', async () => {
    const engines = new Map<string, Engine>();
    const engineFor = (rules: ChainRules): Engine => {
      const key = `${rules.forks[0]?.fork} ${rules.chainId}`;
      const engine = engines.get(key) ?? createReferenceEngine(rules);
      engines.set(key, engine);
      return engine;
    };
    const failed: string[] = [];
    let line = 0;
    let run = 0;
    for await (const text of readLines()) {
      line += 1;
      if (line % STEP !== 1) continue;
      for (const { name, faults } of await runStateTest(JSON.parse(text) as StateTest, engineFor)) {
        run += 1;
        if (faults.length > 0) failed.push(`${name}: ${faults.join(', ')}`);
      }
    }
    console.log(`state tests: ${run} run`);
    assert.equal(failed, []);
    assert.ok(run >= 300);
  });
}

function readLines(): AsyncIterable<string> {
  return createInterface({ input: createReadStream(file).pipe(createZstdDecompress()) });
}

test.run();
