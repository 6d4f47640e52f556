/**
 * A node's directory: genesis, keys, consensus log and `config.json`. The one place that knows its
 * file names and what the files hold.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '../ledger/model/index.ts';
import { ENGINE_NAMES, type EngineName } from '../vm/index.ts';
import type { GenesisFileCode } from './errors.ts';
import { readStoredKey, type StoredKey } from './key-file.ts';

export const NODE_FILES = {
  genesis: 'genesis.json',
  config: 'config.json',
  nodeKey: 'node.key',
  validatorKey: 'validator.key',
  consensusLog: 'consensus.log',
  allowlist: 'allowlist.json',
} as const;

const OPERATOR_ACCESS = ['local', 'anyone', 'nobody'] as const;
const RPC_NAMESPACES = ['eth', 'net', 'web3', 'txpool', 'qbft', 'ehb', 'debug', 'rpc'] as const;

/** `config.json`. */
export type NodeFile = {
  readonly p2p: {
    readonly host: string;
    readonly port: number;
    readonly bootPeers: readonly string[];
    /** Multiaddrs that others shall dial instead of host and port; empty tells nobody an address. */
    readonly announce?: readonly string[];
    /** Relative to the directory. */
    readonly allowlist?: string;
  };
  readonly rpc: {
    readonly host: string;
    readonly port: number;
    readonly bodyLimitBytes?: number;
    /** What one `eth_call` may take at most. */
    readonly callTimeoutMs?: number;
    readonly callGasCap?: number;
    /** Which methods are offered, by the first part of their names; all if absent. */
    readonly namespaces?: readonly (typeof RPC_NAMESPACES)[number][];
    /** Who may call the methods that change what the node does; `local` if absent. */
    readonly operatorAccess?: (typeof OPERATOR_ACCESS)[number];
  };
  /** Absent, or port 0: none. */
  readonly metrics?: { readonly host: string; readonly port: number };
  /** What executes blocks; `fast` if absent. */
  readonly engine?: EngineName;
  /** Whether what reverted transactions return is stored; true if absent. */
  readonly revertReasons?: boolean;
  /** States, and bodies, of the newest so many blocks are kept; all if absent. */
  readonly keepHistory?: number;
  readonly keepBodies?: number;
  /** Memory for the state and the trie nodes that are used most, in MiB; 256 if absent. */
  readonly stateCacheMiB?: number;
};

/** Fewer kept blocks would leave a peer that was away for a moment without what it missed. */
export const LEAST_RETENTION = 128;

export type NodeDirectory = {
  /** The JSON value of the genesis file, for `parseGenesis`. */
  readonly genesis: unknown;
  readonly config: NodeFile;
  /** 32 bytes. */
  readonly nodeKey: Uint8Array;
  /** 32 bytes; undefined where the node has no validator key. */
  readonly validatorKey: Uint8Array | undefined;
  /** All of them. */
  readonly areKeysEncrypted: boolean;
};

export type NodeDirectoryError = CodedError<{
  readonly code: GenesisFileCode;
  readonly path: string;
}>;

/**
 * Reads what a node needs to start.
 * @throws CodedError `GENESIS_NODE_DIRECTORY_INCOMPLETE`, `GENESIS_NODE_CONFIG_INVALID`,
 * and those of `readKeyFile`
 * @param password of the keys that are encrypted
 */
export async function readNodeDirectory(
  directory: string,
  password?: string,
): Promise<NodeDirectory> {
  const genesis = await readJson(join(directory, NODE_FILES.genesis));
  const configPath = join(directory, NODE_FILES.config);
  const config = checkNodeFile(await readJson(configPath), configPath);
  const nodeKey = await readStoredKey(join(directory, NODE_FILES.nodeKey), password);
  const validatorKey = await readOptionalKey(join(directory, NODE_FILES.validatorKey), password);
  return {
    genesis,
    config,
    nodeKey: nodeKey.key,
    validatorKey: validatorKey?.key,
    areKeysEncrypted: nodeKey.isEncrypted && validatorKey?.isEncrypted !== false,
  };
}

/** Undefined if there is no such file. */
async function readOptionalKey(
  path: string,
  password: string | undefined,
): Promise<StoredKey | undefined> {
  return existsSync(path) ? await readStoredKey(path, password) : undefined;
}

