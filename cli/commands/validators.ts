/** `ehb validators list|propose|discard`: who makes blocks, and how that changes. */
import { Argument, Command } from 'commander';
import type { RpcClient, ValidatorsJson } from '../../rpc/client.ts';
import { askNode } from '../ask-node.ts';
import { voteInContract } from '../contract-vote.ts';
import { type Colours, type Output, table } from '../output.ts';
import { passwordFileOption } from '../password-file.ts';
import { DEFAULT_RPC_URL, parseAddress, parsePositive, parseUrl } from '../values.ts';

type VoteOptions = {
  readonly drop?: true;
  readonly force?: true;
  readonly key?: string;
  readonly passwordFile?: string;
  readonly timeout: number;
  readonly json?: true;
};

/** What came of a vote; `block` and the rest where it was a transaction. */
type Outcome = {
  readonly address: string;
  readonly action: 'add' | 'drop' | 'discard' | 'none';
  readonly transaction?: string;
  readonly block?: string;
};

export function validatorsCommand(output: Output): Command {
  const validators = new Command('validators').description(
    'who makes blocks, and votes to change that',
  );
  validators.addCommand(listCommand(output));
  validators.addCommand(proposeCommand(output));
  validators.addCommand(discardCommand(output));
  return validators;
}

function listCommand(output: Output): Command {
  return withUrl(new Command('list'))
    .description('list the validators of the next block, and the votes that are under way')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ ehb validators list
  $ ehb validators list http://127.0.0.1:8555 --json`,
    )
    .action(async (url: string, { json }: { readonly json?: true }) => {
      const report = await askNode(url, (client) => client.request('ehb_validators', []));
      const lines = json === true ? [JSON.stringify(report)] : reportLines(report, output.colours);
      for (const line of lines) output.out(line);
    });
}

function proposeCommand(output: Output): Command {
  return withVote(new Command('propose'))
    .description('have the validator of a node vote to add a validator, or to drop one')
    .option('--drop', 'vote to drop it')
    .option('--force', 'also if the set that follows has no connected quorum')
    .addHelpText(
      'after',
      `
More than half of the validators must vote for it; ask a node of each. A vote in headers is cast in the
blocks that the node makes, until the set is so. Where a contract names the validators, the vote is a
transaction, signed with the validator key of --key.

Run it on the machine of the node: others may not change what a node does.

Examples:
  $ ehb validators propose 0x70997970c51812dc3a010c7d01b50e0d17dc79c8
  $ ehb validators propose 0x70997970c51812dc3a010c7d01b50e0d17dc79c8 http://127.0.0.1:8555 --drop
  $ ehb validators propose 0x70997970c51812dc3a010c7d01b50e0d17dc79c8 --key node-0/validator.key`,
    )
    .action(async (address: string, url: string, options: VoteOptions) => {
      const add = options.drop !== true;
      const outcome = await askNode(url, async (client): Promise<Outcome> => {
        const report = await client.request('ehb_validators', []);
        const isMember = report.validators.some((one) => one.address === address);
        if (report.source === 'contract') {
          if (isMember === add) return { address, action: 'none' };
          const { hash, block } = await castInContract(client, report, address, add, options);
          return { address, action: add ? 'add' : 'drop', transaction: hash, block };
        }
        await client.request('qbft_proposeValidatorVote', [address, add, options.force === true]);
        const pending = await client.request('qbft_getPendingVotes', []);
        // A lone validator's vote may have come true already.
        const isUseless = isMember === add && !(address in pending);
        return { address, action: isUseless ? 'none' : add ? 'add' : 'drop' };
      });
      print(output, options, outcome);
    });
}

