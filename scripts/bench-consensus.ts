/**
 * The speed of agreement: four validators over libp2p on loopback, with empty blocks and with blocks of a
 * thousand transfers, phase by phase.
 *
 * Transactions are in every pool before a block may use them: each account's first nonce is held back until
 * all others wait, so that neither JSON-RPC nor the recovery of senders is measured.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addressOf } from '#crypto';
import { freeBasePort } from '../cli/e2e/harness.ts';
import { createNetworkFiles, portsFrom } from '../genesis/index.ts';
import { bytesToHex, signTransaction } from '../ledger/model/index.ts';
import { temporaryDirectory } from '../ledger/model/testkit/temporary-directory.ts';
import { createClient } from '../rpc/client.ts';
import type { Answer, Command, HeightTimes, NodeReport } from './bench-consensus-node.ts';
import { numberOption } from './number-option.ts';
import { sendBatch } from './send-batch.ts';

type Spread = { readonly p50: number; readonly p95: number };

export type ConsensusLoad = {
  readonly name: string;
  readonly blocks: number;
  /** Blocks that needed more than round 0; they are in no other figure. */
  readonly changedRounds: number;
  readonly perSecond: number;
  /** Milliseconds. Proposal: from the height's begin to the Proposal; then each phase to its end. */
  readonly phases: Readonly<Record<Phase, Spread>>;
  /** Of all validators together, for each block, by kind. */
  readonly traffic: readonly {
    readonly kind: string;
    readonly messages: number;
    readonly bytes: number;
  }[];
  /** Frame bytes on one direction of one connection, for each block: everything, transactions included. */
  readonly linkBytes: number;
  readonly transactionsSent: number;
  /** Processor time that a block costs one validator. */
  readonly cpuMs: number;
};

export type ConsensusResult = {
  readonly validators: number;
  readonly loads: readonly ConsensusLoad[];
};

const PHASES = ['proposal', 'validation', 'prepare', 'commit', 'import', 'interval'] as const;
type Phase = (typeof PHASES)[number];

const VALIDATORS = 4;
const CHAIN_ID = 20_260n;
const TRANSFER_GAS = 21_000n;
const SENDERS = 100;
/** Transactions in one request. */
const A_REQUEST = 100;
const NODE: string = fileURLToPath(new URL('./bench-consensus-node.ts', import.meta.url));

type Options = {
  /** Empty blocks that are measured. */
  readonly empty: number;
  /** Full blocks, and transfers in each. */
  readonly full: number;
  readonly size: number;
  /** Where to write a CPU profile of each validator; undefined: nowhere. */
  readonly profile: string | undefined;
};

/** Options: `--empty`, `--full` (blocks), `--size` (transfers in a block), `--profile DIR`. */
export async function benchConsensus(args: readonly string[]): Promise<ConsensusResult> {
  const options: Options = {
    empty: numberOption(args, '--empty', 300),
    full: numberOption(args, '--full', 12),
    size: numberOption(args, '--size', 1_000),
    profile: args.includes('--profile') ? args[args.indexOf('--profile') + 1] : undefined,
  };
  return {
    validators: VALIDATORS,
    loads: [await runEmpty(options), await runFull(options)],
  };
}

async function runEmpty(options: Options): Promise<ConsensusLoad> {
  // The shortest idle time that there is: each block is asked for as soon as the one before is final.
  return await withNetwork(
    { emptyBlockPeriodMs: 1, gasLimit: 60_000_000n },
    options,
    async (nodes) => {
      await nodes.reach(20);
      await nodes.reports('begin');
      await nodes.reach(20 + options.empty);
      return summary('empty', await nodes.reports('report'));
    },
  );
}

async function runFull(options: Options): Promise<ConsensusLoad> {
  const { full, size } = options;
  const gasLimit = BigInt(size) * TRANSFER_GAS;
  return await withNetwork({ emptyBlockPeriodMs: 0, gasLimit }, options, async (nodes) => {
    const [first, ...rest] = transfers(full * size);
    await nodes.submit(rest.flat());
    await nodes.reports('begin');
    await nodes.submit(first ?? []);
    await nodes.reach(full);
    const load = summary(`${size} transfers`, await nodes.reports('report'));
    return load;
  });
}

/** By nonce, then by sender; signed ahead. */
function transfers(count: number): readonly (readonly string[])[] {
  const keys = senderKeys();
  const perSender = Math.ceil(count / SENDERS);
  return Array.from({ length: perSender }, (_, nonce) =>
    keys.map((key, index) => {
      const to = addressOf(keys[(index + 1) % SENDERS] as Uint8Array);
      const transaction = signTransaction(
        {
          type: 2,
          chainId: CHAIN_ID,
          nonce: BigInt(nonce),
          maxPriorityFeePerGas: 0n,
          maxFeePerGas: 0n,
          gasLimit: TRANSFER_GAS,
          to,
          value: 1n,
          data: new Uint8Array(0),
          accessList: [],
        },
        key,
      );
      return bytesToHex(transaction.raw);
    }),
  );
}

