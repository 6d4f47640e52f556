/** `ehb genesis create|show|check`. */
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import {
  createNetworkFiles,
  DEFAULT_GAS_LIMIT,
  DEFAULT_TIMING,
  DEVELOPMENT_BALANCE,
  DEVELOPMENT_CHAIN_ID,
  developmentAccounts,
  type NetworkOptions,
  portsFrom,
  RIGHTS,
  standardPorts,
} from '../../genesis/index.ts';
import { asAddress, hexToBytes } from '../../ledger/model/index.ts';

import { cliError } from '../errors.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import {
  checkLines,
  filesJson,
  filesLines,
  genesisJson,
  genesisLines,
  refusedJson,
} from '../genesis-report.ts';
import type { Output } from '../output.ts';
import { passwordFileOption, passwordFrom } from '../password-file.ts';
import { genesisRefusal, readGenesisFile } from '../read-file.ts';
import {
  parseAddress,
  parseBasePort,
  parseMilliseconds,
  parseQuantity,
  parseValidators,
} from '../values.ts';

export function genesisCommand(output: Output, exit: (code: ExitCode) => void): Command {
  const genesis = new Command('genesis').description(
    'make and inspect the first block of a network',
  );
  genesis.addCommand(createCommand(output));
  genesis.addCommand(showCommand(output));
  genesis.addCommand(checkCommand(output, exit));
  return genesis;
}

type CreateOptions = {
  readonly directory: string;
  readonly validators: number;
  readonly validatorsBy: 'headers' | 'contract';
  readonly permissioned?: readonly string[];
  readonly everyoneMay: 'nothing' | 'send';
  readonly chainId: bigint;
  readonly host: string;
  readonly basePort?: number;
  readonly gasLimit: bigint;
  readonly fund: readonly string[];
  readonly development?: true;
  readonly precompileGas: 'bounded' | 'ethereum';
  readonly blockPeriod: number;
  readonly emptyBlockPeriod: number;
  readonly requestTimeout: number;
  readonly maxRequestTimeout: number;
  readonly passwordFile?: string;
  readonly json?: true;
};

