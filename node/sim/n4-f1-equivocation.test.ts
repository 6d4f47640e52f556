/** One of four validators signs every vote twice: nobody stops, and everybody can prove it. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sign } from '#crypto';
import {
  completeMessage,
  type QbftMessage,
  signingHashes,
  type UnsignedMessage,
  verifyEvidence,
} from '../../consensus/index.ts';
import { asHash, bytesToHex, type Hash, hexToBytes } from '../../ledger/model/index.ts';
import type { EvidenceJson } from '../../rpc/client.ts';
import {
  blockHashAt,
  createTestNetwork,
  receiptOf,
  send,
  type TestNetwork,
  type TestNode,
  transfer,
} from '../testkit/test-network.ts';

const test = suite('node/sim/n4-f1-equivocation');
const TIMING = { blockPeriodMs: 0, requestTimeoutMs: 1_000, maxRequestTimeoutMs: 2_000 };
const FAULTY = 3;
const OTHER = asHash(new Uint8Array(32).fill(9));
/** Transactions after which the evidence must be there. */
const PATIENCE = 20;

/** The same vote for a block that does not exist. */
function contradicting(message: QbftMessage, key: Uint8Array, genesisHash: Hash): QbftMessage[] {
  if (message.kind !== 'prepare' && message.kind !== 'commit') return [];
  const { height, round, author } = message.signed;
  const unsigned: UnsignedMessage = { kind: message.kind, height, round, digest: OTHER };
  const hashes = signingHashes(genesisHash, unsigned);
  const seal = hashes.seal && sign(hashes.seal, key);
  return [completeMessage(unsigned, author, sign(hashes.message, key), seal)];
}

const evidenceOf = (node: TestNode, filter = {}): Promise<EvidenceJson> =>
  node.client.request('ehb_getEvidence', [filter]);

async function withFaultyNetwork(
  run: (network: TestNetwork, nodes: readonly TestNode[], genesisHash: Hash) => Promise<void>,
): Promise<void> {
  const network = await createTestNetwork(4, TIMING);
  try {
    const key = await network.validatorKey(FAULTY);
    const nodes = await Promise.all([0, 1, 2].map((index) => network.start(index)));
    const genesisHash = asHash(hexToBytes((await blockHashAt(nodes[0] as TestNode, '0x0')) ?? ''));
    await network.start(FAULTY, {
      alsoSends: (message) => contradicting(message, key, genesisHash),
    });
    await run(network, nodes, genesisHash);
  } finally {
    await network.close();
  }
}

test('E-7: whoever votes twice is recorded by every other validator, with a proof', async () => {
  await withFaultyNetwork(async (network, nodes, genesisHash) => {
    const [first] = nodes as [TestNode];
    const faulty = bytesToHex(network.addresses[FAULTY] as Uint8Array);
    for (let nonce = 0; ; nonce += 1) {
      assert.ok(nonce < PATIENCE, 'evidence in each of the stores');
      const { raw, hash } = transfer(0, nonce);
      await send(first, raw);
      for (const node of nodes) await receiptOf(node, hash);
      const found = await Promise.all(nodes.map((node) => evidenceOf(node)));
      if (found.every(({ total }) => total > 0)) break;
    }
    for (const node of nodes) {
      const { total, proofs } = await evidenceOf(node, { author: faulty });
      assert.ok(total > 0);
      for (const { author, bundle, kind, height } of proofs) {
        assert.is(author, faulty);
        const verdict = verifyEvidence(hexToBytes(bundle), genesisHash);
        assert.ok(verdict.ok && verdict.evidence.kind === kind);
        assert.is(verdict.evidence.height, BigInt(height));
      }
      const others = network.addresses.slice(0, FAULTY).map((address) => bytesToHex(address));
      for (const author of others) assert.is((await evidenceOf(node, { author })).total, 0);
      const below = { toBlock: '0x0' } as const;
      assert.is((await evidenceOf(node, below)).total, 0);
    }
  });
});

test.run();
