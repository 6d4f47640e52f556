/** The ledger of acknowledged transactions and what a comparison with it finds. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Acknowledged,
  compareReceipts,
  createAcknowledgedLedger,
  findDivergence,
} from './acknowledged.ts';

const test = suite('scripts/chaos/acknowledged');

const entry = (hash: string, block: number, by: number): Acknowledged => ({
  hash,
  blockNumber: block,
  blockHash: `0xb${block}`,
  by,
});

test('entries are kept in order, the same one once', () => {
  const ledger = createAcknowledgedLedger();
  for (const each of [entry('a', 1, 0), entry('b', 2, 1), entry('a', 1, 2)]) ledger.add(each);
  assert.is(ledger.size(), 2);
  assert.equal(
    ledger.from(1).map(({ hash }) => hash),
    ['b'],
  );
  assert.equal(ledger.contradictions(), []);
});

test('two receipts of one transaction that tell two blocks contradict each other', () => {
  const ledger = createAcknowledgedLedger();
  ledger.add(entry('a', 1, 0));
  ledger.add(entry('a', 2, 3));
  assert.is(ledger.contradictions().length, 1);
  assert.match(ledger.contradictions()[0] ?? '', /validator 0 .*0xb1, but validator 3 .*0xb2/);
});

test('a receipt that is missing or names another block is found', () => {
  const expected = [entry('a', 1, 0), entry('b', 1, 0), entry('c', 2, 1)];
  const place = (block: number) => ({ blockNumber: block, blockHash: `0xb${block}` });
  assert.equal(compareReceipts(2, expected, [place(1), place(1), place(2)]), []);
  const found = compareReceipts(2, expected, [place(1), undefined, place(3)]);
  assert.is(found.length, 2);
  assert.match(found[0] ?? '', /validator 2 lost it: .* b in block 1/);
  assert.match(found[1] ?? '', /validator 2 has it in 0xb3: .* c in block 2/);
});

test('an answer that is too short counts as lost', () => {
  assert.is(compareReceipts(0, [entry('a', 1, 0)], []).length, 1);
});

test('chains of different lengths that agree do not differ', () => {
  assert.equal(findDivergence(5, [['x', 'y', 'z'], ['x', 'y'], []]), []);
});

test('each height at which two chains differ is named', () => {
  const found = findDivergence(5, [
    ['x', 'y', 'z'],
    ['x', 'Y', 'z'],
    ['x', 'y', 'Z'],
  ]);
  assert.is(found.length, 2);
  assert.match(found[0] ?? '', /^block 6 differs: y Y y$/);
  assert.match(found[1] ?? '', /^block 7 differs/);
});

test.run();
