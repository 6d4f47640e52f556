// time-limit: 240 s
/** `ehb dev` as a process: what it prints, how it ends, and that it goes on where it stopped. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryDirectory } from '../../ledger/model/testkit/temporary-directory.ts';
import { accountAt, viemAt } from './accounts.ts';
import {
  blockHashes,
  type DevNetwork,
  freeBasePort,
  heightOf,
  isDead,
  startDev,
} from './harness.ts';
import { until } from './until.ts';

const test = suite('cli/dev as a process');
const dataDir = temporaryDirectory();
const basePort = await freeBasePort();

async function transfer(network: DevNetwork): Promise<void> {
  const { reader, wallet } = viemAt(network.urls[0] as string, accountAt(0));
  const hash = await wallet.sendTransaction({ to: accountAt(1).address, value: 1n });
  const receipt = await reader.waitForTransactionReceipt({ hash });
  assert.is(receipt.status, 'success');
}

test('it prints validators, URLs and accounts, stops on Ctrl-C and goes on at the same height', async () => {
  const first = await startDev({ dataDir, basePort, fresh: true });
  await until('the accounts are printed', () => printed(first, accountAt(9).address), 10_000);
  for (const url of first.urls) assert.ok(printed(first, url), first.output());
  for (let index = 0; index < 10; index += 1) {
    assert.ok(printed(first, accountAt(index).address), `account ${index}:\n${first.output()}`);
  }
  await transfer(first);
  const height = await heightOf(first.clients[0] as DevNetwork['clients'][number]);
  const before = await blockHashes(first.clients[0] as DevNetwork['clients'][number], 0, height);
  const pids = first.processIds();
  assert.ok(pids.length >= 5, `a parent and four validators, got ${pids.length} processes`);
  const end = await first.stop('SIGINT');
  assert.is(end.code, 0, first.output());
  assert.ok(end.seconds < 5, `${end.seconds} s until the end`);
  assert.ok(pids.every(isDead), 'no process is left');

  const second = await startDev({ dataDir, basePort });
  for (const client of second.clients) {
    assert.equal(await blockHashes(client, 0, height), before);
  }
  await transfer(second);
  assert.is((await second.stop('SIGTERM')).code, 0, second.output());
});

test('kill -9 of the parent leaves no validator behind', async () => {
  const network = await startDev({ dataDir, basePort });
  const pids = network.processIds();
  assert.ok(pids.length >= 5);
  await network.stop('SIGKILL');
  await until('the validators end', () => pids.every(isDead), 10_000);
});

function printed(network: DevNetwork, text: string): boolean {
  return network.output().toLowerCase().includes(text.toLowerCase());
}

test.run();
