// time-limit: 240 s
/** The libraries that people use, against every validator of the development network. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ethers } from 'ethers';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Abi, getAddress, type Hex, parseEventLogs } from 'viem';
import { bytesToHex } from '../../ledger/model/index.ts';
import { temporaryDirectory } from '../../ledger/model/testkit/temporary-directory.ts';
import { compileToken } from '../../vm/testkit/solidity.ts';
import { accountAt, ethersAt, privateKeyAt, viemAt } from './accounts.ts';
import {
  blockHashes,
  type DevNetwork,
  describeNetwork,
  freeBasePort,
  heightOf,
  startDev,
} from './harness.ts';
import { until } from './until.ts';

const test = suite('wallets on the development network');
const CAST = fileURLToPath(new URL('../../node_modules/.bin/cast', import.meta.url));
const PORTS = [0, 1, 2, 3] as const;
/** A block takes well under a second; a stall should be told as one. */
const WAIT_MS = 30_000;
const token = compileToken();
const abi = token.abi as Abi;
const bytecode = bytesToHex(token.creation) as Hex;
let network: DevNetwork;

test.before(async () => {
  network = await startDev({ dataDir: temporaryDirectory(), basePort: await freeBasePort() });
});

test.after(async () => {
  console.log(await describeNetwork(network));
  await network.stop('SIGTERM');
});

function urlAt(index: number): string {
  return network.urls[index] as string;
}

/** All nodes have the block: a read from any of them sees it. */
async function everywhere(height: bigint | number): Promise<void> {
  await until(
    `block ${height} on all nodes`,
    async () =>
      (await Promise.all(network.clients.map(heightOf))).every((own) => own >= Number(height)),
    10_000,
  );
}

/** Runs cast without blocking this process; returns what it printed. */
function cast(...args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [CAST, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  return new Promise((done, fail) => {
    child.once('close', (code) => {
      if (code === 0) done(output.trim());
      else fail(new Error(`cast ${args[0]} ended with ${code}: ${errors}`));
    });
  });
}

for (const port of PORTS) {
  test(`viem deploys and uses a token through validator ${port}`, async () => {
    const owner = accountAt(port);
    const { reader, wallet } = viemAt(urlAt(port), owner);
    const deployed = await reader.waitForTransactionReceipt({
      hash: await wallet.deployContract({ abi, bytecode }),
    });
    const address = deployed.contractAddress;
    assert.ok(address);
    const to = accountAt(9).address;
    const sent = await reader.waitForTransactionReceipt({
      hash: await wallet.writeContract({
        address,
        abi,
        functionName: 'transfer',
        args: [to, 5n],
      }),
    });
    const [event] = parseEventLogs({ abi, logs: sent.logs, eventName: 'Transfer' });
    assert.equal(event?.args, { from: owner.address, to, value: 5n });
    await everywhere(sent.blockNumber);
    for (const other of PORTS) {
      const { reader: elsewhere } = viemAt(urlAt(other), owner);
      const call = { address, abi, functionName: 'balanceOf', args: [to] } as const;
      assert.is(await elsewhere.readContract(call), 5n);
      const events = await elsewhere.getContractEvents({
        address,
        abi,
        eventName: 'Transfer',
        fromBlock: 0n,
      });
      assert.is(events.length, 2, 'the mint and the transfer');
    }
  });

  test(`ethers deploys and uses a token through validator ${port}`, async () => {
    const wallet = ethersAt(urlAt(port), privateKeyAt(port));
    try {
      const factory = new ethers.ContractFactory(
        token.abi as ethers.InterfaceAbi,
        bytecode,
        wallet,
      );
      const contract = (await factory.deploy()) as ethers.Contract; // its methods come from the ABI
      await contract.deploymentTransaction()?.wait(1, WAIT_MS);
      const to = accountAt(8).address;
      const response = (await contract.getFunction('transfer')(
        to,
        7n,
      )) as ethers.TransactionResponse;
      const receipt = await response.wait(1, WAIT_MS);
      assert.is(receipt?.status, 1);
      assert.is(await contract.getFunction('balanceOf')(to), 7n);
      const events = await contract.queryFilter('Transfer', 0);
      assert.is(events.length, 2, 'the mint and the transfer');
    } finally {
      (wallet.provider as ethers.JsonRpcProvider).destroy();
    }
  });

  test(`cast deploys and uses a token through validator ${port}`, async () => {
    const rpc = ['--rpc-url', urlAt(port)];
    const key = ['--private-key', privateKeyAt(port)];
    const deployed = JSON.parse(
      await cast('send', ...rpc, ...key, '--json', '--create', bytecode),
    ) as { contractAddress: string; status: string };
    assert.is(deployed.status, '0x1');
    const address = getAddress(deployed.contractAddress);
    const to = accountAt(7).address;
    const sent = JSON.parse(
      await cast('send', ...rpc, ...key, '--json', address, 'transfer(address,uint256)', to, '9'),
    ) as { status: string; blockNumber: string; logs: readonly unknown[] };
    assert.is(sent.status, '0x1');
    assert.is(sent.logs.length, 1);
    await everywhere(Number(sent.blockNumber));
    for (const other of PORTS) {
      const url = ['--rpc-url', urlAt(other)];
      assert.is(await cast('call', ...url, address, 'balanceOf(address)(uint256)', to), '9');
    }
    const logs = await cast('logs', ...rpc, '--from-block', '0', '--address', address, '--json');
    assert.is((JSON.parse(logs) as unknown[]).length, 2);
  });
}

test('all four validators report the same hash at every height', async () => {
  const height = Math.min(...(await Promise.all(network.clients.map(heightOf))));
  assert.ok(height > 0);
  const chains = await Promise.all(network.clients.map((each) => blockHashes(each, 0, height)));
  for (const chain of chains) assert.equal(chain, chains[0]);
});

test('nonces 0 to 9 of one account, spread over four nodes in random order, become final', async () => {
  const seed = Number(process.env['EHB_SEED'] ?? Date.now() % 1_000_000);
  console.log(`rerun with EHB_SEED=${seed}`);
  const account = accountAt(6);
  const order = shuffled([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], seed);
  const { reader } = viemAt(urlAt(0), account);
  const first = await reader.getTransactionCount({ address: account.address });
  const hashes = await Promise.all(
    order.map(async (offset, index) => {
      const { wallet } = viemAt(urlAt((index + seed) % PORTS.length), account);
      return wallet.sendTransaction({
        to: accountAt(5).address,
        value: 1n,
        nonce: first + offset,
        gas: 21_000n,
      });
    }),
  );
  for (const hash of hashes) {
    const receipt = await reader.waitForTransactionReceipt({ hash, timeout: WAIT_MS });
    assert.is(receipt.status, 'success');
  }
});

/** A permutation that the seed decides (a linear congruential generator will do). */
function shuffled(items: readonly number[], seed: number): readonly number[] {
  const result = [...items];
  let state = seed;
  for (let last = result.length - 1; last > 0; last -= 1) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    const other = state % (last + 1);
    [result[last], result[other]] = [result[other] as number, result[last] as number];
  }
  return result;
}

test.run();
