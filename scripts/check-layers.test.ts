import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findBreaches } from './check-layers.ts';
import { findImports } from './import-scanner.ts';

const test = suite('scripts/check-layers');

const HOUSE_THAT_HOLDS: Readonly<Record<string, string>> = {
  'ledger/model/index.ts': "export { rlp } from './rlp.ts';",
  'ledger/model/rlp.ts': "import { keccak_256 } from '@noble/hashes/sha3.js';",
  'ledger/model/crypto.node.ts': "import { load } from 'koffi';",
  'consensus/index.ts': "export { step } from './step.ts';",
  'consensus/step.ts': "import { keccak256 } from '#crypto';\nimport '../ledger/model/index.ts';",
  'consensus/step.test.ts': "import { readFileSync } from 'node:fs';\nimport './index.ts';",
  'node/start-node.ts': "import { step } from '../consensus/index.ts';",
  'cli/main.ts': "import { createClient } from '../rpc/client.ts';",
};

/** One import that must be refused, and a word of the reason. */
const BROKEN: readonly (readonly [file: string, source: string, reason: string])[] = [
  ['consensus/a.ts', "import { readFileSync } from 'node:fs';", 'pure'],
  ['consensus/a.ts', "const fs = await import('node:fs');", 'pure'],
  ['vm/a.ts', "import { Level } from 'level';", 'pure'],
  ['ledger/model/a.ts', "import { load } from 'koffi';", 'pure'],
  ['consensus/a.ts', "import type { Network } from '../p2p/index.ts';", 'may not import p2p'],
  ['ledger/store/a.ts', "import { run } from '../../vm/index.ts';", 'may not import vm'],
  ['rpc/a.ts', "import { step } from '../consensus/index.ts';", 'may not import consensus'],
  ['cli/a.ts', "import { serve } from '../rpc/index.ts';", 'may not import rpc'],
  ['node/a.ts', "import { x } from '../consensus/step.ts';", 'enter consensus by index.ts'],
  ['node/a.ts', "export {\n  x,\n} from '../ledger/model/rlp.ts';", 'enter ledger/model by'],
  ['node/a.ts', "import '../scripts/check.ts';", 'may not import scripts'],
  ['vm/a.ts', "import { b } from './index.ts';", 'not the door'],
  ['vm/a.ts', "import { b } from './testkit/b.ts';", 'test code'],
  ['vm/a.test.ts', "import { b } from '../ledger/model/rlp.ts';", 'enter ledger/model by'],
  ['p2p/a.ts', "import { b } from '../tools/b.ts';", 'no folder of the house'],
];

test('a house that holds has no breach', () => {
  assert.equal(findBreaches(new Map(Object.entries(HOUSE_THAT_HOLDS))), []);
});

for (const [file, source, reason] of BROKEN) {
  test(`${file} with ${JSON.stringify(source)} is refused`, () => {
    const sources = new Map([...Object.entries(HOUSE_THAT_HOLDS), [file, source] as const]);
    const breaches = findBreaches(sources);
    assert.is(breaches.length, 1, breaches.join('\n'));
    assert.ok(breaches[0]?.startsWith(`${file}:`));
    assert.match(breaches[0] as string, reason);
  });
}

test('imports in comments and strings are not imports, types and dynamic imports are', () => {
  const source = [
    "// import './a.ts';",
    "/* import './b.ts';",
    '*/',
    "const text = `\\`import './not.ts'`;",
    "import type { C } from './c.ts';",
    'import {',
    '  d,',
    "} from './d.ts';",
    "const e = import('./e.ts');",
    "export type { F } from './f.ts';",
  ].join('\n');
  assert.equal(
    findImports(source).map(({ specifier, line, typeOnly }) => [specifier, line, typeOnly]),
    [
      ['./c.ts', 5, true],
      ['./d.ts', 8, false],
      ['./e.ts', 9, false],
      ['./f.ts', 10, true],
    ],
  );
});

test.run();
