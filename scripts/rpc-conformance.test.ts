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

/** Blocks of the chain: the first of Byzantium, and the head. */
const BYZANTIUM = 9;
const LAST = 54;

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

  test('X-30: every block from Byzantium on is traced as its receipts say; older ones are refused', async () => {
    const ask = async (method: string, ...params: unknown[]) => {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(served.url, { method: 'POST', body, headers });
      return (await response.json()) as {
        result: { gasUsed: string; status: string; result: { gasUsed: string; error?: string } }[];
        error?: { message: string };
      };
    };
    for (const old of [
      await ask('debug_traceBlockByNumber', '0x2'),
      await ask('debug_traceCall', { to: `0x${'11'.repeat(20)}` }, '0x2'),
    ]) {
      assert.match(old.error?.message ?? '', 'tracing failed: ');
    }
    let traced = 0;
    for (let number = BYZANTIUM; number <= LAST; number += 1) {
      const tag = `0x${number.toString(16)}`;
      const traces = await ask('debug_traceBlockByNumber', tag, { tracer: 'callTracer' });
      const receipts = (await ask('eth_getBlockReceipts', tag)).result;
      assert.is(traces.error, undefined, `${tag}: ${traces.error?.message}`);
      assert.equal(
        traces.result.map(({ result }) => [result.gasUsed, result.error === undefined]),
        receipts.map(({ gasUsed, status }) => [gasUsed, status === '0x1']),
        tag,
      );
      traced += receipts.length;
    }
    assert.ok(traced > 100, `${traced} transactions`);
  });
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
