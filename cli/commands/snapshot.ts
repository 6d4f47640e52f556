/** `ehb snapshot create|load`: the state of the head in a file that proves itself, and a node that begins with it. */
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { readNodeDirectory } from '../../genesis/index.ts';
import { dataDirOption, ledgerPlace } from '../ledger-place.ts';
import type { Output } from '../output.ts';
import { passwordFileOption, passwordFrom } from '../password-file.ts';
import { createProgress, mebibytes } from '../progress.ts';
import { parsePort } from '../values.ts';

type Options = { readonly dataDir: string; readonly json?: true };

export function snapshotCommand(output: Output): Command {
  const snapshot = new Command('snapshot').description(
    'the state of the head in a file that proves itself',
  );
  snapshot.addCommand(createCommand(output));
  snapshot.addCommand(loadCommand(output));
  snapshot.addCommand(joinCommand(output));
  return snapshot;
}

function createCommand(output: Output): Command {
  return new Command('create')
    .description('write the headers, the head and its state into a file')
    .argument('<file>', 'never written over')
    .addOption(dataDirOption('the directory of the node, which must not run'))
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
It holds no keys, no consensus log, and of the blocks before the head only their headers.

Example:
  $ ehb snapshot create today.snapshot --data-dir network/node-0`,
    )
    .action(async (name: string, options: Options) => {
      const place = await ledgerPlace(options.dataDir);
      const { takeSnapshot } = await import('../../node/index.ts');
      const progress = createProgress(output, options.json === true);
      const file = resolve(name);
      const summary = await takeSnapshot({ ...place, file }, ({ task, bytes }) =>
        progress(() => `${task}, ${mebibytes(bytes)}`),
      );
      print(output, options, file, summary, 'written to');
    });
}

function loadCommand(output: Output): Command {
  return new Command('load')
    .description('make the ledger of a new node from a snapshot, every part of it verified')
    .argument('<file>', 'as `ehb snapshot create` writes it; whoever hands it on needs no trust')
    .addOption(dataDirOption('a directory with genesis.json and without a ledger'))
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Each header is checked by the seals of its validators from the genesis on, each part of the state by the root in
the last header. The node then follows from there: \`ehb node start\`. It knows nothing of earlier blocks but
their headers. A load that was interrupted in any way is repeated.

Example:
  $ ehb snapshot load today.snapshot --data-dir network/node-4`,
    )
    .action(async (name: string, options: Options) => {
      const place = await ledgerPlace(options.dataDir);
      const { restoreSnapshot } = await import('../../node/index.ts');
      const progress = createProgress(output, options.json === true);
      const file = resolve(name);
      const summary = await restoreSnapshot({ ...place, file }, ({ task, bytes }) =>
        progress(() => `${task}, ${mebibytes(bytes)}`),
      );
      print(output, options, file, summary, 'loaded from');
    });
}

type JoinOptions = Options & {
  readonly bootPeer?: readonly string[];
  readonly p2pPort?: number;
  readonly allowlist?: string;
  readonly passwordFile?: string;
};

function joinCommand(output: Output): Command {
  return new Command('join')
    .description(
      'make the ledger of a new node from the snapshot of a peer, every part of it verified',
    )
    .addOption(
      dataDirOption('the directory of the node, made by `ehb node create`; without a ledger'),
    )
    .option('--boot-peer <multiaddr...>', 'peers to connect to, those of config.json unless told')
    .addOption(new Option('--p2p-port <port>', 'for peers').argParser(parsePort))
    .option('--allowlist <file>', 'peers that may connect beside the first validators')
    .addOption(passwordFileOption('its first line is the password of encrypted keys'))
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
The peer has to serve one (\`ehb node start --serve-snapshot FILE\`) and to admit this node. What it sends is
verified as \`ehb snapshot load\` does it, part by part as it comes; a peer whose snapshot does not hold is left
and the next one asked. Then \`ehb node start\` follows from there.

Example:
  $ ehb snapshot join --data-dir network/node-4`,
    )
    .action(async (options: JoinOptions) => {
      const { joinBySnapshot, silentLogger } = await import('../../node/index.ts');
      const dataDir = resolve(options.dataDir);
      const password = await passwordFrom(options.passwordFile);
      const { config, nodeKey, validatorKey } = await readNodeDirectory(dataDir, password);
      const place = await ledgerPlace(options.dataDir);
      const { p2p } = config;
      const allowlist = options.allowlist ?? (p2p.allowlist && resolve(dataDir, p2p.allowlist));
      const progress = createProgress(output, options.json === true);
      const summary = await joinBySnapshot(
        {
          ...place,
          nodeKey,
          validatorKey,
          p2p: {
            host: p2p.host,
            port: options.p2pPort ?? p2p.port,
            bootPeers: options.bootPeer ?? p2p.bootPeers,
            announce: p2p.announce,
            allowlistPath: allowlist,
          },
          logger: silentLogger,
        },
        ({ peerId, bytes }) => progress(() => `${mebibytes(bytes)} of ${peerId}`),
      );
      print(output, options, 'a peer', summary, 'loaded from');
    });
}

function print(
  output: Output,
  { json }: Options,
  file: string,
  { height, accounts, bytes }: { height: bigint; accounts: number; bytes: number },
  what: string,
): void {
  output.out(
    json === true
      ? JSON.stringify({ ok: true, file, height: height.toString(), accounts, bytes })
      : `block ${height} and ${accounts} accounts ${what} ${file} (${mebibytes(bytes)})`,
  );
}
