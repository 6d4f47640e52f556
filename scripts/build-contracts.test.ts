import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ARTEFACTS, compileContracts, fingerprint } from './build-contracts.ts';

const test = suite('scripts/build-contracts');
const committed = readFileSync(fileURLToPath(new URL(`../${ARTEFACTS}`, import.meta.url)), 'utf8');

test('the committed module is what the sources give, byte for byte', () => {
  assert.is(compileContracts(), committed);
});

test('it names the sources, libraries, compiler and settings that it was made from', () => {
  assert.ok(committed.includes(fingerprint()));
});

test.run();
