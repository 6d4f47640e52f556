/**
 * Hosts made of Linux network namespaces: one for each validator and a hub with bridges between them.
 * Nothing of it is visible to the rest of the machine, whose own network is left alone.
 *
 * Each host has two cables: `eth0` to the bridge of its group, which a partition moves to another
 * bridge so that packets vanish as on a broken line, and `eth1` to the bridge over which the run
 * itself speaks JSON-RPC.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { isAlive } from '../../cli/e2e/processes.ts';
import { chaosError } from './chaos-error.ts';
import type { Fabric } from './fabric.ts';

const PREFIX = 'ehb-chaos-';
const P2P_PORT = 30_303;
const RPC_PORT = 8_545;
const HUB_ADDRESS = '10.77.1.254/24';

const run = promisify(execFile);

/** The namespace in which the run itself has to be, so that it reaches the hosts. */
export function hubOf(id: string): string {
  return `${PREFIX}${id}`;
}

function hostOf(id: string, node: number): string {
  return `${PREFIX}${id}-${node}`;
}

async function ip(...args: readonly string[]): Promise<string> {
  const { stdout } = await run('ip', [...args]);
  return stdout;
}

/** Whether this process may make namespaces, found by making one. */
export async function canMakeNamespaces(): Promise<boolean> {
  const name = `${PREFIX}${process.pid}-probe`;
  try {
    await ip('netns', 'add', name);
    try {
      await ip('-n', name, 'link', 'add', 'br0', 'type', 'bridge');
      await ip('-n', name, 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1');
      return true;
    } finally {
      await ip('netns', 'del', name);
    }
  } catch {
    return false;
  }
}

/**
 * Makes the hub and the hosts; what an earlier run left behind goes first.
 * @param id this run's, the process id of whoever removes them
 * @throws CodedError `CHAOS_NAMESPACES`
 */
export async function makeNamespaces(id: string, nodes: number): Promise<void> {
  await removeAbandoned();
  const hub = hubOf(id);
  try {
    await ip('netns', 'add', hub);
    const bridges = Array.from({ length: nodes }, (_, group) => `br${group}`);
    for (const bridge of [...bridges, 'control']) {
      await ip('-n', hub, 'link', 'add', bridge, 'type', 'bridge', 'forward_delay', '0');
      await ip('-n', hub, 'link', 'set', bridge, 'up');
    }
    await ip('-n', hub, 'addr', 'add', HUB_ADDRESS, 'dev', 'control');
    await ip('-n', hub, 'link', 'set', 'lo', 'up');
    for (let node = 0; node < nodes; node += 1) await makeHost(id, node);
  } catch (error) {
    await removeNamespaces(id);
    const reason = error instanceof Error ? error.message.trim() : String(error);
    throw chaosError('CHAOS_NAMESPACES', `no network of our own: ${reason}`);
  }
}

async function makeHost(id: string, node: number): Promise<void> {
  const hub = hubOf(id);
  const host = hostOf(id, node);
  await ip('netns', 'add', host);
  await ip('-n', host, 'link', 'set', 'lo', 'up');
  const cables = [
    { port: `data${node}`, device: 'eth0', bridge: 'br0', address: `10.77.0.${node + 1}/24` },
    { port: `ctl${node}`, device: 'eth1', bridge: 'control', address: `10.77.1.${node + 1}/24` },
  ];
  for (const { port, device, bridge, address } of cables) {
    const peer = ['peer', 'name', device, 'netns', host];
    await ip('-n', hub, 'link', 'add', port, 'type', 'veth', ...peer);
    await ip('-n', hub, 'link', 'set', port, 'master', bridge, 'up');
    await ip('-n', host, 'addr', 'add', address, 'dev', device);
    await ip('-n', host, 'link', 'set', device, 'up');
  }
}

/** Kills what still runs there and removes hub and hosts; nothing is left of an earlier failure. */
export async function removeNamespaces(id: string): Promise<void> {
  const hub = hubOf(id);
  for (const name of await namesOf()) {
    if (name !== hub && !name.startsWith(`${hub}-`)) continue;
    const pids = await ip('netns', 'pids', name).catch(() => '');
    for (const pid of pids.split('\n').map(Number).filter(Boolean)) {
      // The run itself lives in the hub and may be the one who asks.
      if (pid !== process.pid && pid !== process.ppid) killQuietly(pid);
    }
    await ip('netns', 'del', name).catch(() => '');
  }
}

async function removeAbandoned(): Promise<void> {
  const ids = (await namesOf()).map((name) => name.slice(PREFIX.length).split('-')[0] ?? '');
  for (const id of new Set(ids)) if (!isAlive(Number(id))) await removeNamespaces(id);
}

async function namesOf(): Promise<readonly string[]> {
  const list = await ip('netns', 'list');
  return list
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
    .filter((name) => name.startsWith(PREFIX));
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** The hosts of `makeNamespaces`, seen from inside the hub. */
export function namespaceFabric(id: string): Fabric {
  return {
    kind: 'namespaces',
    command: (node, program) => ['ip', 'netns', 'exec', hostOf(id, node), ...program],
    p2p: (node) => ({ host: `10.77.0.${node + 1}`, port: P2P_PORT }),
    rpc: (node) => ({ host: `10.77.1.${node + 1}`, port: RPC_PORT }),
    partition: async (groups) => {
      for (const [group, members] of groups.entries()) {
        for (const node of members) {
          await ip('-n', hubOf(id), 'link', 'set', `data${node}`, 'master', `br${group}`);
        }
      }
    },
  };
}