async function readJson(path: string): Promise<unknown> {
  const text = await readText(path);
  if (text === undefined) throw incomplete(path);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw failure('GENESIS_NODE_CONFIG_INVALID', path, `${path} is not JSON`, cause);
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw failure('GENESIS_NODE_DIRECTORY_INCOMPLETE', path, `${path} cannot be read`, cause);
  }
}

function incomplete(path: string): NodeDirectoryError {
  return failure('GENESIS_NODE_DIRECTORY_INCOMPLETE', path, `${path} does not exist`);
}

function checkNodeFile(value: unknown, path: string): NodeFile {
  const invalid = (field: string, wanted: string): NodeDirectoryError =>
    failure('GENESIS_NODE_CONFIG_INVALID', path, `${path}: ${field} must be ${wanted}`);
  if (!isRecord(value)) throw invalid('the file', 'an object');
  const { p2p, rpc, metrics } = value;
  if (!isRecord(p2p)) throw invalid('p2p', 'an object');
  if (!isRecord(rpc)) throw invalid('rpc', 'an object');
  if (metrics !== undefined && !isRecord(metrics)) throw invalid('metrics', 'an object');
  const parts = { p2p, rpc, ...(metrics === undefined ? {} : { metrics }) };
  for (const [name, part] of Object.entries(parts)) {
    if (typeof part['host'] !== 'string') throw invalid(`${name}.host`, 'an address');
    if (!isPort(part['port'])) throw invalid(`${name}.port`, 'an integer from 0 to 65535');
  }
  const { bootPeers, announce = [], allowlist } = p2p;
  for (const [name, list] of Object.entries({ bootPeers, announce })) {
    if (!isStrings(list)) throw invalid(`p2p.${name}`, 'a list of multiaddrs');
  }
  if (allowlist !== undefined && typeof allowlist !== 'string') {
    throw invalid('p2p.allowlist', 'the path of a file');
  }
  const { bodyLimitBytes, callTimeoutMs, callGasCap, namespaces, operatorAccess } = rpc;
  if (bodyLimitBytes !== undefined && !isPositive(bodyLimitBytes)) {
    throw invalid('rpc.bodyLimitBytes', 'a positive number of bytes');
  }
  if (callTimeoutMs !== undefined && !isPositive(callTimeoutMs)) {
    throw invalid('rpc.callTimeoutMs', 'a positive number of milliseconds');
  }
  if (callGasCap !== undefined && !isPositive(callGasCap)) {
    throw invalid('rpc.callGasCap', 'a positive number of gas');
  }
  if (namespaces !== undefined && !isNamespaces(namespaces)) {
    throw invalid('rpc.namespaces', `a list of ${RPC_NAMESPACES.join(', ')}`);
  }
  if (operatorAccess !== undefined && !OPERATOR_ACCESS.some((name) => name === operatorAccess)) {
    throw invalid('rpc.operatorAccess', `one of ${OPERATOR_ACCESS.join(', ')}`);
  }
  const { engine, revertReasons } = value;
  if (engine !== undefined && !ENGINE_NAMES.some((name) => name === engine)) {
    throw invalid('engine', `one of ${ENGINE_NAMES.join(', ')}`);
  }
  if (revertReasons !== undefined && typeof revertReasons !== 'boolean') {
    throw invalid('revertReasons', 'true or false');
  }
  for (const name of ['keepHistory', 'keepBodies']) {
    const kept = value[name];
    if (kept !== undefined && !(isPositive(kept) && (kept as number) >= LEAST_RETENTION)) {
      throw invalid(name, `a number of blocks, at least ${LEAST_RETENTION}`);
    }
  }
  if (value['stateCacheMiB'] !== undefined && !isPositive(value['stateCacheMiB'])) {
    throw invalid('stateCacheMiB', 'a positive number of MiB');
  }
  // Checked field by field above.
  return value as NodeFile;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNamespaces(value: unknown): boolean {
  return (
    Array.isArray(value) && value.every((item) => RPC_NAMESPACES.some((name) => name === item))
  );
}

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}

function isPort(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 65_536;
}

function isPositive(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function failure(
  code: GenesisFileCode,
  path: string,
  message: string,
  cause?: unknown,
): NodeDirectoryError {
  const options = cause === undefined ? undefined : { cause };
  return new CodedError(message, { code, path }, options);
}
