/** `ehb evidence list|export|verify`: proofs that a validator signed two contradicting messages. */
import { writeFile } from 'node:fs/promises';
import { Argument, Command, Option } from 'commander';
import { verifyEvidence } from '../../consensus/index.ts';
import { bytesToHex, equalBytes, type Hash } from '../../ledger/model/index.ts';
import {
  createClient,
  type EvidenceFilterJson,
  type EvidenceJson,
  RpcError,
} from '../../rpc/client.ts';
import { cliError } from '../errors.ts';
import { evidenceFile, readEvidenceFile } from '../evidence-file.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { type Colours, type Output, table } from '../output.ts';
import { genesisRefusal, readGenesisFile } from '../read-file.ts';
import { DEFAULT_RPC_URL, parseAddress, parseHeight, parseUrl } from '../values.ts';

const KINDS = ['proposal', 'prepare', 'commit', 'round-change'];

export function evidenceCommand(output: Output, exit: (code: ExitCode) => void): Command {
  const evidence = new Command('evidence').description(
    'proofs that a validator signed two contradicting messages',
  );
  evidence.addCommand(listCommand(output));
  evidence.addCommand(exportCommand(output));
  evidence.addCommand(verifyCommand(output, exit));
  return evidence;
}

type FilterOptions = {
  readonly author?: string;
  readonly kind?: string;
  readonly from?: bigint;
  readonly to?: bigint;
  readonly json?: true;
};

function listCommand(output: Output): Command {
  return withFilter(new Command('list'))
    .description('list the proofs that a node has stored, by height')
    .addHelpText(
      'after',
      `
Examples:
  $ ehb evidence list
  $ ehb evidence list http://127.0.0.1:8555 --kind commit --from 1000 --json`,
    )
    .action(async (url: string, options: FilterOptions) => {
      const proofs = await askFor(url, options);
      const lines =
        options.json === true ? [JSON.stringify(proofs)] : listLines(proofs, output.colours);
      for (const line of lines) output.out(line);
    });
}

function exportCommand(output: Output): Command {
  return withFilter(new Command('export'))
    .description('write the proofs of a node into a file for those who judge them')
    .requiredOption('--output <file>', 'created; never written over')
    .addHelpText(
      'after',
      `
The file needs no trust in whoever hands it on: \`ehb evidence verify\` checks it with the genesis file.

Examples:
  $ ehb evidence export --output evidence.json
  $ ehb evidence export --author 0x70997970c51812dc3a010c7d01b50e0d17dc79c8 --output evidence.json`,
    )
    .action(async (url: string, options: FilterOptions & { readonly output: string }) => {
      const proofs = await askFor(url, options);
      const bundles = proofs.map(({ bundle }) => bundle);
      try {
        await writeFile(options.output, evidenceFile(bundles), { flag: 'wx' });
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw cliError('CLI_FILE_UNWRITABLE', `${options.output}: ${reason}`, cause);
      }
      const summary = { file: options.output, proofs: bundles.length };
      output.out(
        options.json === true
          ? JSON.stringify(summary)
          : `${summary.proofs} proofs written to ${summary.file}`,
      );
    });
}

