/**
 * Four validators whose every connection goes through a proxy of its own, so that any directed link
 * can be made slow, silent or broken.
 *
 * Each validator's boot list names the proxies that stand for the others, and it announces no address:
 * so nobody learns of a way round the proxies.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createNetworkFiles,
  type GenesisTiming,
  multiaddrOf,
  type NetworkNode,
  type NodeFile,
} from '../../genesis/index.ts';
import type { Address } from '../../ledger/model/index.ts';
import type { Fabric } from './fabric.ts';
import { type LinkFault, NO_FAULT } from './fault.ts';
import { type Proxies, startProxies } from './proxies.ts';
import { createValidator, type ValidatorProcess } from './validator-process.ts';

export type Groups = readonly (readonly number[])[];

export type ChaosNetwork = {
  readonly fabric: Fabric['kind'];
  readonly validators: readonly ValidatorProcess[];
  /** Validators that ended though nobody asked for it. */
  readonly crashes: readonly string[];
  /** On both directions of the links between validators that `concerns` is true for. */
  setLinks(fault: LinkFault, concerns?: (a: number, b: number) => boolean): Promise<void>;
  /** Lets nothing pass between different groups, without a word to either side. */
  partition(groups: Groups): Promise<void>;
  /** Ends every partition and every fault of a link. */
  heal(): Promise<void>;
  close(): Promise<void>;
};

export type ChaosNetworkOptions = {
  readonly directory: string;
  readonly validators: number;
  readonly chainId: bigint;
  readonly timing: GenesisTiming;
  readonly accounts: readonly { readonly address: Address; readonly balance: bigint }[];
  readonly seed: number;
  /** The program to run in place of a validator's, given its directory. */
  readonly wrap?:
    | ((directory: string, program: readonly string[]) => readonly string[])
    | undefined;
};

/** Resolves when all validators answer. */
export async function startChaosNetwork(
  options: ChaosNetworkOptions,
  fabric: Fabric,
): Promise<ChaosNetwork> {
  const { nodes } = await createNetworkFiles({
    ...options,
    host: '127.0.0.1',
    portsOf: (index) => ({ rpc: fabric.rpc(index).port, p2p: fabric.p2p(index).port }),
    timestamp: BigInt(Math.floor(Date.now() / 1000)),
  });
  const crashes: string[] = [];
  const proxies = nodes.map((_, index) =>
    startProxies('127.0.0.1', (program) => fabric.command(index, program)),
  );
  const validators = nodes.map((node, index) => {
    const { host, port } = fabric.rpc(index);
    return createValidator({
      index,
      directory: node.directory,
      url: `http://${host}:${port}`,
      command: (program) =>
        fabric.command(index, options.wrap?.(node.directory, program) ?? program),
      onCrash: (description) => crashes.push(description),
    });
  });
  const network = createControls(fabric, validators, proxies, crashes);
  try {
    await Promise.all(
      nodes.map((node, index) => configure(node, index, nodes, fabric, proxies, options.seed)),
    );
    await Promise.all(validators.map((validator) => validator.start()));
    return network;
  } catch (error) {
    await network.close();
    throw error;
  }
}

function createControls(
  fabric: Fabric,
  validators: readonly ValidatorProcess[],
  proxies: readonly Proxies[],
  crashes: readonly string[],
): ChaosNetwork {
  const indexes = validators.map(({ index }) => index);
  const setLinks: ChaosNetwork['setLinks'] = async (fault, concerns = () => true) => {
    const links = indexes.flatMap((from) =>
      indexes
        .filter((to) => to !== from && (concerns(from, to) || concerns(to, from)))
        .map((to) => ({ from, to })),
    );
    await Promise.all(links.map(({ from, to }) => proxies[from]?.setFault(linkName(to), fault)));
  };
  return {
    fabric: fabric.kind,
    validators,
    crashes,
    setLinks,
    partition: async (groups) => {
      if (fabric.partition !== undefined) return await fabric.partition(groups);
      const groupOf = (node: number): number => groups.findIndex((group) => group.includes(node));
      await setLinks({ kind: 'stall' }, (a, b) => groupOf(a) !== groupOf(b));
    },
    heal: async () => {
      await fabric.partition?.([indexes]);
      await setLinks(NO_FAULT);
    },
    close: async () => {
      await Promise.all(validators.map((validator) => validator.stop()));
      await Promise.all(proxies.map((each) => each.close()));
    },
  };
}

function linkName(to: number): string {
  return `to-${to}`;
}

/** Opens the proxies of one validator and writes their addresses into its configuration. */
async function configure(
  node: NetworkNode,
  index: number,
  nodes: readonly NetworkNode[],
  fabric: Fabric,
  proxies: readonly Proxies[],
  seed: number,
): Promise<void> {
  const bootPeers: string[] = [];
  for (const [peer, { peerId }] of nodes.entries()) {
    if (peer === index) continue;
    const linkSeed = seed * nodes.length ** 2 + index * nodes.length + peer;
    const port = await proxies[index]?.open(linkName(peer), fabric.p2p(peer), linkSeed);
    if (port !== undefined) bootPeers.push(multiaddrOf('127.0.0.1', port, peerId));
  }
  const path = join(node.directory, 'config.json');
  const file = JSON.parse(await readFile(path, 'utf8')) as NodeFile;
  const config: NodeFile = {
    p2p: { ...file.p2p, ...fabric.p2p(index), bootPeers, announce: [] },
    rpc: { ...file.rpc, ...fabric.rpc(index) },
  };
  await writeFile(path, `${JSON.stringify(config, undefined, 2)}\n`);
}
