/**
 * Four validators as real processes, driven from outside over JSON-RPC as wallets would: final
 * transactions a second, time from send to inclusion, processor time and memory per validator.
 *
 * Transactions are signed ahead. Throughput keeps a window of unfinished transactions open on every
 * validator; latency sends at a fixed low rate. The generator shares the machine with the network,
 * so the figures are a lower bound.
 */

import { addressOf } from '#crypto';
import { accountAt, CHAIN_ID, privateKeyAt } from '../cli/e2e/accounts.ts';
import { type DevNetwork, freeBasePort, startDev } from '../cli/e2e/harness.ts';
import { useOf } from '../cli/e2e/processes.ts';
import {
  asAddress,
  bytesToHex,
  contractAddress,
  hexToBytes,
  signTransaction,
} from '../ledger/model/index.ts';
import { temporaryDirectory } from '../ledger/model/testkit/temporary-directory.ts';
import { compileToken } from '../vm/testkit/solidity.ts';
import { createInclusionWatch, type InclusionWatch } from './inclusion-watch.ts';
import { numberOption } from './number-option.ts';
import { sendBatch } from './send-batch.ts';

type Signed = { readonly hash: string; readonly raw: string };

type Call = {
  readonly to: Uint8Array | undefined;
  readonly value: bigint;
  readonly data: Uint8Array;
  readonly gasLimit: bigint;
};

type Sender = { readonly key: Uint8Array; readonly address: Uint8Array; nonce: bigint };

export type LoadResult = {
  readonly name: string;
  readonly transactions: number;
  readonly perSecond: number;
  readonly blocks: number;
  /** Send to the arrival of the block at an observer; at the low rate of the latency run. */
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number };
  readonly validators: readonly {
    /** Of one core. */
    readonly cpuPercent: number;
    readonly residentMib: number;
    readonly peakMib: number;
  }[];
};

export type NetworkResult = { readonly validators: number; readonly loads: readonly LoadResult[] };

type Options = {
  readonly count: number;
  readonly validators: number;
  readonly window: number;
  readonly batch: number;
};

const SENDERS = 100;
const LATENCY_RATE = 50;
/** Each transaction goes to one validator only, so a refusal is always a fault. */
const EACH_ONCE = { mayBeThere: false } as const;
const LATENCY_COUNT = 500;
const TRANSFER_GAS = 21_000n;
const TOKEN_GAS = 70_000n;
const DEPLOY_GAS = 3_000_000n;
/** `transfer(address,uint256)`. */
const TRANSFER_SELECTOR = 'a9059cbb';

/** Options: `--count`, `--validators`, `--window` (unfinished at once), `--batch` (a request). */
export async function benchNetwork(args: readonly string[]): Promise<NetworkResult> {
  const options: Options = {
    count: numberOption(args, '--count', 10_000),
    validators: numberOption(args, '--validators', 4),
    window: numberOption(args, '--window', 2_000),
    batch: numberOption(args, '--batch', 20),
  };
  const network = await startDev({
    dataDir: temporaryDirectory(),
    basePort: await freeBasePort(options.validators),
    validators: options.validators,
    fresh: true,
  });
  try {
    const watch = await createInclusionWatch(network.urls[0] as string);
    try {
      return { validators: options.validators, loads: await runLoads(network, watch, options) };
    } finally {
      watch.close();
    }
  } finally {
    await network.stop('SIGTERM');
  }
}

async function runLoads(
  network: DevNetwork,
  watch: InclusionWatch,
  options: Options,
): Promise<readonly LoadResult[]> {
  const bank: Sender = {
    key: hexToBytes(privateKeyAt(0)),
    address: hexToBytes(accountAt(0).address),
    nonce: 0n,
  };
  const senders = makeSenders();
  const none = new Uint8Array(0);
  const fund = senders.map(({ address }) =>
    sign(bank, { to: address, value: 10n ** 18n, data: none, gasLimit: TRANSFER_GAS }),
  );
  await finish(network, watch, fund, options);
  const tokenAddress = contractAddress(asAddress(bank.address), bank.nonce);
  const creation = compileToken().creation;
  const deploy = sign(bank, { to: undefined, value: 0n, data: creation, gasLimit: DEPLOY_GAS });
  const give = senders.map(({ address }) =>
    sign(bank, tokenTransfer(tokenAddress, address, 10n ** 24n)),
  );
  await finish(network, watch, [deploy, ...give], options);
  const targets = senders.map(({ address }) => address);
  const targetOf = (index: number): Uint8Array => targets[(index * 7 + 1) % SENDERS] as Uint8Array;
  const transfer = (index: number): Call => ({
    to: targetOf(index),
    value: 1n,
    data: none,
    gasLimit: TRANSFER_GAS,
  });
  const token = (index: number): Call => tokenTransfer(tokenAddress, targetOf(index), 1n);
  return [
    await runLoad('transfers', transfer, senders, network, watch, options),
    await runLoad('ERC-20 transfers', token, senders, network, watch, options),
  ];
}