function verifyCommand(output: Output, exit: (code: ExitCode) => void): Command {
  return new Command('verify')
    .description('check proofs with the genesis file alone, without any node')
    .argument('<file>', 'as `ehb evidence export` writes it')
    .requiredOption('--genesis <file>', 'of the network that the proofs are about')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Exit code 1 if one of them proves nothing. A proof that rests on a block holds if that is the final
block of its height: compare the hash with a source that you trust.

Example:
  $ ehb evidence verify evidence.json --genesis network/node-0/genesis.json`,
    )
    .action(async (file: string, options: { readonly genesis: string; readonly json?: true }) => {
      const parsed = await readGenesisFile(options.genesis);
      if (!parsed.ok) throw genesisRefusal(options.genesis, parsed);
      const { hash, validators } = parsed.genesis;
      const bundles = await readEvidenceFile(file);
      const results = bundles.map((bundle) => judge(bundle, hash, validators));
      const lines =
        options.json === true ? [JSON.stringify(results)] : verdictLines(results, output.colours);
      for (const line of lines) output.out(line);
      exit(results.every(({ ok }) => ok) ? EXIT.ok : EXIT.failed);
    });
}

function withFilter(command: Command): Command {
  return command
    .addArgument(
      new Argument('[url]', 'JSON-RPC of the node').argParser(parseUrl).default(DEFAULT_RPC_URL),
    )
    .option('--author <address>', 'of this validator only', parseAddress)
    .addOption(new Option('--kind <kind>', 'of this kind of message only').choices(KINDS))
    .option('--from <height>', 'from this height on', parseHeight)
    .option('--to <height>', 'up to this height', parseHeight)
    .option('--json', 'print the result as JSON');
}

type Proof = EvidenceJson['proofs'][number];

/** All pages. @throws CodedError `CLI_NODE_UNREACHABLE`, `CLI_NODE_REFUSED` */
async function askFor(url: string, options: FilterOptions): Promise<readonly Proof[]> {
  const client = createClient({ url });
  const { author, kind, from, to } = options;
  const filter: EvidenceFilterJson = {
    ...(author === undefined ? {} : { author }),
    ...(kind === undefined ? {} : { kind }),
    ...(from === undefined ? {} : { fromBlock: `0x${from.toString(16)}` }),
    ...(to === undefined ? {} : { toBlock: `0x${to.toString(16)}` }),
  };
  const proofs: Proof[] = [];
  try {
    for (;;) {
      const skip = proofs.length;
      const page = await client.request('ehb_getEvidence', [{ ...filter, skip }]);
      proofs.push(...page.proofs);
      if (page.proofs.length === 0 || proofs.length >= page.total) return proofs;
    }
  } catch (error) {
    const code = error instanceof RpcError ? 'CLI_NODE_REFUSED' : 'CLI_NODE_UNREACHABLE';
    const reason = error instanceof Error ? error.message : String(error);
    throw cliError(code, `${url}: ${reason}`, error);
  }
}

function listLines(proofs: readonly Proof[], colours: Colours): readonly string[] {
  if (proofs.length === 0) return ['no evidence: no validator was seen to sign twice'];
  const rows = proofs.map(({ height, round, kind, author, restsOnBlock }) => [
    BigInt(height).toString(),
    round.toString(),
    kind,
    author,
    restsOnBlock ?? '',
  ]);
  const [title = '', ...lines] = table([
    ['height', 'round', 'signed twice', 'by', 'rests on block'],
    ...rows,
  ]);
  return [colours.bold(title), ...lines];
}

type Judgement =
  | {
      readonly ok: true;
      readonly kind: string;
      readonly height: string;
      readonly round: number;
      readonly author: string;
      readonly isGenesisValidator: boolean;
      readonly restsOnBlock: string | null;
    }
  | { readonly ok: false; readonly code: string; readonly message: string };

function judge(
  bundle: Uint8Array,
  genesisHash: Hash,
  validators: readonly Uint8Array[],
): Judgement {
  const verdict = verifyEvidence(bundle, genesisHash);
  if (!verdict.ok) return { ok: false, code: verdict.code, message: verdict.message };
  const { kind, height, round, author, restsOnBlock } = verdict.evidence;
  return {
    ok: true,
    kind,
    height: height.toString(),
    round,
    author: bytesToHex(author),
    isGenesisValidator: validators.some((validator) => equalBytes(validator, author)),
    restsOnBlock: restsOnBlock === undefined ? null : bytesToHex(restsOnBlock),
  };
}

function verdictLines(results: readonly Judgement[], colours: Colours): readonly string[] {
  if (results.length === 0) return ['no proofs in the file'];
  return results.flatMap((result, index) => {
    if (!result.ok) {
      const reason = `${result.message} ${colours.dim(`(${result.code})`)}`;
      return [`${colours.red('no proof')} ${index + 1}: ${reason}`];
    }
    const { author, kind, height, round, isGenesisValidator, restsOnBlock } = result;
    const who = isGenesisValidator ? 'a validator of the genesis file' : 'not in the genesis file';
    const what = `${author} (${who}) signed two of ${kind} at height ${height}, round ${round}`;
    return [
      `${colours.green('proved')} ${index + 1}: ${what}`,
      ...(restsOnBlock === null ? [] : [`  if block ${height} of the chain is ${restsOnBlock}`]),
    ];
  });
}