/** The same accounts in every run. */
function senderKeys(): readonly Uint8Array[] {
  return Array.from({ length: SENDERS }, (_, index) => {
    const key = new Uint8Array(32).fill(0x43);
    new DataView(key.buffer).setUint32(28, index + 1);
    return key;
  });
}

type Nodes = {
  /** Sends to each validator, and resolves when each has them. */
  submit(raws: readonly string[]): Promise<void>;
  /** Resolves when the chain has reached that height everywhere. */
  reach(height: number): Promise<void>;
  /** `begin` starts the count anew; `report` gives what was counted. */
  reports(kind: 'begin' | 'report'): Promise<readonly NodeReport[]>;
};

async function withNetwork(
  chain: { readonly emptyBlockPeriodMs: number; readonly gasLimit: bigint },
  options: Options,
  run: (nodes: Nodes) => Promise<ConsensusLoad>,
): Promise<ConsensusLoad> {
  const files = await createNetworkFiles({
    directory: join(temporaryDirectory(), 'nodes'),
    validators: VALIDATORS,
    chainId: CHAIN_ID,
    host: '127.0.0.1',
    portsOf: portsFrom(await freeBasePort(VALIDATORS)),
    accounts: senderKeys().map((key) => ({ address: addressOf(key), balance: 10n ** 18n })),
    timestamp: 0n,
    gasLimit: chain.gasLimit,
    timing: {
      blockPeriodMs: 0,
      emptyBlockPeriodMs: chain.emptyBlockPeriodMs,
      requestTimeoutMs: 10_000,
      maxRequestTimeoutMs: 20_000,
    },
  });
  const children = files.nodes.map(({ directory }) =>
    fork(NODE, [directory], {
      execArgv: profileArguments(options),
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    }),
  );
  try {
    const ready = await Promise.all(children.map((child) => answerOf(child, 'ready')));
    return await run(
      nodesOf(
        children,
        ready.map(({ rpcUrl }) => rpcUrl),
      ),
    );
  } finally {
    for (const child of children)
      if (child.connected) child.send({ kind: 'stop' } satisfies Command);
    await Promise.all(children.map(async (child) => child.exitCode ?? (await once(child, 'exit'))));
  }
}

function profileArguments({ profile }: Options): string[] {
  return profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile];
}

function nodesOf(children: readonly ChildProcess[], urls: readonly string[]): Nodes {
  return {
    submit: async (raws) => {
      await Promise.all(urls.map((url) => submit(url, raws)));
    },
    reach: async (height) => {
      await Promise.all(urls.map((url) => reach(url, height)));
    },
    reports: async (kind) => {
      for (const child of children) child.send({ kind } satisfies Command);
      if (kind === 'begin') return [];
      const answers = await Promise.all(children.map((child) => answerOf(child, 'report')));
      return answers.map(({ report }) => report);
    },
  };
}

async function submit(url: string, raws: readonly string[]): Promise<void> {
  for (let at = 0; at < raws.length; at += A_REQUEST) {
    await sendBatch(url, raws.slice(at, at + A_REQUEST), { mayBeThere: true });
  }
}

/** Woken by new heads, so that the validators answer nothing while they work. */
async function reach(url: string, height: number): Promise<void> {
  const socket = new WebSocket(url.replace('http', 'ws'));
  try {
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => {
        socket.send('{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}');
        createClient({ url })
          .request('eth_blockNumber', [])
          .then((number) => {
            if (Number(number) >= height) resolve();
          }, reject);
      };
      socket.onmessage = ({ data }) => {
        const { params } = JSON.parse(String(data));
        if (Number(params?.result?.number ?? -1) >= height) resolve();
      };
      socket.onerror = () => reject(new TypeError(`the WebSocket of ${url} has failed`));
    });
  } finally {
    socket.close();
  }
}

async function answerOf<K extends Answer['kind']>(
  child: ChildProcess,
  kind: K,
): Promise<Extract<Answer, { kind: K }>> {
  return await new Promise((resolve, reject) => {
    const onMessage = (message: unknown): void => {
      const answer = message as Answer; // of our own program
      if (answer.kind !== kind) return;
      child.off('message', onMessage);
      child.off('exit', onExit);
      resolve(answer as Extract<Answer, { kind: K }>);
    };
    const onExit = (code: number | null): void =>
      reject(new Error(`a validator ended with ${code} before it said ${kind}`));
    child.on('message', onMessage);
    child.once('exit', onExit);
  });
}

