import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { traceRules } from './check-spec-trace.ts';

const test = suite('scripts/check-spec-trace');

const SPEC = [
  {
    path: 'docs/spec/consensus.md',
    text: '- **R-1.1** A.\n### R-1.2 B\n| R-1.3 | C |\nsee R-9.9, EIP-1559, SHA-256\nR-1.10: D.',
  },
];

test('rules are stated at the start of a line and sorted by number', () => {
  assert.equal(traceRules(SPEC, []).rules, ['R-1.1', 'R-1.2', 'R-1.3', 'R-1.10']);
});

test('a rule wants code and a test; a name without a rule is unknown', () => {
  const trace = traceRules(SPEC, [
    { path: 'consensus/step.ts', text: '// QBFT R-1.1 to R-1.3, not X-86-64 or ERC-20' },
    { path: 'consensus/step.test.ts', text: "test('R-1.1: holds')\ntest('R-2.7: holds')" },
  ]);
  assert.equal(trace.unknown, ['R-2.7']);
  assert.equal(trace.withoutCode, ['R-1.10']);
  assert.equal(trace.withoutTest, ['R-1.2', 'R-1.3', 'R-1.10']);
});

test.run();