function createCommand(output: Output): Command {
  return new Command('create')
    .description(
      'make the directories of a new network: keys, genesis and configuration of each node',
    )
    .requiredOption('--directory <path>', 'created; must be empty or absent')
    .option('--validators <n>', 'how many', parseValidators, 4)
    .addOption(
      new Option('--validators-by <way>', 'who changes them later: votes in headers, or a contract')
        .choices(['headers', 'contract'])
        .default('headers'),
    )
    .option(
      '--permissioned <address...>',
      'only accounts may send and deploy that these administrators let',
    )
    .addOption(
      new Option(
        '--everyone-may <right>',
        'with --permissioned: what accounts may that nobody named',
      )
        .choices(['nothing', 'send'])
        .default('nothing'),
    )
    .addOption(quantity('--chain-id <id>', 'EIP-155 chain id', DEVELOPMENT_CHAIN_ID))
    .option('--host <address>', 'where every node listens and is reached', '127.0.0.1')
    .option(
      '--base-port <port>',
      'JSON-RPC at port, port+10, ..., p2p three and metrics five above each (default: 8545, 30303 and 9545 counting up by 10)',
      parseBasePort,
    )
    .addOption(quantity('--gas-limit <gas>', 'of a block', DEFAULT_GAS_LIMIT))
    .addOption(
      new Option(
        '--precompile-gas <prices>',
        "of precompiled contracts: Ethereum's, or raised so that none stalls a validator",
      )
        .choices(['bounded', 'ethereum'])
        .default('bounded'),
    )
    .option('--fund <address=coins...>', 'accounts that hold coins from the start', collect, [])
    .option('--development', 'fund the ten public development accounts as well')
    .option(...milliseconds('--block-period', 'least time between two blocks', 'blockPeriodMs'))
    .option(...milliseconds('--empty-block-period', 'idle time, 0 = never', 'emptyBlockPeriodMs'))
    .option(...milliseconds('--request-timeout', 'of round 0, doubling', 'requestTimeoutMs'))
    .option(...milliseconds('--max-request-timeout', 'of any round', 'maxRequestTimeoutMs'))
    .addOption(
      passwordFileOption('its first line is the password that all keys are encrypted with'),
    )
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ ehb genesis create --directory network --development
  $ ehb genesis create --directory network --validators 7 --chain-id 4711 \\
      --host 10.0.0.5 --fund 0x70997970c51812dc3a010c7d01b50e0d17dc79c8=1000
  $ ehb genesis create --directory network --permissioned 0x70997970c51812dc3a010c7d01b50e0d17dc79c8`,
    )
    .action(async (options: CreateOptions) => {
      const files = await createNetworkFiles({
        directory: resolve(options.directory),
        validators: options.validators,
        validatorsBy: options.validatorsBy,
        permissions: permissionsOf(options),
        chainId: options.chainId,
        host: options.host,
        portsOf: options.basePort === undefined ? standardPorts : portsFrom(options.basePort),
        accounts: accountsOf(options),
        timestamp: BigInt(Math.floor(Date.now() / 1000)),
        gasLimit: options.gasLimit,
        password: await passwordFrom(options.passwordFile),
        ...(options.precompileGas === 'ethereum' && { precompileGasFactors: {} }),
        timing: {
          blockPeriodMs: options.blockPeriod,
          emptyBlockPeriodMs: options.emptyBlockPeriod,
          requestTimeoutMs: options.requestTimeout,
          maxRequestTimeoutMs: options.maxRequestTimeout,
        },
      });
      if (options.json === true) output.out(JSON.stringify(filesJson(files)));
      else for (const line of filesLines(files)) output.out(line);
    });
}

function showCommand(output: Output): Command {
  return new Command('show')
    .description('print what a genesis file means: hash, validators, forks, timing')
    .argument('<file>', 'the genesis file')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  $ ehb genesis show network/node-0/genesis.json')
    .action(async (file: string, { json }: { readonly json?: true }) => {
      const parsed = await readGenesisFile(file);
      if (!parsed.ok) throw genesisRefusal(file, parsed);
      const lines = json === true ? [JSON.stringify(genesisJson(parsed))] : genesisLines(parsed);
      for (const line of lines) output.out(line);
    });
}

function checkCommand(output: Output, exit: (code: ExitCode) => void): Command {
  return new Command('check')
    .description('check a genesis file and list all that is wrong with it')
    .argument('<file>', 'the genesis file, ours or of a Besu QBFT network')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  $ ehb genesis check genesis.json')
    .action(async (file: string, { json }: { readonly json?: true }) => {
      const parsed = await readGenesisFile(file);
      exit(parsed.ok ? EXIT.ok : EXIT.refused);
      if (json === true) {
        output.out(JSON.stringify(parsed.ok ? genesisJson(parsed) : refusedJson(parsed)));
        return;
      }
      for (const line of checkLines(file, parsed, output.colours)) output.out(line);
    });
}

function collect(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value];
}

function permissionsOf(options: CreateOptions): NetworkOptions['permissions'] {
  const { permissioned, everyoneMay } = options;
  if (permissioned === undefined) return undefined;
  return {
    administrators: permissioned.map((text) => asAddress(hexToBytes(parseAddress(text)))),
    senders: [],
    everyone: everyoneMay === 'send' ? RIGHTS.send : 0,
  };
}

function accountsOf(options: CreateOptions): NetworkOptions['accounts'] {
  const development = options.development === true ? developmentAccounts : [];
  return [
    ...development.map(({ address }) => ({ address, balance: DEVELOPMENT_BALANCE })),
    ...options.fund.map(parseFunding),
  ];
}

/** `0x<address>=<coins>`; a coin has 18 decimals. */
function parseFunding(text: string): NetworkOptions['accounts'][number] {
  const [, address, whole, fraction = ''] =
    /^(0x[0-9a-fA-F]{40})=([0-9]{1,30})(?:\.([0-9]{1,18}))?$/.exec(text) ?? [];
  if (address === undefined || whole === undefined) {
    throw cliError('CLI_USAGE', `--fund takes 0xADDRESS=COINS, got ${text}`);
  }
  const balance = BigInt(whole + fraction.padEnd(18, '0'));
  return { address: asAddress(hexToBytes(address)), balance };
}

/** Commander prints defaults as JSON, which has no bigint. */
function quantity(flags: string, meaning: string, value: bigint): Option {
  return new Option(flags, meaning).argParser(parseQuantity).default(value, value.toString());
}

function milliseconds(
  flag: string,
  meaning: string,
  field: keyof typeof DEFAULT_TIMING,
): [string, string, (text: string) => number, number] {
  return [`${flag} <ms>`, meaning, parseMilliseconds, DEFAULT_TIMING[field]];
}
