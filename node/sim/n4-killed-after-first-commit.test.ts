/**
 * All four validators are killed at the moment the first Commit leaves, pools are lost, one of them
 * stays down: the other three make the same block final (design D2, the log).
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesToHex, headerHash } from '../../ledger/model/index.ts';
import {
  blockHashAt,
  createTestNetwork,
  receiptOf,
  send,
  type TestNode,
  transfer,
  type Wire,
} from '../testkit/test-network.ts';

const test = suite('node/sim/n4-killed-after-first-commit');
const VALIDATORS = [0, 1, 2, 3];

for (const down of VALIDATORS) {
  test(`the same block becomes final while validator ${down} stays down`, async () => {
    const network = await createTestNetwork(4, {
      blockPeriodMs: 0,
      requestTimeoutMs: 1000,
      maxRequestTimeoutMs: 2000,
    });
    try {
      const { promise: killed, resolve } = Promise.withResolvers<void>();
      let proposed = '';
      let isDead = false;
      const wire: Wire = {
        onConsensus: (message) => {
          if (isDead) return false;
          if (message.kind === 'proposal') {
            proposed = bytesToHex(headerHash(message.header, 'qbft'));
          }
          if (message.kind !== 'commit') return true;
          isDead = true;
          network.snapshot();
          resolve();
          return false;
        },
      };
      const first = await Promise.all(VALIDATORS.map((index) => network.start(index, wire)));
      const { raw, hash } = transfer(0, 0);
      await send(first[0] as TestNode, raw);
      await killed;
      await Promise.all(first.map(({ running }) => running.close()));
      network.restore();

      const alive = VALIDATORS.filter((index) => index !== down);
      const second = await Promise.all(alive.map((index) => network.start(index)));
      for (const node of second) {
        const receipt = await receiptOf(node, hash);
        assert.is(receipt.blockHash, proposed);
        assert.is(receipt.blockNumber, '0x1');
        assert.is(await blockHashAt(node, '0x1'), proposed);
      }
    } finally {
      await network.close();
    }
  });
}

test.run();
