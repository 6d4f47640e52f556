/** `ehb permissions list|allow|deny|forget|everyone`: who may send and deploy on a permissioned chain. */
import { Argument, Command, Option } from 'commander';
import {
  decodeNamedAccounts,
  encodeForget,
  encodeNamedAccounts,
  encodeSetEveryone,
  encodeSetRights,
  GET_EVERYONE,
  type NamedAccount,
  PERMISSIONS_CONTRACT,
  RIGHTS,
} from '../../genesis/index.ts';
import { asAddress, bytesToHex, hexToBytes } from '../../ledger/model/index.ts';
import type { RpcClient } from '../../rpc/client.ts';

import { askNode } from '../ask-node.ts';
import { sendToContract } from '../contract-transaction.ts';
import { cliError } from '../errors.ts';
import { type Output, table } from '../output.ts';
import { passwordFileOption } from '../password-file.ts';
import { DEFAULT_RPC_URL, parseAddress, parsePositive, parseUrl } from '../values.ts';

type ChangeOptions = {
  readonly deploy?: true;
  readonly administer?: true;
  readonly key: string;
  readonly passwordFile?: string;
  readonly timeout: number;
  readonly json?: true;
};

/** What accounts may that are not named; read by people and by `--json`. */
const EVERYONE_MAY: ReadonlyMap<string, number> = new Map([
  ['nothing', 0],
  ['send', RIGHTS.send],
  ['deploy', RIGHTS.send | RIGHTS.deploy],
]);
/** Accounts of one call. */
const PAGE = 500;
/** Another change of the same contract in between may make this one dearer. */
const SPARE_GAS = 50_000n;

export function permissionsCommand(output: Output): Command {
  const permissions = new Command('permissions').description(
    'who may send transactions and deploy contracts on a permissioned chain',
  );
  permissions.addCommand(listCommand(output));
  permissions.addCommand(allowCommand(output));
  permissions.addCommand(
    changeCommand(output, 'deny', 'say that an account may do nothing', ({ address }) =>
      encodeSetRights({ address, rights: 0 }),
    ),
  );
  permissions.addCommand(
    changeCommand(
      output,
      'forget',
      'have an account be one of everyone again, with their rights',
      ({ address }) => encodeForget(address),
    ),
  );
  permissions.addCommand(everyoneCommand(output));
  return permissions;
}

function listCommand(output: Output): Command {
  return withUrl(new Command('list'))
    .description('list the named accounts with their rights, and the rights of everyone else')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  $ ehb permissions list http://127.0.0.1:8555')
    .action(async (url: string, { json }: { readonly json?: true }) => {
      const { everyone, named } = await askNode(url, readAll);
      const accounts = named.map(({ address, rights }) => ({
        address: bytesToHex(address),
        rights: namesOf(rights),
      }));
      if (json === true) {
        output.out(JSON.stringify({ everyone: namesOf(everyone), accounts }));
        return;
      }
      const rows = accounts.map(({ address, rights }) => [address, textOf(rights)]);
      output.out(output.colours.bold(`${rows.length} named accounts`));
      for (const line of table([...rows, ['everyone else', textOf(namesOf(everyone))]])) {
        output.out(`  ${line}`);
      }
    });
}

function allowCommand(output: Output): Command {
  return changeCommand(
    output,
    'allow',
    'let an account send, and nothing else unless the options say so',
    ({ address }, { deploy, administer }) => {
      const more = (deploy ? RIGHTS.deploy : 0) | (administer ? RIGHTS.administer : 0);
      return encodeSetRights({ address, rights: RIGHTS.send | more });
    },
  )
    .option('--deploy', 'it may deploy contracts')
    .option('--administer', 'it may change rights')
    .addHelpText(
      'after',
      `
The options say all that it may: what it could do before is gone. The last administrator cannot be dropped.`,
    );
}

