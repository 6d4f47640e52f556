import assert from 'node:assert/strict';
import { p256 } from '@noble/curves/nist.js';
import { suite } from 'uvu';
import { bytesToBigint, bytesToHex, concatBytes, hexToBytes } from './bytes.ts';
import * as browserSide from './crypto.default.ts';
import * as nodeSide from './crypto.node.ts';
import { type Crypto, createCrypto } from './crypto-door.ts';
import { createNobleCurve } from './curve-noble.ts';
import { createPackageCurve } from './curve-package.ts';
import { createSystemCurve } from './curve-system.ts';
import { createNobleKeccak } from './keccak.ts';
import { seededRandom } from './testkit/seeded-random.ts';

const test = suite('ledger/model/crypto');
const GROUP_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const FIELD_SIZE = 2n ** 256n - 2n ** 32n - 977n;

const oracle: Crypto = createCrypto(createNobleCurve(), createNobleKeccak(), browserSide.sha256);

/** Every side that this machine has; the others cannot differ, because they are not used here. */
const sides: readonly Crypto[] = [createSystemCurve(), createPackageCurve()]
  .filter((curve) => curve !== undefined)
  .map((curve) => createCrypto(curve, createNobleKeccak(), browserSide.sha256))
  .concat(nodeSide, browserSide);

function word(value: bigint): Uint8Array {
  return hexToBytes(value.toString(16).padStart(64, '0'));
}

function signatureOf(r: bigint, s: bigint): Uint8Array {
  return hexToBytes(bytesToHex(word(r)) + bytesToHex(word(s)).slice(2));
}

test('every side signs and recovers alike', () => {
  const random = seededRandom('crypto');
  for (let i = 0; i < 30; i += 1) {
    const hash = random.bytes(32);
    const key = random.bytes(32);
    const signed = oracle.sign(hash, key);
    const highS = signed.signature.slice();
    highS.set(word(GROUP_ORDER - bytesToBigint(highS.subarray(32))), 32);
    for (const side of sides) {
      const { curve } = side.cryptoBackend;
      assert.deepEqual(side.sign(hash, key), signed, `${curve}, ${random.rerun}`);
      assert.deepEqual(side.publicKeyOf(key), oracle.publicKeyOf(key), curve);
      assert.deepEqual(side.addressOf(key), oracle.addressOf(key), curve);
      const recovered = side.recoverAddress(hash, signed.signature, signed.yParity);
      assert.deepEqual(recovered, oracle.addressOf(key), curve);
      // The mirrored signature belongs to the same key: refusing it is the caller's rule (EIP-2).
      assert.deepEqual(side.recoverAddress(hash, highS, 1 - signed.yParity), recovered, curve);
      assert.notDeepEqual(
        side.recoverAddress(hash, signed.signature, 1 - signed.yParity),
        recovered,
      );
    }
  }
});

test('every side answers alike to random and extreme signatures', () => {
  const random = seededRandom('recovery');
  const edges = [0n, 1n, 2n, 5n, GROUP_ORDER / 2n, GROUP_ORDER / 2n + 1n, GROUP_ORDER - 1n];
  const outside = [GROUP_ORDER, GROUP_ORDER + 1n, FIELD_SIZE - 1n, FIELD_SIZE, 2n ** 256n - 1n];
  const scalars = [
    ...edges,
    ...outside,
    ...Array.from({ length: 4 }, () => bytesToBigint(random.bytes(32))),
  ];
  const hashes = [0n, 1n, GROUP_ORDER - 1n, GROUP_ORDER, 2n ** 256n - 1n].map(word);
  for (const r of scalars) {
    for (const s of scalars) {
      const hash = hashes[random.below(hashes.length)] as Uint8Array;
      const yParity = random.below(2);
      const expected = oracle.recoverPublicKey(hash, signatureOf(r, s), yParity);
      const isOutside = r === 0n || s === 0n || r >= GROUP_ORDER || s >= GROUP_ORDER;
      if (isOutside) assert.equal(expected, undefined);
      for (const side of sides) {
        const recovered = side.recoverPublicKey(hash, signatureOf(r, s), yParity);
        assert.deepEqual(recovered, expected, `${side.cryptoBackend.curve} r ${r} s ${s}`);
      }
    }
  }
});

test('a signature whose key would be the point at infinity recovers to nothing', () => {
  // R = G, s = hash: the key r^-1 (sR - hash G) vanishes.
  const r = 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n;
  for (const side of [oracle, ...sides]) {
    assert.equal(side.recoverPublicKey(word(77n), signatureOf(r, 77n), 0), undefined);
    assert.notEqual(side.recoverPublicKey(word(78n), signatureOf(r, 77n), 0), undefined);
  }
});

test('a hash at or above the group order is signed alike', () => {
  const key = new Uint8Array(32).fill(9);
  for (const value of [GROUP_ORDER - 1n, GROUP_ORDER, GROUP_ORDER + 5n, 2n ** 256n - 1n]) {
    const signed = oracle.sign(word(value), key);
    for (const side of sides) {
      assert.deepEqual(side.sign(word(value), key), signed, side.cryptoBackend.curve);
      const address = side.recoverAddress(word(value), signed.signature, signed.yParity);
      assert.deepEqual(address, oracle.addressOf(key));
    }
  }
});

test('wrong lengths and parities recover to nothing', () => {
  const { signature, yParity } = oracle.sign(word(1n), word(2n));
  for (const side of sides) {
    assert.equal(side.recoverAddress(new Uint8Array(31), signature, yParity), undefined);
    assert.equal(side.recoverAddress(word(1n), signature.subarray(1), yParity), undefined);
    for (const wrong of [-1, 2, 3, 4, 27, 0.5, Number.NaN]) {
      assert.equal(side.recoverAddress(word(1n), signature, wrong), undefined);
    }
  }
});

