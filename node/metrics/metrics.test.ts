/** The page of a running node: every metric of the tables, with values that fit what has happened. */
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CodedError } from '../../ledger/model/index.ts';
import { silentLogger } from '../logger.ts';
import {
  createTestNetwork,
  receiptOf,
  send,
  type TestNetwork,
  type TestNode,
  transfer,
} from '../testkit/test-network.ts';
import { createMetricsServer } from './metrics-server.ts';
import { METRIC_TABLES } from './reference.ts';
import { createMetricsRegistry, type MetricDefinition } from './registry.ts';

const test = suite('node/metrics');
/** Rounds end soon: one validator is down. */
const SHORT = { blockPeriodMs: 0, requestTimeoutMs: 400, maxRequestTimeoutMs: 800 };
/** No round ends however slow the machine is, so that counts are exact. */
const LONG = { blockPeriodMs: 0, requestTimeoutMs: 60_000, maxRequestTimeoutMs: 60_000 };

const DEFINITIONS: readonly MetricDefinition[] = METRIC_TABLES.flatMap((table) =>
  Object.values(table),
);
/** Besu's own names, which Prometheus would advise against. */
const isOfBesu = (name: string): boolean => /^(ethereum|besu)_/.test(name);

async function pageOf(node: TestNode): Promise<string> {
  const response = await fetch(node.running.metricsUrl ?? '');
  assert.is(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', 'text/plain');
  return await response.text();
}

/** The value of a sample, as `name` or `name{label="value"}`. */
function sampleOf(page: string, sample: string): number {
  const line = page.split('\n').find((each) => each.startsWith(`${sample} `));
  assert.ok(line, `${sample} is shown`);
  return Number(line.slice(sample.length + 1));
}

/** The sum over all labels of a metric. */
function sumOf(page: string, name: string): number {
  const lines = page.split('\n').filter((each) => each.startsWith(`${name}{`));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

async function withNetwork(
  validators: number,
  timing: typeof SHORT,
  run: (network: TestNetwork) => Promise<void>,
): Promise<void> {
  const network = await createTestNetwork(validators, timing);
  try {
    await run(network);
  } finally {
    await network.close();
  }
}

test('every metric has one name, says what it means, and ends as its kind asks', () => {
  const names = DEFINITIONS.map(({ name }) => name);
  assert.is(new Set(names).size, names.length);
  for (const { name, kind, help, labels = {} } of DEFINITIONS) {
    assert.match(name, /^[a-z][a-z0-9_]*$/);
    assert.ok(help.endsWith('.'), name);
    assert.ok(Object.keys(labels).length <= 1, `${name}: one label at most`);
    if (isOfBesu(name)) continue;
    assert.is(name.endsWith('_total'), kind === 'counter', name);
    if (kind === 'histogram') assert.ok(name.endsWith('_seconds'), name);
  }
});

test('a validator alone: the page shows its blocks, votes and transactions', async () => {
  await withNetwork(1, LONG, async (network) => {
    const node = await network.start(0, { metrics: true });
    const before = await pageOf(node);
    for (const { name } of DEFINITIONS) assert.match(before, `# HELP ${name} `);
    assert.is(sampleOf(before, 'ethereum_blockchain_height'), 0);
    assert.is(sampleOf(before, 'qbft_height'), 1);
    assert.is(sampleOf(before, 'qbft_evidence_total{kind="commit"}'), 0, 'shown before it happens');

    for (const nonce of [0, 1]) {
      const { raw, hash } = transfer(0, nonce);
      await send(node, raw);
      await receiptOf(node, hash);
    }
    const page = await pageOf(node);
    const height = sampleOf(page, 'ethereum_blockchain_height');
    assert.is(height, 2);
    assert.is(sampleOf(page, 'qbft_height'), height + 1);
    assert.is(sampleOf(page, 'ehb_chain_blocks_total'), height);
    assert.is(sampleOf(page, 'ehb_chain_transactions_total'), 2);
    assert.is(sampleOf(page, 'ehb_chain_gas_used_total'), 42_000);
    assert.is(sampleOf(page, 'besu_blockchain_chain_head_transaction_count'), 1);
    assert.is(sampleOf(page, 'qbft_proposals_created_total'), height);
    assert.is(sampleOf(page, 'qbft_proposals_received_total{result="accepted"}'), height);
    for (const kind of ['proposal', 'prepare', 'commit']) {
      assert.is(sampleOf(page, `qbft_messages_signed_total{kind="${kind}"}`), height, kind);
    }
    assert.is(sampleOf(page, 'qbft_validator_last_signed_height'), height);
    for (const phase of ['proposal', 'validation', 'prepare', 'commit']) {
      assert.is(sampleOf(page, `qbft_phase_duration_seconds_count{phase="${phase}"}`), height);
    }
    assert.is(sampleOf(page, 'qbft_work_duration_seconds_count{work="import"}'), height);
    assert.is(sampleOf(page, 'qbft_work_duration_seconds_count{work="log"}'), 3 * height);
    assert.is(sampleOf(page, 'qbft_block_interval_seconds_count'), height - 1);
    assert.is(sampleOf(page, 'qbft_validators'), 1);
    assert.is(sampleOf(page, 'qbft_is_validator'), 1);
    assert.is(sampleOf(page, 'qbft_missing_validators'), 0);
    assert.is(sumOf(page, 'qbft_round_changes_total'), 0);
    assert.is(sampleOf(page, 'ehb_node_in_sync'), 1);
    assert.ok(sampleOf(page, 'process_resident_memory_bytes') > 0);
  });
});

test('with one of four down: its rounds, its absence and the traffic of the others show', async () => {
  await withNetwork(4, SHORT, async (network) => {
    const nodes = await Promise.all(
      [0, 1, 2].map((index) => network.start(index, { metrics: true })),
    );
    const [first] = nodes as [TestNode];
    // As many blocks as validators: the one that is down has its turn among them.
    for (let nonce = 0; nonce < 4; nonce += 1) {
      const { raw, hash } = transfer(0, nonce);
      await send(first, raw);
      for (const node of nodes) await receiptOf(node, hash);
    }
    const page = await pageOf(first);
    assert.ok(sumOf(page, 'qbft_round_changes_total') >= 1);
    assert.ok(sampleOf(page, 'qbft_missing_validators') >= 1);
    assert.is(sampleOf(page, 'qbft_validators'), 4);
    assert.is(sampleOf(page, 'ehb_p2p_peers{kind="validator"}'), 2);
    assert.is(sampleOf(page, 'ethereum_peer_count'), 2);
    assert.ok(sampleOf(page, 'qbft_messages_received_total{kind="prepare"}') >= 4);
    assert.ok(sampleOf(page, 'ehb_p2p_consensus_messages_total{event="sent"}') >= 8);
    assert.ok(sampleOf(page, 'ehb_p2p_bytes_total{direction="sent"}') > 1_000);
    assert.ok(sampleOf(page, 'ehb_p2p_dials_total{result="failed"}') >= 0);
    checkWithPromtool(page);
  });
});

/** By Prometheus' own tool, where there is one. */
function checkWithPromtool(page: string): void {
  const { status, stdout, stderr, error } = spawnSync('promtool', ['check', 'metrics'], {
    input: page,
    encoding: 'utf8',
  });
  if (error !== undefined) {
    console.log('promtool absent: its check is skipped');
    return;
  }
  const complaints = `${stdout}${stderr}`
    .split('\n')
    .filter((line) => line !== '' && !isOfBesu(line) && !/^nodejs_|^process_/.test(line));
  assert.equal(complaints, [], `promtool exits with ${status}`);
}

test('the server shows one page, to be read', async () => {
  const registry = createMetricsRegistry({ withProcess: false });
  const { things } = registry.add({
    things: { kind: 'counter', name: 'test_things_total', help: 'Things.' },
  });
  things.add(3);
  const address = { host: '127.0.0.1', port: 0 };
  const server = await createMetricsServer(address, { registry, logger: silentLogger });
  const origin = new URL(server.url).origin;
  assert.match(await (await fetch(server.url)).text(), 'test_things_total 3');
  assert.match(await (await fetch(`${server.url}?x=1`)).text(), 'test_things_total 3');
  const head = await fetch(server.url, { method: 'HEAD' });
  assert.equal([head.status, await head.text()], [200, '']);
  assert.is((await fetch(`${origin}/`)).status, 404);
  const posted = await fetch(server.url, { method: 'POST', body: 'x'.repeat(1_000) });
  assert.equal([posted.status, posted.headers.get('allow')], [405, 'GET, HEAD']);
  await server.close();
});

test('a port in use is an error with a code', async () => {
  const other = createServer();
  await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
  const { port } = other.address() as AddressInfo;
  const registry = createMetricsRegistry({ withProcess: false });
  const failure = await createMetricsServer(
    { host: '127.0.0.1', port },
    { registry, logger: silentLogger },
  ).catch((error: unknown) => error);
  await new Promise((done) => other.close(done));
  assert.instance(failure, CodedError);
  assert.is((failure as CodedError<{ code: string }>).code, 'NODE_METRICS_PORT_IN_USE');
});

test.run();
