/** What a node tells whoever joins. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesToHex, recoverSender, signTransaction, ZERO_HASH } from '../ledger/model/index.ts';
import { party } from '../ledger/model/testkit/party.ts';
import type { PeerInfo } from '../p2p/index.ts';
import { testRules } from '../vm/testkit/chain.ts';
import { createPeerHandlers } from './peer-handlers.ts';
import { createPool, type Pool } from './txpool/index.ts';

const test = suite('node/peer-handlers');

const SENDER = party('sender');

const PEER: PeerInfo = {
  peerId: 'peer',
  address: undefined,
  kind: 'allowed',
  direction: 'inbound',
  status: { height: 40n, hash: ZERO_HASH, round: 0, lost: false },
  connectedAtMs: 0,
};

function transfer(nonce: bigint): Uint8Array {
  const fields = { gasPrice: 0n, gasLimit: 21_000n, value: 0n, data: new Uint8Array(0) };
  const call = { type: 0 as const, chainId: 20_260n, nonce, to: SENDER.address, ...fields };
  return signTransaction(call, SENDER.key).raw;
}

function newPool(): Pool {
  return createPool(
    {
      rules: testRules('osaka'),
      head: { number: 0n, timestamp: 0n, gasLimit: 30_000_000n, nextBaseFee: 0n },
      state: { nonce: () => 0n, balance: () => 10n ** 18n, storage: () => new Uint8Array(0) },
    },
    { recoverSenders: (list) => list.map((each) => recoverSender(each)), now: () => 0 },
  );
}

test('a peer that joins is sent what is held for a lower nonce as well', async () => {
  const pool = newPool();
  const gossiped: Uint8Array[] = [];
  const handlers = createPeerHandlers({
    store: { encodedBlock: () => undefined, oldest: () => ({ state: 0n, bodies: 0n }) },
    pool,
    catchUp: { peerAt: () => {}, peerLeft: () => {} },
    workshop: () => {
      throw new TypeError('no block is asked for');
    },
    driver: () => undefined,
    network: () => ({
      reportFault: () => {},
      gossipTransactions: (raws) => gossiped.push(...raws),
    }),
    onFatal: (error) => {
      throw error;
    },
  });
  // A node that has not caught up sees a gap below nonce 40, where the others see none.
  const raws = [transfer(0n), transfer(40n)];
  const verdicts = await pool.add(raws, 'local');
  assert.ok(verdicts.every(({ ok }) => ok));
  assert.is(pool.status().queued, 1);
  handlers.onPeerJoined(PEER);
  assert.equal(gossiped.map(bytesToHex), raws.map(bytesToHex));
});

test.run();