test('private keys are scalars of the group', () => {
  for (const side of sides) {
    for (const value of [1n, 2n, GROUP_ORDER - 1n]) {
      assert.ok(side.isPrivateKey(word(value)));
      assert.deepEqual(side.publicKeyOf(word(value)), oracle.publicKeyOf(word(value)));
    }
    for (const bad of [word(0n), word(GROUP_ORDER), word(2n ** 256n - 1n), new Uint8Array(31)]) {
      assert.equal(side.isPrivateKey(bad), false);
      assert.throws(() => side.sign(word(1n), bad), RangeError);
      assert.throws(() => side.publicKeyOf(bad), RangeError);
    }
    assert.throws(() => side.sign(new Uint8Array(33), word(1n)), RangeError);
  }
});

test('both sides hash alike, at every length around a block of the sponge', () => {
  const random = seededRandom('hashes');
  const lengths = [
    ...Array.from({ length: 300 }, (_, i) => i),
    65_279,
    65_280,
    65_281,
    130_560,
    200_000,
  ];
  for (const length of lengths) {
    const bytes = random.bytes(length);
    assert.deepEqual(nodeSide.keccak256(bytes), browserSide.keccak256(bytes), `${length}`);
    assert.deepEqual(nodeSide.sha256(bytes), browserSide.sha256(bytes), `${length}`);
    for (const side of [nodeSide, browserSide]) {
      const target = new Uint8Array(40).fill(7);
      side.keccak256Into(bytes, target, 5);
      const expected = new Uint8Array(40).fill(7);
      expected.set(browserSide.keccak256(bytes), 5);
      assert.deepEqual(target, expected, `${length}`);
    }
  }
  assert.equal(
    bytesToHex(nodeSide.keccak256(new Uint8Array(0))),
    '0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470',
  );
});

test('results are plain byte arrays of their own, also for a Buffer', () => {
  const buffer = Buffer.from('some bytes');
  for (const side of sides) {
    const results = [side.keccak256(buffer), side.sha256(buffer), side.publicKeyOf(word(3n))];
    for (const result of results) assert.equal(result.constructor, Uint8Array);
    const first = side.keccak256(buffer);
    const kept = first.slice();
    side.keccak256(Uint8Array.of(1));
    assert.deepEqual(first, kept);
    const hash = Buffer.from(word(5n));
    const { signature, yParity } = side.sign(hash, Buffer.from(word(6n)));
    assert.equal(signature.constructor, Uint8Array);
    const recovered = side.recoverPublicKey(hash, Buffer.from(signature), yParity);
    assert.deepEqual(recovered, oracle.publicKeyOf(word(6n)));
  }
});

test('P256 by OpenSSL answers as noble does, to valid, spoilt and extreme signatures', () => {
  const { verifyP256 } = nodeSide;
  assert.ok(verifyP256 !== undefined);
  assert.equal(browserSide.verifyP256, undefined);
  const random = seededRandom('p256');
  const { Fp, Fn } = p256.Point;
  const edges = [0n, 1n, Fn.ORDER - 1n, Fn.ORDER, Fn.ORDER + 1n, Fp.ORDER - 1n, Fp.ORDER].map(word);
  edges.push(word(Fp.ORDER + 1n), word(2n ** 256n - 1n));
  let valid = 0;
  for (let i = 0; i < 150; i += 1) {
    const key = random.bytes(32);
    const signed = concatBytes(random.bytes(32), new Uint8Array(128));
    signed.set(p256.sign(signed.subarray(0, 32), key, { prehash: false, lowS: i % 2 === 0 }), 32);
    signed.set(p256.getPublicKey(key, false).subarray(1), 96);
    if (i % 3 === 1)
      signed.set(edges[random.below(edges.length)] as Uint8Array, 32 * random.below(5));
    if (i % 3 === 2) signed[random.below(160)] = random.below(256);
    const parts = [signed.slice(0, 32), signed.slice(32, 96), signed.slice(96)] as const;
    const expected = isSignedOnNoble(...parts);
    assert.equal(verifyP256(...parts), expected, `${bytesToHex(signed)}, ${random.rerun}`);
    if (expected) valid += 1;
  }
  assert.ok(valid >= 50, `${valid} valid signatures`);
  // Hash 0 with r = s = x(G) and the key 1: the sum is G.
  const base = p256.getPublicKey(word(1n), false).subarray(1);
  const x = word(Fn.create(bytesToBigint(base.subarray(0, 32))));
  assert.equal(verifyP256(word(0n), concatBytes(x, x), base), true);
  // Hash -r with key 1 and s = r: the sum is the point at infinity.
  const minus = word(Fn.ORDER - bytesToBigint(x));
  assert.equal(verifyP256(minus, concatBytes(x, x), base), false);
});

function isSignedOnNoble(hash: Uint8Array, signature: Uint8Array, key: Uint8Array): boolean {
  try {
    const options = { lowS: false, prehash: false };
    return p256.verify(signature, hash, concatBytes(Uint8Array.of(4), key), options);
  } catch {
    return false;
  }
}

test('Node takes the fastest side that the machine has', () => {
  const best = createSystemCurve() ?? createPackageCurve() ?? createNobleCurve();
  assert.equal(nodeSide.cryptoBackend.curve, best.name);
  assert.equal(nodeSide.cryptoBackend.keccak, 'WebAssembly');
});

test.run();
