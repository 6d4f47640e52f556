/**
 * Where the validators of a run live: hosts of their own made of network namespaces, or all on the
 * loopback address of this machine. Proxies run on the dialler's host in either case.
 */
import { freeBasePort } from '../../cli/e2e/harness.ts';
import type { Endpoint } from './link-proxy.ts';

export type Command = readonly [string, ...string[]];

export type Fabric = {
  readonly kind: 'namespaces' | 'loopback';
  /** Runs a program on a validator's host; its process id is that of the program. */
  command(node: number, program: readonly string[]): Command;
  p2p(node: number): Endpoint;
  rpc(node: number): Endpoint;
  /**
   * Lets packets between different groups vanish; all in one group heals. Undefined where the links'
   * proxies have to do it.
   */
  readonly partition: ((groups: readonly (readonly number[])[]) => Promise<void>) | undefined;
};

/** As `freeBasePort` looks for them. */
const PORT_STEP = 10;
const P2P_OFFSET = 3;

/** Hosts that are this machine, on ports that are free right now. */
export async function loopbackFabric(nodes: number): Promise<Fabric> {
  const base = await freeBasePort(nodes);
  const at = (port: number): Endpoint => ({ host: '127.0.0.1', port });
  return {
    kind: 'loopback',
    command: (_, [file = '', ...args]) => [file, ...args],
    rpc: (node) => at(base + node * PORT_STEP),
    p2p: (node) => at(base + node * PORT_STEP + P2P_OFFSET),
    partition: undefined,
  };
}