function everyoneCommand(output: Output): Command {
  return withKey(
    new Command('everyone')
      .description('say what accounts may that are not named')
      .addArgument(new Argument('<right>', 'the most').choices([...EVERYONE_MAY.keys()]))
      .addHelpText('after', exampleOf('everyone send')),
  ).action(async (right: string, url: string, options: ChangeOptions) => {
    await change(output, url, encodeSetEveryone(EVERYONE_MAY.get(right) ?? 0), options);
  });
}

function changeCommand(
  output: Output,
  name: string,
  description: string,
  encode: (account: Pick<NamedAccount, 'address'>, options: ChangeOptions) => Uint8Array,
): Command {
  return withKey(
    new Command(name)
      .description(description)
      .addArgument(new Argument('<address>', 'of the account').argParser(parseAddress))
      .addHelpText('after', exampleOf(`${name} 0x70997970c51812dc3a010c7d01b50e0d17dc79c8`)),
  ).action(async (address: string, url: string, options: ChangeOptions) => {
    const data = encode({ address: asAddress(hexToBytes(address)) }, options);
    await change(output, url, data, options);
  });
}

function exampleOf(call: string): string {
  return `\nExample:\n  $ ehb permissions ${call} --key admin.key`;
}

function withUrl(command: Command): Command {
  return command.addArgument(
    new Argument('[url]', 'JSON-RPC of a node').argParser(parseUrl).default(DEFAULT_RPC_URL),
  );
}

function withKey(command: Command): Command {
  return withUrl(command)
    .addOption(
      new Option('--key <file>', 'key of an administrator, which signs').makeOptionMandatory(),
    )
    .addOption(passwordFileOption('with the password, if the key is encrypted'))
    .option('--timeout <ms>', 'until the change is final', parsePositive, 30_000)
    .option('--json', 'print the result as JSON');
}

async function change(
  output: Output,
  url: string,
  data: Uint8Array,
  { key, passwordFile, timeout, json }: ChangeOptions,
): Promise<void> {
  const { hash, block } = await askNode(url, async (client) => {
    await requireContract(client);
    return await sendToContract(client, {
      contract: PERMISSIONS_CONTRACT,
      data,
      keyFile: key,
      passwordFile,
      spareGas: SPARE_GAS,
      timeoutMs: timeout,
    });
  });
  output.out(
    json === true
      ? JSON.stringify({ ok: true, transaction: hash, block })
      : `done in block ${block}; it holds for every transaction after it`,
  );
}

async function readAll(
  client: RpcClient,
): Promise<{ readonly everyone: number; readonly named: readonly NamedAccount[] }> {
  await requireContract(client);
  const everyone = Number(await ask(client, GET_EVERYONE));
  const named: NamedAccount[] = [];
  for (;;) {
    const data = await ask(client, encodeNamedAccounts(named.length, PAGE));
    const page = decodeNamedAccounts(hexToBytes(data));
    if (page === undefined) throw foreign();
    named.push(...page);
    if (page.length < PAGE) return { everyone, named };
  }
}

function ask(client: RpcClient, data: Uint8Array): Promise<string> {
  const call = { to: bytesToHex(PERMISSIONS_CONTRACT.address), data: bytesToHex(data) };
  return client.request<string>('eth_call', [call, 'latest']);
}

async function requireContract(client: RpcClient): Promise<void> {
  const address = bytesToHex(PERMISSIONS_CONTRACT.address);
  if ((await client.request<string>('eth_getCode', [address, 'latest'])) === '0x') throw foreign();
}

function foreign(): Error {
  const address = bytesToHex(PERMISSIONS_CONTRACT.address);
  return cliError('CLI_NOT_PERMISSIONED', `there is no permission contract of ours at ${address}`);
}

function namesOf(rights: number): readonly string[] {
  return (['send', 'deploy', 'administer'] as const).filter((name) => rights & RIGHTS[name]);
}

function textOf(rights: readonly string[]): string {
  return rights.length === 0 ? 'nothing' : rights.join(', ');
}
