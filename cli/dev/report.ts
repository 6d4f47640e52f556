/** What `ehb dev` says: words for people, or one JSON object a line. */
import { developmentAccounts } from '../../genesis/index.ts';
import { bytesToHex } from '../../ledger/model/index.ts';
import { type Colours, type Output, table } from '../output.ts';
import { VERSION } from '../version.ts';
import type { BlockSummary } from './block-feed.ts';
import type { ProcessEnd } from './supervisor.ts';

export type RunningValidator = {
  readonly name: string;
  readonly address: string;
  readonly rpcUrl: string;
  readonly wsUrl: string;
  readonly p2pPort: number;
  readonly metricsPort: number;
};

export type DevReport = {
  started(network: {
    readonly chainId: bigint;
    readonly directory: string;
    readonly isNew: boolean;
    /** Of the head when it started. */
    readonly height: number;
    readonly validators: readonly RunningValidator[];
  }): void;
  block(block: BlockSummary): void;
  died(name: string, end: ProcessEnd, againInMs: number): void;
  returned(name: string): void;
  error(name: string, message: string): void;
  stopping(): void;
};

export function createDevReport(output: Output, json: boolean): DevReport {
  return json ? createJsonReport(output) : createTextReport(output);
}

function createJsonReport({ out }: Output): DevReport {
  const print = (event: string, fields: object): void => out(JSON.stringify({ event, ...fields }));
  return {
    started: ({ chainId, ...network }) =>
      print('started', {
        version: VERSION,
        chainId: Number(chainId),
        ...network,
        accounts: accounts(),
      }),
    block: ({ gasUsed, ...block }) => print('block', { ...block, gasUsed: gasUsed.toString() }),
    died: (name, end, againInMs) => print('died', { name, ...end, againInMs }),
    returned: (name) => print('returned', { name }),
    error: (name, message) => print('error', { name, message }),
    stopping: () => print('stopping', {}),
  };
}

function createTextReport({ out, colours }: Output): DevReport {
  return {
    started: (network) => {
      for (const line of banner(network, colours)) out(line);
    },
    block: ({ number, transactions, gasUsed, timestamp, hash }) => {
      const count = `${transactions} ${transactions === 1 ? 'transaction' : 'transactions'}`;
      const time = new Date(timestamp * 1000).toISOString().slice(11, 19);
      const block = colours.green(`block ${number}`);
      out(`${block}  ${count}  ${gasUsed} gas  ${colours.dim(`${time}Z  ${hash.slice(0, 18)}`)}`);
    },
    died: (name, { code, signal }, againInMs) => {
      const how = signal === undefined ? `exit code ${code ?? 'unknown'}` : signal;
      const message = `${name} ended (${how}); it starts again in ${againInMs} ms`;
      out(`${colours.yellow('restart')} ${message}`);
    },
    returned: (name) => out(`${colours.green('back')} ${name} runs again`),
    error: (name, message) => out(`${colours.red(name)} ${message}`),
    stopping: () => out(colours.dim('stopping; press Ctrl-C again to force')),
  };
}

function banner(network: Parameters<DevReport['started']>[0], colours: Colours): readonly string[] {
  const { chainId, directory, isNew, height, validators } = network;
  const { bold, dim, yellow, cyan } = colours;
  const state = isNew ? 'new chain' : `goes on from block ${height}`;
  const [first, second] = accounts();
  const url = validators[0]?.rpcUrl ?? '';
  return [
    `${bold(`EHB ${VERSION}`)}  development network, chain id ${bold(chainId.toString())}, ${state}`,
    dim(`data in ${directory}`),
    '',
    bold(`Validators (${validators.length})`),
    ...table(
      validators.map(({ name, address, rpcUrl, wsUrl, p2pPort, metricsPort }) => [
        `  ${name}`,
        address,
        rpcUrl,
        wsUrl,
        `p2p ${p2pPort}`,
        `metrics ${metricsPort}`,
      ]),
    ),
    '',
    bold('Funded accounts: address, private key'),
    ...accounts().map(
      ({ address, privateKey }, index) => `  (${index}) ${address} ${dim(privateKey)}`,
    ),
    yellow('  These keys are public. Whatever you send to them on another network is lost.'),
    '',
    bold('Next'),
    `  ${cyan(`npx cast send ${second?.address} --value 1ether --rpc-url ${url} --private-key ${first?.privateKey}`)}`,
    `  ${cyan(`ehb status ${validators.map(({ rpcUrl }) => rpcUrl).join(' ')}`)}`,
    dim(
      '  Any gas price is accepted, also 0. Ctrl-C stops the network; it goes on at the next start.',
    ),
    '',
  ];
}

function accounts(): readonly { readonly address: string; readonly privateKey: string }[] {
  return developmentAccounts.map(({ address, privateKey }) => ({
    address: bytesToHex(address),
    privateKey: bytesToHex(privateKey),
  }));
}
