import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addressOf, keccak256, sign } from '#crypto';
import {
  asHash,
  bytesToHex,
  commitSealHash,
  headerHash,
  withRound,
} from '../ledger/model/index.ts';
import type { UnsignedMessage } from './messages.ts';
import { completeMessage, isSignedByAuthor, signingHashes } from './signing.ts';
import { createScript } from './testkit/script.ts';

const test = suite('consensus/signing');

const hash = asHash(new Uint8Array(32).fill(7));
const { config, block, proposal } = createScript(4, 0);
const view = { height: 1n, round: 1 };
const UNSIGNED: readonly UnsignedMessage[] = [
  { kind: 'prepare', ...view, digest: hash },
  { kind: 'commit', ...view, digest: hash },
  { kind: 'round-change', ...view, prepared: undefined, prepares: [] },
  { kind: 'round-change', ...view, prepared: { round: 0, digest: hash }, prepares: [] },
  { kind: 'prepare', ...view, round: 2, digest: hash },
  { kind: 'prepare', ...view, height: 2n, digest: hash },
];

test('R-1.3: a block has one hash, and a digest for each round', () => {
  const { header } = block(0);
  const later = withRound(header, 3);
  assert.equal(headerHash(later, 'qbft'), headerHash(header, 'qbft'));
  assert.not.equal(commitSealHash(later), commitSealHash(header));
  assert.equal(commitSealHash(withRound(later, 0)), commitSealHash(header));
  assert.equal(proposal(0, 0).signed.digest, commitSealHash(header));
});

test('R-2.1: every kind, view, content and chain has a hash of its own to sign', () => {
  const hashes = [config.genesisHash, hash].flatMap((genesis) =>
    UNSIGNED.map((unsigned) => bytesToHex(signingHashes(genesis, unsigned).message)),
  );
  assert.is(new Set(hashes).size, 2 * UNSIGNED.length);
});

test('R-2.1: a commit alone has a seal, over the digest itself', () => {
  const seals = UNSIGNED.map((unsigned) => signingHashes(config.genesisHash, unsigned).seal);
  assert.equal(seals, [undefined, hash, undefined, undefined, undefined, undefined]);
});

test('R-2.2: a completed message recovers to its author, and to nobody after any change', () => {
  const privateKey = keccak256(Uint8Array.of(1));
  for (const unsigned of UNSIGNED) {
    const hashes = signingHashes(config.genesisHash, unsigned);
    const seal = hashes.seal && sign(hashes.seal, privateKey);
    const author = addressOf(privateKey);
    const message = completeMessage(unsigned, author, sign(hashes.message, privateKey), seal);
    assert.ok(isSignedByAuthor(config.genesisHash, message));
    const { signed } = message;
    for (const change of [{ round: 9 }, { height: 9n }, { signature: signed.signature.slice(1) }]) {
      const changed = { ...message, signed: { ...signed, ...change } } as typeof message;
      assert.not(isSignedByAuthor(config.genesisHash, changed));
    }
  }
});

test.run();
