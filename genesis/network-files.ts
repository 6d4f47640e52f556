/** Makes the directories of a new network's validators: fresh keys, one genesis, matching configs. */
import { randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { basename, join } from 'node:path';
import { privateKeyFromRaw } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { addressOf, isPrivateKey } from '#crypto';
import {
  type Address,
  bytesToHex,
  CodedError,
  type Hash,
  invariant,
} from '../ledger/model/index.ts';
import { createConsensusLog } from '../ledger/store/index.ts';
import {
  createGenesis,
  DEFAULT_GAS_LIMIT,
  DEFAULT_TIMING,
  type GenesisTiming,
  type NewGenesis,
} from './create-genesis.ts';
import type { GenesisFileCode } from './errors.ts';
import type { Genesis } from './genesis.ts';
import { keyText } from './key-file.ts';
import { makeDirectory } from './make-directory.ts';
import { NODE_FILES, type NodeFile } from './node-directory.ts';
import { parseGenesis } from './parse.ts';

export type NetworkOptions = {
  /** Created; must be empty or absent, but for what `mayContain` names. */
  readonly directory: string;
  readonly mayContain?: readonly string[];
  /** How many, at least 1. */
  readonly validators: number;
  /** Further nodes, on everyone's allowlist, that are no validators at first; 0 if absent. */
  readonly candidates?: number;
  readonly validatorsBy?: 'headers' | 'contract';
  /** Who may send and deploy; everyone if absent. */
  readonly permissions?: NewGenesis['permissions'];
  /** Changes the genesis file before it is written. */
  readonly amend?: (genesis: object) => object;
  readonly chainId: bigint;
  /** Address that every node listens on and is reached at, e.g. `127.0.0.1`. */
  readonly host: string;
  /** Of the node with that index, from 0. */
  readonly portsOf: (index: number) => NodePorts;
  readonly accounts: NewGenesis['accounts'];
  /** Unix seconds of block 0. */
  readonly timestamp: bigint;
  readonly gasLimit?: bigint;
  readonly timing?: Partial<GenesisTiming>;
  readonly precompileGasFactors?: Readonly<Record<string, number>>;
  /** Keys are encrypted with it; they are not if it is absent. */
  readonly password?: string | undefined;
};

export type NodePorts = {
  readonly rpc: number;
  readonly p2p: number;
  /** Absent: the configuration names none, so no metrics are served. */
  readonly metrics?: number;
};

export type NetworkNode = {
  readonly name: string;
  readonly directory: string;
  readonly address: Address;
  readonly peerId: string;
  readonly config: NodeFile;
};

export type NetworkFiles = {
  readonly genesis: Genesis;
  /** node-0, node-1, ... */
  readonly nodes: readonly NetworkNode[];
};

/** JSON-RPC from 8545, p2p from 30303 and metrics from 9545, counting up by 10. */
export function standardPorts(index: number): Required<NodePorts> {
  return { rpc: 8545 + 10 * index, p2p: 30_303 + 10 * index, metrics: 9545 + 10 * index };
}

/** All ports from `basePort`, ten for each node: JSON-RPC the first, p2p the fourth, metrics the sixth. */
export function portsFrom(basePort: number): (index: number) => Required<NodePorts> {
  return (index) => {
    const first = basePort + 10 * index;
    return { rpc: first, p2p: first + 3, metrics: first + 5 };
  };
}

/** `/ip4/127.0.0.1/tcp/30303/p2p/<PeerId>`; a host that is no address becomes a DNS name. */
export function multiaddrOf(host: string, port: number, peerId: string): string {
  const family = { 0: 'dns', 4: 'ip4', 6: 'ip6' }[isIP(host) as 0 | 4 | 6];
  return `/${family}/${host}/tcp/${port}/p2p/${peerId}`;
}

/** The libp2p name of a 32-byte secp256k1 node key. */
export function peerIdOf(nodeKey: Uint8Array): string {
  return peerIdFromPrivateKey(privateKeyFromRaw(nodeKey)).toString();
}

/**
 * Writes `node-0`, `node-1`, ... with keys readable by the owner alone.
 * @throws CodedError `GENESIS_DIRECTORY_NOT_EMPTY`, `GENESIS_DIRECTORY_UNWRITABLE`
 * @throws RangeError if the options make no valid genesis
 */
export async function createNetworkFiles(options: NetworkOptions): Promise<NetworkFiles> {
  const { directory, validators, candidates = 0, host, portsOf } = options;
  if (!Number.isInteger(validators) || validators < 1) {
    throw new RangeError(`validators must be a positive integer, got ${validators}`);
  }
  await refuseIfUsed(directory, options.mayContain ?? []);
  const keys = Array.from({ length: validators + candidates }, (_, index) =>
    createKeys(`node-${index}`, join(directory, `node-${index}`)),
  );
  const bootPeers = keys.map(({ peerId }, index) => multiaddrOf(host, portsOf(index).p2p, peerId));
  const created = createGenesis({
    ...options,
    validators: keys.slice(0, validators).map(({ address }) => address),
    gasLimit: options.gasLimit ?? DEFAULT_GAS_LIMIT,
    timing: { ...DEFAULT_TIMING, ...options.timing },
  });
  const json = options.amend?.(created) ?? created;
  const parsed = parseGenesis(json);
  if (!parsed.ok) throw new RangeError(`these options make no genesis: ${parsed.message}`);
  const { genesis } = parsed;
  const allow = keys.slice(validators).map(({ address }) => bytesToHex(address));
  const nodes = keys.map((key, index) => ({
    ...key,
    config: {
      p2p: {
        host,
        port: portsOf(index).p2p,
        bootPeers: bootPeers.filter((_, peer) => peer !== index),
        allowlist: NODE_FILES.allowlist,
      },
      rpc: { host, port: portsOf(index).rpc },
      ...metricsOf(portsOf(index)),
    },
  }));
  await writable(directory, async () => {
    for (const node of nodes) await writeNode(node, json, genesis.hash, allow, options.password);
  });
  return {
    genesis,
    nodes: nodes.map(({ nodeKey: _n, validatorKey: _v, ...node }) => node),
  };
}

/** On the loopback address, wherever the node listens: whoever scrapes from elsewhere says so. */
function metricsOf({ metrics }: NodePorts): Pick<NodeFile, 'metrics'> {
  return metrics === undefined ? {} : { metrics: { host: '127.0.0.1', port: metrics } };
}

/** One more node of a network that exists. */
export type JoiningNode = {
  /** Created; must be empty or absent. */
  readonly directory: string;
  /** The JSON value of the network's genesis file. */
  readonly genesis: object;
  readonly genesisHash: Hash;
  /** Where it listens. */
  readonly host: string;
  readonly ports: NodePorts;
  /** Multiaddrs of members. */
  readonly bootPeers: readonly string[];
  /** Keys are encrypted with it; they are not if it is absent. */
  readonly password?: string | undefined;
};

/**
 * Makes the directory of a node that joins: fresh keys, and a log for the case that it is voted in.
 * @throws CodedError `GENESIS_DIRECTORY_NOT_EMPTY`, `GENESIS_DIRECTORY_UNWRITABLE`
 */
export async function createNodeFiles(options: JoiningNode): Promise<NetworkNode> {
  const { directory, genesis, genesisHash, host, ports, bootPeers } = options;
  await refuseIfUsed(directory, []);
  const { nodeKey, validatorKey, ...names } = createKeys(basename(directory), directory);
  const node: NetworkNode = {
    ...names,
    config: {
      p2p: { host, port: ports.p2p, bootPeers, allowlist: NODE_FILES.allowlist },
      rpc: { host: '127.0.0.1', port: ports.rpc },
    },
  };
  await writable(directory, () =>
    writeNode({ ...node, nodeKey, validatorKey }, genesis, genesisHash, [], options.password),
  );
  return node;
}

type NodeWithKeys = NetworkNode & {
  readonly nodeKey: Uint8Array;
  readonly validatorKey: Uint8Array;
};

function createKeys(name: string, directory: string): Omit<NodeWithKeys, 'config'> {
  const nodeKey = createKey();
  const validatorKey = createKey();
  return {
    name,
    directory,
    address: addressOf(validatorKey),
    peerId: peerIdOf(nodeKey),
    nodeKey,
    validatorKey,
  };
}

function createKey(): Uint8Array {
  const key = new Uint8Array(randomBytes(32));
  invariant(isPrivateKey(key), 'one of 2^128 random keys is out of range');
  return key;
}

async function writeNode(
  node: NodeWithKeys,
  genesis: object,
  genesisHash: Hash,
  allow: readonly string[],
  password: string | undefined,
): Promise<void> {
  const { directory, nodeKey, validatorKey, address, config } = node;
  const path = (name: keyof typeof NODE_FILES): string => join(directory, NODE_FILES[name]);
  await makeDirectory(directory, 0o700);
  const secret = { mode: 0o600, flag: 'wx' };
  await writeFile(path('nodeKey'), await keyText(nodeKey, password), secret);
  await writeFile(path('validatorKey'), await keyText(validatorKey, password), secret);
  await createConsensusLog({ path: path('consensusLog'), genesisHash, validator: address });
  await writeFile(path('genesis'), jsonText(genesis));
  // There from the start, so that a candidate can be let in without a restart.
  await writeFile(path('allowlist'), jsonText({ allow, deny: [] }));
  // Last: a directory with a config is complete.
  await writeFile(path('config'), jsonText(config));
}

function jsonText(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

async function refuseIfUsed(directory: string, mayContain: readonly string[]): Promise<void> {
  try {
    await makeDirectory(directory);
    const entries = await readdir(directory);
    if (entries.every((entry) => mayContain.includes(entry))) return;
  } catch (cause) {
    throw unwritable(directory, cause);
  }
  const message = `${directory} is not empty`;
  throw failure('GENESIS_DIRECTORY_NOT_EMPTY', directory, message);
}

/** Failures of the file system get a code. */
async function writable(directory: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).syscall === undefined) throw cause;
    throw unwritable(directory, cause);
  }
}

function unwritable(directory: string, cause: unknown): NetworkFilesError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `${directory} cannot be written: ${reason}`;
  return failure('GENESIS_DIRECTORY_UNWRITABLE', directory, message, cause);
}

type NetworkFilesError = CodedError<{ readonly code: GenesisFileCode; readonly path: string }>;

function failure(
  code: GenesisFileCode,
  path: string,
  message: string,
  cause?: unknown,
): NetworkFilesError {
  return new CodedError(message, { code, path }, cause === undefined ? undefined : { cause });
}
