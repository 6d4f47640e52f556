import assert from 'node:assert/strict';
import { suite } from 'uvu';
import { bigintToBytes, bytesToHex, hexToBytes } from './bytes.ts';
import { decodeRlp, encodeListOf, encodeRlp, MAX_RLP_DEPTH, type RlpItem } from './rlp.ts';
import { readEthereumTests } from './testkit/fixtures.ts';
import { seededRandom, type TestRandom } from './testkit/seeded-random.ts';

const test = suite('ledger/model/rlp');

type JsonItem = string | number | readonly JsonItem[];

/** ethereum/tests writes large integers as `#` and decimal digits. */
function itemOf(json: JsonItem): RlpItem {
  if (typeof json === 'number') return bigintToBytes(BigInt(json));
  if (typeof json === 'string') {
    return json.startsWith('#')
      ? bigintToBytes(BigInt(json.slice(1)))
      : new TextEncoder().encode(json);
  }
  return json.map(itemOf);
}

function randomItem(random: TestRandom, depth: number): RlpItem {
  if (depth > 0 && random.below(2) === 0) {
    return Array.from({ length: random.below(6) }, () => randomItem(random, depth - 1));
  }
  return random.bytes(random.below(2) === 0 ? random.below(3) : random.below(300));
}

test('the public vectors encode, decode and are refused as they should', () => {
  for (const { name, content } of readEthereumTests<{ in: JsonItem; out: string }>('RLPTests')) {
    const bytes = hexToBytes(content.out);
    const decoded = decodeRlp(bytes);
    assert.equal(decoded.ok, content.in !== 'INVALID', name);
    if (!decoded.ok) continue;
    assert.deepEqual(encodeRlp(decoded.item), bytes, name);
    if (content.in !== 'VALID') assert.deepEqual(encodeRlp(itemOf(content.in)), bytes, name);
  }
});

test('random items come back, and no other bytes decode to the same item', () => {
  const random = seededRandom('rlp');
  for (let i = 0; i < 1_500; i += 1) {
    const item = randomItem(random, 4);
    const bytes = encodeRlp(item);
    assert.deepEqual(decodeRlp(bytes), { ok: true, item }, random.rerun);
    const changed = bytes.slice();
    changed[random.below(changed.length)] = random.below(256);
    const decoded = decodeRlp(changed);
    if (decoded.ok) assert.deepEqual(encodeRlp(decoded.item), changed, random.rerun);
  }
});

test('each form that is not canonical is refused with its code', () => {
  const cases: readonly (readonly [hex: string, code: string])[] = [
    ['', 'MODEL_RLP_TRUNCATED'],
    ['81', 'MODEL_RLP_TRUNCATED'],
    ['b8', 'MODEL_RLP_TRUNCATED'],
    ['c1', 'MODEL_RLP_TRUNCATED'],
    ['c281', 'MODEL_RLP_TRUNCATED'],
    ['c182', 'MODEL_RLP_TRUNCATED'],
    ['bfffffffffffffffff', 'MODEL_RLP_TRUNCATED'],
    ['ffffffffffffffffff', 'MODEL_RLP_TRUNCATED'],
    ['fb7fffffff', 'MODEL_RLP_TRUNCATED'],
    ['8000', 'MODEL_RLP_TRAILING'],
    ['c000', 'MODEL_RLP_TRAILING'],
    ['8100', 'MODEL_RLP_NOT_MINIMAL'],
    ['b800', 'MODEL_RLP_NOT_MINIMAL'],
    ['b90038', 'MODEL_RLP_NOT_MINIMAL'],
    ['f801c0', 'MODEL_RLP_NOT_MINIMAL'],
  ];
  for (const [hex, code] of cases) {
    const decoded = decodeRlp(hexToBytes(hex));
    assert.equal(decoded.ok ? undefined : decoded.code, code, hex);
  }
});

test('deep nesting is refused without recursion to its depth', () => {
  let item: RlpItem = [];
  for (let depth = 1; depth < MAX_RLP_DEPTH; depth += 1) item = [item];
  assert.ok(decodeRlp(encodeRlp(item)).ok);
  const tooDeep = decodeRlp(encodeRlp([item]));
  assert.equal(tooDeep.ok ? undefined : tooDeep.code, 'MODEL_RLP_TOO_DEEP');
  assert.equal(decodeRlp(new Uint8Array(5_000_000).fill(0xc1)).ok, false);
  assert.equal(decodeRlp(new Uint8Array(5_000_000).fill(0xfb)).ok, false);
});

test('heads of every size', () => {
  for (const length of [0, 55, 56, 255, 256, 65_535, 65_536, 16_777_216]) {
    const bytes = encodeRlp(new Uint8Array(length));
    const decoded = decodeRlp(bytes);
    assert.ok(decoded.ok && decoded.item instanceof Uint8Array && decoded.item.length === length);
  }
  assert.equal(bytesToHex(encodeListOf([Uint8Array.of(1), Uint8Array.of(0xc0)])), '0xc201c0');
});

test.run();