function discardCommand(output: Output): Command {
  return withVote(new Command('discard'))
    .description('have the validator of a node no longer want a vote')
    .addHelpText(
      'after',
      `
A vote that was cast in a header already counts on until the epoch ends: propose the opposite to take it
back. Where a contract names the validators, the vote is taken back by a transaction.

Examples:
  $ ehb validators discard 0x70997970c51812dc3a010c7d01b50e0d17dc79c8
  $ ehb validators discard 0x70997970c51812dc3a010c7d01b50e0d17dc79c8 --key node-0/validator.key`,
    )
    .action(async (address: string, url: string, options: VoteOptions) => {
      const outcome = await askNode(url, async (client): Promise<Outcome> => {
        const report = await client.request('ehb_validators', []);
        if (report.source === 'contract') {
          const { hash, block } = await castInContract(client, report, address, undefined, options);
          return { address, action: 'discard', transaction: hash, block };
        }
        const pending = await client.request('qbft_getPendingVotes', []);
        await client.request('qbft_discardValidatorVote', [address]);
        return { address, action: address in pending ? 'discard' : 'none' };
      });
      print(output, options, outcome);
    });
}

function withUrl(command: Command): Command {
  return command.addArgument(
    new Argument('[url]', 'JSON-RPC of the node').argParser(parseUrl).default(DEFAULT_RPC_URL),
  );
}

function withVote(command: Command): Command {
  return withUrl(
    command.addArgument(new Argument('<address>', 'of the validator').argParser(parseAddress)),
  )
    .option('--key <file>', 'validator key that signs a vote in a contract')
    .addOption(passwordFileOption('with the password, if that key is encrypted'))
    .option('--timeout <ms>', 'until such a vote is final', parsePositive, 30_000)
    .option('--json', 'print the result as JSON');
}

function castInContract(
  client: RpcClient,
  report: ValidatorsJson,
  recipient: string,
  add: boolean | undefined,
  { key, passwordFile, timeout }: VoteOptions,
): ReturnType<typeof voteInContract> {
  const vote = { recipient, add };
  return voteInContract(client, report.contract ?? '0x', vote, {
    keyFile: key,
    passwordFile,
    timeoutMs: timeout,
  });
}

function print(output: Output, { json }: VoteOptions, outcome: Outcome): void {
  output.out(json === true ? JSON.stringify(outcome) : outcomeText(outcome));
}

function outcomeText({ address, action, block }: Outcome): string {
  const where = block === undefined ? '' : `, final in block ${block}`;
  switch (action) {
    case 'add':
    case 'drop': {
      const when = block === undefined ? ', in the blocks that this node makes' : where;
      return `votes to ${action} ${address}${when}; \`ehb validators list\` shows how far it is`;
    }
    case 'discard':
      return `no longer wants a vote about ${address}${where}`;
    case 'none':
      return `nothing to do: the set is so already, or there was no such vote (${address})`;
  }
}

function reportLines(report: ValidatorsJson, colours: Colours): readonly string[] {
  const { source, contract, validators, votesNeeded = 0, votes = [], wanted = [] } = report;
  const who =
    source === 'contract'
      ? `named by the contract ${contract}`
      : `changed by votes in headers, ${votesNeeded} of ${validators.length} needed`;
  const rows = validators.map(({ address, isSelf, isConnected }) => [
    address,
    isSelf ? 'this node' : isConnected ? 'connected' : colours.yellow('not connected'),
  ]);
  const lines = [
    colours.bold(`${validators.length} validators of block ${BigInt(report.height)}, ${who}`),
    ...table(rows).map((line) => `  ${line}`),
  ];
  for (const { address, add, voters } of votes) {
    const missing = votesNeeded - voters.length;
    const left = missing > 0 ? `${missing} missing` : 'counted again with the next vote';
    lines.push(
      `${add ? 'add' : 'drop'} ${address}: ${voters.length} of ${votesNeeded} votes, ${left}`,
      ...voters.map((voter) => `  by ${voter}`),
    );
  }
  for (const { address, add, isCast } of wanted) {
    const state = isCast ? 'cast' : 'to be cast in the next block that it makes';
    lines.push(`this node wants to ${add ? 'add' : 'drop'} ${address}: ${state}`);
  }
  if (votes.length > 0 && report.epochEnds !== undefined) {
    lines.push(`votes are dropped at block ${BigInt(report.epochEnds)}; nodes cast theirs again`);
  }
  return lines;
}