function summary(name: string, reports: readonly NodeReport[]): ConsensusLoad {
  const all = reports.flatMap(({ heights }) => heights);
  const straight = all.filter(({ isStraight }) => isStraight);
  const samples = Object.fromEntries(PHASES.map((phase) => [phase, [] as number[]]));
  for (const times of straight) {
    for (const [phase, duration] of Object.entries(durationsOf(times))) {
      if (duration !== undefined) samples[phase]?.push(duration);
    }
  }
  for (const { heights } of reports) {
    for (const [index, { begun }] of heights.entries()) {
      const before = heights[index - 1];
      if (before !== undefined) samples['interval']?.push(begun - before.begun);
    }
  }
  const blocks = Math.max(...reports.map(({ heights }) => heights.length));
  const seconds = Math.max(...reports.map(({ heights }) => spanOf(heights))) / 1_000;
  const links = VALIDATORS * (VALIDATORS - 1);
  return {
    name,
    blocks,
    changedRounds: blocks - new Set(straight.map(({ height }) => height)).size,
    perSecond: (blocks - 1) / seconds,
    phases: Object.fromEntries(
      PHASES.map((phase) => [phase, spreadOf(samples[phase] ?? [])]),
    ) as Record<Phase, Spread>,
    traffic: trafficOf(reports, blocks),
    linkBytes: sum(reports.map(({ bytesSent }) => bytesSent)) / blocks / links,
    transactionsSent: sum(reports.map(({ transactionsSent }) => transactionsSent)) / blocks,
    cpuMs: sum(reports.map(({ cpuMs }) => cpuMs)) / blocks / VALIDATORS,
  };
}

function durationsOf(times: HeightTimes): Partial<Record<Phase, number>> {
  const { begun, proposed, validated, prepared, committed, imported } = times;
  const between = (from: number | undefined, to: number | undefined): number | undefined =>
    from === undefined || to === undefined ? undefined : to - from;
  const durations: Record<string, number | undefined> = {
    proposal: between(begun, proposed),
    // The proposer has executed its block while it built it.
    validation: times.isOwn ? undefined : between(proposed, validated),
    prepare: between(validated, prepared),
    commit: between(prepared, committed),
    import: between(committed, imported),
  };
  return Object.fromEntries(Object.entries(durations).filter(([, value]) => value !== undefined));
}

function spanOf(heights: readonly HeightTimes[]): number {
  return (heights.at(-1)?.begun ?? 0) - (heights[0]?.begun ?? 0);
}

function trafficOf(reports: readonly NodeReport[], blocks: number): ConsensusLoad['traffic'] {
  const kinds = [...new Set(reports.flatMap(({ consensus }) => Object.keys(consensus)))];
  const of = (kind: string, what: 'messages' | 'bytes'): number =>
    sum(reports.map(({ consensus }) => consensus[kind]?.[what] ?? 0)) / blocks;
  return kinds.map((kind) => ({ kind, messages: of(kind, 'messages'), bytes: of(kind, 'bytes') }));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { p50: at(0.5), p95: at(0.95) };
}

/** The result as Markdown. */
export function consensusTable({ validators, loads }: ConsensusResult): string {
  const rows = loads.map(({ name, blocks, changedRounds, perSecond, phases, cpuMs }) => {
    const cells = PHASES.map((phase) => {
      const { p50, p95 } = phases[phase];
      return `${p50.toFixed(1)} / ${p95.toFixed(1)}`;
    });
    return `| ${name} | ${blocks} | ${changedRounds} | ${perSecond.toFixed(1)} | ${cpuMs.toFixed(1)} | ${cells.join(' | ')} |`;
  });
  const traffic = loads.flatMap(({ name, traffic: kinds, linkBytes, transactionsSent }) => [
    ...kinds.map(
      ({ kind, messages, bytes }) =>
        `| ${name} | ${kind} | ${messages.toFixed(1)} | ${bytes.toFixed(0)} | ${(bytes / Math.max(messages, 1)).toFixed(0)} |`,
    ),
    `| ${name} | all frames | | ${(linkBytes * validators * (validators - 1)).toFixed(0)} | |`,
    `| ${name} | transactions | ${transactionsSent.toFixed(1)} | | |`,
  ]);
  return [
    '### consensus',
    '',
    `${validators} validators, each a process, over libp2p on loopback, with no gap between blocks;`,
    'milliseconds, p50 / p95 over all blocks and validators; CPU: of one validator, a block. Traffic: of all',
    'validators together, a block.',
    '',
    `| load | blocks | beyond round 0 | a second | CPU ms | ${PHASES.join(' | ')} |`,
    `|---|---:|---:|---:|---:|${PHASES.map(() => '---:|').join('')}`,
    ...rows,
    '',
    '| load | sent | messages a block | bytes a block | bytes a message |',
    '|---|---|---:|---:|---:|',
    ...traffic,
    '',
  ].join('\n');
}
