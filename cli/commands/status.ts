/** `ehb status`: heights, rounds and peers of the nodes that are asked. */
import { Argument, Command } from 'commander';
import { createClient, type StatusJson } from '../../rpc/client.ts';
import { cliError } from '../errors.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { type Colours, type Output, table } from '../output.ts';
import { DEFAULT_RPC_URL, parsePositive, parseUrl } from '../values.ts';

type NodeStatus =
  | { readonly url: string; readonly ok: true; readonly status: StatusJson }
  | { readonly url: string; readonly ok: false; readonly error: string };

export function statusCommand(output: Output, exit: (code: ExitCode) => void): Command {
  return new Command('status')
    .description('ask nodes for their height, round, validators and peers')
    .addArgument(
      new Argument('[url...]', 'JSON-RPC of each node')
        .argParser((text: string, earlier: readonly string[] | undefined) => [
          ...(earlier ?? []),
          parseUrl(text),
        ])
        .default(undefined, DEFAULT_RPC_URL),
    )
    .option('--timeout <ms>', 'for each node', parsePositive, 3000)
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Exit code 4 if a node does not answer.

Examples:
  $ ehb status
  $ ehb status http://127.0.0.1:8545 http://127.0.0.1:8555 http://127.0.0.1:8565`,
    )
    .action(
      async (
        urls: readonly string[] | undefined,
        options: { readonly timeout: number; readonly json?: true },
      ) => {
        const asked = urls === undefined || urls.length === 0 ? [DEFAULT_RPC_URL] : urls;
        const statuses = await Promise.all(asked.map((url) => askNode(url, options.timeout)));
        const lines =
          options.json === true
            ? [JSON.stringify(statuses)]
            : statusLines(statuses, output.colours);
        for (const line of lines) output.out(line);
        const lost = statuses.filter(({ ok }) => !ok).map(({ url }) => url);
        if (lost.length > 0 && lost.length === statuses.length) {
          throw cliError('CLI_NODE_UNREACHABLE', `no answer from ${lost.join(', ')}`);
        }
        exit(lost.length > 0 ? EXIT.unreachable : EXIT.ok);
      },
    );
}

async function askNode(url: string, timeoutMs: number): Promise<NodeStatus> {
  try {
    const status = await createClient({ url, timeoutMs }).request('ehb_status', []);
    return { url, ok: true, status };
  } catch (error) {
    return { url, ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}

/** A row a node, then what needs attention. */
function statusLines(statuses: readonly NodeStatus[], colours: Colours): readonly string[] {
  const rows = statuses.map((node) => {
    if (!node.ok) return [node.url, 'unreachable', '', '', '', '', ''];
    const { head, consensus, peers, pool, validatorAddress, syncing } = node.status;
    return [
      node.url,
      Number(head.number).toString(),
      `${Number(consensus.height)}/${consensus.round}`,
      peers.length.toString(),
      `${pool.pending}+${pool.queued}`,
      syncing ? 'syncing' : consensus.voting ? 'voting' : 'following',
      validatorAddress ?? 'no validator key',
    ];
  });
  const head = ['node', 'head', 'height/round', 'peers', 'pool', 'state', 'validator'];
  const [title = '', ...lines] = table([head, ...rows]);
  return [colours.bold(title), ...lines, ...noteLines(statuses, colours)];
}

function noteLines(statuses: readonly NodeStatus[], colours: Colours): readonly string[] {
  const notes: string[] = [];
  const genesis = new Set<string>();
  for (const node of statuses) {
    if (!node.ok) {
      notes.push(node.error);
      continue;
    }
    const { consensus, genesisHash } = node.status;
    if (genesisHash !== null) genesis.add(genesisHash);
    if (!consensus.voting && consensus.notVotingBecause !== undefined) {
      notes.push(`${node.url} does not vote: ${consensus.notVotingBecause}`);
    }
  }
  if (genesis.size > 1) notes.push('the nodes have different genesis blocks: these are two chains');
  return notes.map((note) => `${colours.yellow('note')} ${note}`);
}