async function runLoad(
  name: string,
  call: (index: number) => Call,
  senders: readonly Sender[],
  network: DevNetwork,
  watch: InclusionWatch,
  options: Options,
): Promise<LoadResult> {
  const make = (count: number): readonly Signed[] =>
    Array.from({ length: count }, (_, index) =>
      sign(senders[index % SENDERS] as Sender, call(index)),
    );
  const steady = make(LATENCY_COUNT);
  const latencies = await sendSteadily(network, watch, steady);
  const transactions = make(options.count);
  const pids = network.urls.map((_, index) => network.validatorPid(index));
  const before = pids.map((pid) => (pid === undefined ? undefined : useOf(pid)));
  const blocksBefore = watch.blocks();
  const startedMs = performance.now();
  await finish(network, watch, transactions, options);
  const seconds = (performance.now() - startedMs) / 1_000;
  const validators = pids.map((pid, index) => {
    const after = pid === undefined ? undefined : useOf(pid);
    const cpuSeconds = (after?.cpuSeconds ?? 0) - (before[index]?.cpuSeconds ?? 0);
    return {
      cpuPercent: (100 * cpuSeconds) / seconds,
      residentMib: (after?.residentBytes ?? 0) / 2 ** 20,
      peakMib: (after?.peakResidentBytes ?? 0) / 2 ** 20,
    };
  });
  return {
    name,
    transactions: options.count,
    perSecond: options.count / seconds,
    blocks: watch.blocks() - blocksBefore,
    latencyMs: percentiles(latencies),
    validators,
  };
}

/** Deterministic keys: the same accounts in every run. */
function makeSenders(): readonly Sender[] {
  return Array.from({ length: SENDERS }, (_, index) => {
    const key = new Uint8Array(32).fill(0x42);
    new DataView(key.buffer).setUint32(28, index + 1);
    return { key, address: addressOf(key), nonce: 0n };
  });
}

function tokenTransfer(token: Uint8Array, to: Uint8Array, amount: bigint): Call {
  const words = `${bytesToHex(to).slice(2).padStart(64, '0')}${amount.toString(16).padStart(64, '0')}`;
  return {
    to: token,
    value: 0n,
    data: hexToBytes(`${TRANSFER_SELECTOR}${words}`),
    gasLimit: TOKEN_GAS,
  };
}

function sign(sender: Sender, { to, value, data, gasLimit }: Call): Signed {
  const transaction = signTransaction(
    {
      type: 2,
      chainId: BigInt(CHAIN_ID),
      nonce: sender.nonce,
      gasLimit,
      to: to === undefined ? undefined : asAddress(to),
      value,
      data,
      accessList: [],
      maxFeePerGas: 0n,
      maxPriorityFeePerGas: 0n,
    },
    sender.key,
  );
  sender.nonce += 1n;
  return { hash: bytesToHex(transaction.hash), raw: bytesToHex(transaction.raw) };
}

/** Sends all through all validators, a window at a time, and resolves when all are final. */
async function finish(
  network: DevNetwork,
  watch: InclusionWatch,
  transactions: readonly Signed[],
  { window, batch }: Options,
): Promise<void> {
  const waits: Promise<number>[] = [];
  let unfinished = 0;
  let next = 0;
  let wake = (): void => {};
  const sendFrom = async (url: string): Promise<void> => {
    while (next < transactions.length) {
      if (unfinished >= window) {
        await new Promise<void>((resume) => {
          const before = wake;
          wake = () => {
            before();
            resume();
          };
        });
        continue;
      }
      const part = transactions.slice(next, next + batch);
      next += part.length;
      unfinished += part.length;
      for (const { hash } of part) {
        const wait = watch.inclusionOf(hash);
        waits.push(wait);
        wait.then(
          () => {
            unfinished -= 1;
            const all = wake;
            wake = () => {};
            all();
          },
          () => {},
        );
      }
      await sendBatch(
        url,
        part.map(({ raw }) => raw),
        EACH_ONCE,
      );
    }
  };
  // Two connections a validator: one request is read while the other is answered.
  await Promise.all([...network.urls, ...network.urls].map(sendFrom));
  await Promise.all(waits);
}

/** Sends at a fixed rate, one validator after the other; milliseconds from send to block. */
async function sendSteadily(
  network: DevNetwork,
  watch: InclusionWatch,
  transactions: readonly Signed[],
): Promise<readonly number[]> {
  const startedMs = performance.now();
  const latencies = transactions.map(async (transaction, index) => {
    const dueMs = startedMs + (1_000 * index) / LATENCY_RATE;
    await new Promise((resume) => setTimeout(resume, Math.max(0, dueMs - performance.now())));
    const sentMs = performance.now();
    const included = watch.inclusionOf(transaction.hash);
    await sendBatch(
      network.urls[index % network.urls.length] as string,
      [transaction.raw],
      EACH_ONCE,
    );
    return (await included) - sentMs;
  });
  return Promise.all(latencies);
}

function percentiles(values: readonly number[]): LoadResult['latencyMs'] {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** The result as Markdown. */
export function networkTable({ validators, loads }: NetworkResult): string {
  const rows = loads.map(
    ({ name, transactions, perSecond, blocks, latencyMs, validators: use }) => {
      const average = (pick: (each: (typeof use)[number]) => number): string =>
        (use.reduce((sum, each) => sum + pick(each), 0) / use.length).toFixed(0);
      const latency = [latencyMs.p50, latencyMs.p95, latencyMs.p99].map((ms) => ms.toFixed(0));
      return `| ${name} | ${transactions} | ${perSecond.toFixed(0)} | ${blocks} | ${latency.join(' / ')} | ${average((each) => each.cpuPercent)} % | ${average((each) => each.residentMib)} / ${average((each) => each.peakMib)} |`;
    },
  );
  return [
    '### network',
    '',
    `${validators} validators and the load generator on one machine; latency at ${LATENCY_RATE} a second.`,
    '',
    '| load | transactions | final a second | blocks | p50 / p95 / p99 ms | CPU a validator | memory / peak MiB |',
    '|---|---:|---:|---:|---:|---:|---:|',
    ...rows,
    '',
  ].join('\n');
}
