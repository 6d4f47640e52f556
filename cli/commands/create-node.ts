/** `ehb node create`: the directory of a node that joins a network. */
import { resolve } from 'node:path';
import { Command } from 'commander';
import {
  createNodeFiles,
  multiaddrOf,
  type NetworkNode,
  parseGenesis,
  standardPorts,
} from '../../genesis/index.ts';
import { bytesToHex } from '../../ledger/model/index.ts';
import type { Output } from '../output.ts';
import { passwordFileOption, passwordFrom } from '../password-file.ts';
import { genesisRefusal, readJsonFile } from '../read-file.ts';
import { parsePort } from '../values.ts';

type CreateOptions = {
  readonly dataDir: string;
  readonly genesis: string;
  readonly bootPeer: readonly string[];
  readonly host: string;
  readonly rpcPort: number;
  readonly p2pPort: number;
  readonly passwordFile?: string;
  readonly json?: true;
};

export function createNodeCommand(output: Output): Command {
  const ports = standardPorts(0);
  return new Command('create')
    .description('make the directory of a node that joins a network: fresh keys and configuration')
    .requiredOption('--data-dir <path>', 'created; must be empty or absent')
    .requiredOption('--genesis <file>', 'the genesis file of the network')
    .requiredOption('--boot-peer <multiaddr...>', 'members of the network to connect to first')
    .option('--host <address>', 'where it listens for peers', '127.0.0.1')
    .option('--rpc-port <port>', 'of JSON-RPC on the loopback address', parsePort, ports.rpc)
    .option('--p2p-port <port>', 'for peers', parsePort, ports.p2p)
    .addOption(
      passwordFileOption('its first line is the password that the keys are encrypted with'),
    )
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
The members let it in when their allowlist.json names its address or PeerId. It follows the chain then, and
votes as soon as the validators have voted it in (\`ehb validators propose\`).

Example:
  $ ehb node create --data-dir node-4 --genesis network/node-0/genesis.json \\
      --boot-peer /ip4/10.0.0.1/tcp/30303/p2p/16Uiu2HA...`,
    )
    .action(async (options: CreateOptions) => {
      const genesis = await readJsonFile(options.genesis);
      const parsed = parseGenesis(genesis);
      if (!parsed.ok) throw genesisRefusal(options.genesis, parsed);
      const node = await createNodeFiles({
        directory: resolve(options.dataDir),
        // What parses is an object.
        genesis: genesis as object,
        genesisHash: parsed.genesis.hash,
        host: options.host,
        ports: { rpc: options.rpcPort, p2p: options.p2pPort },
        bootPeers: options.bootPeer,
        password: await passwordFrom(options.passwordFile),
      });
      const lines = options.json === true ? [JSON.stringify(nodeJson(node))] : nodeLines(node);
      for (const line of lines) output.out(line);
    });
}

function nodeJson({ directory, address, peerId, config }: NetworkNode): object {
  return { directory, address: bytesToHex(address), peerId, p2p: config.p2p, rpc: config.rpc };
}

function nodeLines({ directory, address, peerId, config }: NetworkNode): readonly string[] {
  const own = bytesToHex(address);
  return [
    `node in ${directory}`,
    `  validator address  ${own}`,
    `  PeerId             ${peerId}`,
    `  reached at         ${multiaddrOf(config.p2p.host, config.p2p.port, peerId)}`,
    '',
    'what to do next',
    `  1. on every member, add "${own}" to "allow" in allowlist.json; no restart is needed`,
    `  2. ehb node start --data-dir ${directory}`,
    `  3. once it has caught up, on more than half of the validators: ehb validators propose ${own}`,
  ];
}
