// time-limit: 180 s
/**
 * The exchanges of ethereum/execution-apis over its own chain, imported and served: those that pass must go on
 * passing. Take new ones up into the list; what is missing is what is still to be done.
 */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compare, fixtureFiles, playFixture } from './rpc-fixtures.ts';
import { type ServedChain, serveChain } from './served-chain.ts';

const test = suite('scripts/rpc-conformance');
const declared = process.env['EHB_FIXTURES'];
const directory = join(
  declared ?? join(import.meta.dirname, '../../shared/fixtures'),
  'execution-apis',
);

/** Whole folders end in a slash. */
const PASSING: readonly string[] = [
  'debug_getRawBlock/',
  'debug_getRawHeader/',
  'debug_getRawReceipts/',
  'debug_getRawTransaction/',
  // The other traces are of blocks before Byzantium: see vm/tracers/public-traces.test.ts.
  'debug_traceBlockByHash/trace-block-not-found.io',
  'debug_traceBlockByHash/trace-genesis.io',
  'debug_traceBlockByNumber/trace-block-invalid-number.io',
  'debug_traceBlockByNumber/trace-genesis.io',
  'debug_traceTransaction/trace-unknown-tx.io',
  'eth_baseFee/',
  'eth_blobBaseFee/',
  'eth_blockNumber/',
  'eth_call/',
  'eth_chainId/',
  'eth_createAccessList/',
  'eth_estimateGas/',
  'eth_feeHistory/',
  'eth_getBalance/',
  'eth_getBlockByHash/',
  'eth_getBlockByNumber/',
  'eth_getBlockReceipts/',
  'eth_getBlockTransactionCountByHash/',
  'eth_getBlockTransactionCountByNumber/',
  'eth_getCode/',
  'eth_getLogs/',
  'eth_getProof/',
  'eth_getStorageAt/',
  'eth_getStorageValues/',
  'eth_getTransactionByBlockHashAndIndex/',
  'eth_getTransactionByBlockNumberAndIndex/',
  'eth_getTransactionByHash/',
  'eth_getTransactionCount/',
  'eth_getTransactionReceipt/',
  'eth_simulateV1/',
  'eth_syncing/',
  'net_version/',
  'txpool_contentFrom/',
  'txpool_status/',
];

if (existsSync(directory)) {
  const files = fixtureFiles(directory, []);
  let served: ServedChain;
  test.before(async () => {
    served = await serveChain(directory);
  });
  test.after(() => served.close());

  for (const entry of PASSING) {
    test(entry, async () => {
      const chosen = files.filter((file) =>
        entry.endsWith('/') ? file.startsWith(entry) : file === entry,
      );
      assert.ok(chosen.length > 0, `there is no ${entry}`);
      for (const file of chosen) {
        const { fault } = await playFixture(directory, file, served.url);
        assert.is(fault, undefined, `${file}: ${fault}`);
      }
    });
  }
} else if (declared === undefined) {
  console.log('fixtures absent');
} else {
  test('the fixtures that EHB_FIXTURES names are there', () => void statSync(directory));
}

test('an answer is compared as the suite says: messages are free, codes, data and results count', () => {
  const error = { code: 3, message: 'reverted', data: '0x01' };
  assert.is(compare({ error }, { error: { ...error, message: 'other words' } }, false), undefined);
  assert.match(compare({ error }, { error: { ...error, code: -32000 } }, false) ?? '', 'error 3');
  assert.match(compare({ error }, { error: { ...error, data: '0x' } }, false) ?? '', 'error.data');
  assert.match(compare({ error }, { result: null }, false) ?? '', 'wanted');
  assert.match(compare({ result: null }, { error }, false) ?? '', 'error 3');
  assert.match(compare({ result: { a: [1, 2] } }, { result: { a: [1, 3] } }, false) ?? '', 'a.1');
  assert.match(compare({ result: {} }, { result: { a: 1 } }, false) ?? '', 'result.a');
  assert.match(compare({ result: [] }, { result: {} }, false) ?? '', 'result');
});

test('where only the shape counts, other values pass and other kinds do not', () => {
  const shown = { result: { fee: '0x1', list: [{ a: true }], name: 'x' } };
  const other = { result: { fee: '0x2', list: [{ a: false }, { a: true }], name: 'y', more: 1 } };
  assert.is(compare(shown, other, true), undefined);
  assert.match(compare(shown, { result: { ...other.result, fee: 1 } }, true) ?? '', 'result.fee');
  assert.match(compare(shown, { result: { ...other.result, list: [{}] } }, true) ?? '', 'list.0.a');
  assert.match(compare(shown, { result: null }, true) ?? '', 'object wanted');
});

test.run();
