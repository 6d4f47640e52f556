/** The directory of a development network: made once, continued after, never taken from anybody else. */
import { access, constants, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createNetworkFiles,
  DEVELOPMENT_BALANCE,
  DEVELOPMENT_CHAIN_ID,
  developmentAccounts,
  makeDirectory,
  peerIdOf,
  readNodeDirectory,
  standardPorts,
} from '../../genesis/index.ts';
import { cliError } from '../errors.ts';

export type DevNode = {
  readonly name: string;
  readonly directory: string;
  readonly peerId: string;
};

export type DevDirectory = {
  readonly path: string;
  /** Made just now, not continued. */
  readonly isNew: boolean;
  readonly nodes: readonly DevNode[];
};

/** Its presence says that the directory is ours, and may be deleted by `--fresh`. */
const MARKER = 'ehb-dev.json';
const FORMAT = 1;
const DEFAULT_VALIDATORS = 4;
const NODE_NAME = /^node-\d+$/;

type Marker = {
  readonly format: number;
  readonly validators: number;
  /** False while the files are being made. */
  readonly complete: boolean;
};

/**
 * Opens or makes the directory. Call it with the directory's lock held.
 * @throws CodedError `CLI_DIRECTORY_FOREIGN`, `CLI_DIRECTORY_SIZE`, `CLI_DIRECTORY_UNWRITABLE`
 */
export async function openDevDirectory(options: {
  readonly path: string;
  readonly fresh: boolean;
  /** Undefined: as many as there are, or four. */
  readonly validators: number | undefined;
}): Promise<DevDirectory> {
  const { path, fresh, validators } = options;
  const entries = await list(path);
  const marker = await readMarker(path, entries);
  if (!fresh && marker?.complete === true) {
    if (validators !== undefined && validators !== marker.validators) {
      const message = `${path} holds a network of ${marker.validators} validators, not ${validators}`;
      throw cliError('CLI_DIRECTORY_SIZE', message);
    }
    return { path, isNew: false, nodes: await readNodes(path, marker.validators) };
  }
  return writable(path, async () => {
    const count = validators ?? DEFAULT_VALIDATORS;
    const state = { format: FORMAT, validators: count };
    await writeMarker(path, { ...state, complete: false });
    for (const entry of entries.filter((name) => NODE_NAME.test(name))) {
      await rm(join(path, entry), { recursive: true });
    }
    const network = await createNetworkFiles({
      directory: path,
      mayContain: [...entries, MARKER],
      validators: count,
      chainId: DEVELOPMENT_CHAIN_ID,
      host: '127.0.0.1',
      portsOf: standardPorts,
      accounts: developmentAccounts.map(({ address }) => ({
        address,
        balance: DEVELOPMENT_BALANCE,
      })),
      timestamp: BigInt(Math.floor(Date.now() / 1000)),
    });
    await writeMarker(path, { ...state, complete: true });
    return { path, isNew: true, nodes: network.nodes };
  });
}

/** Names in the directory, which is made if absent. Refuses one that cannot be written. */
async function list(path: string): Promise<readonly string[]> {
  return writable(path, async () => {
    await makeDirectory(path);
    await access(path, constants.W_OK);
    return readdir(path);
  });
}

/** Undefined for an empty directory. */
async function readMarker(path: string, entries: readonly string[]): Promise<Marker | undefined> {
  if (entries.length === 0) return undefined;
  if (!entries.includes(MARKER)) {
    throw cliError('CLI_DIRECTORY_FOREIGN', `${path} is not empty and was not made by ehb dev`);
  }
  const text = await readFile(join(path, MARKER), 'utf8');
  const value = parse(text);
  if (value?.format !== FORMAT) {
    const message = `${join(path, MARKER)} is damaged or of another version of ehb`;
    throw cliError('CLI_DIRECTORY_FOREIGN', message);
  }
  return value;
}

function parse(text: string): Marker | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isMarker =
      typeof value === 'object' &&
      value !== null &&
      'format' in value &&
      'validators' in value &&
      'complete' in value;
    // Written by `writeMarker`; another format is refused by the caller.
    return isMarker ? (value as Marker) : undefined;
  } catch {
    return undefined;
  }
}

async function writeMarker(path: string, marker: Marker): Promise<void> {
  await writeFile(join(path, MARKER), `${JSON.stringify(marker)}\n`);
}

async function readNodes(path: string, validators: number): Promise<readonly DevNode[]> {
  const names = Array.from({ length: validators }, (_, index) => `node-${index}`);
  return Promise.all(
    names.map(async (name) => {
      const directory = join(path, name);
      const { nodeKey } = await readNodeDirectory(directory);
      return { name, directory, peerId: peerIdOf(nodeKey) };
    }),
  );
}

async function writable<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const error = cause as NodeJS.ErrnoException;
    if (error.syscall === undefined) throw cause;
    const message = `${path} cannot be written: ${error.message}`;
    throw cliError('CLI_DIRECTORY_UNWRITABLE', message, cause);
  }
}
