/**
 * What every network is: run on libp2p over loopback sockets and on the network in memory. Rule ids
 * are those of `docs/spec/wire.md`.
 */
import { suite } from 'uvu';
import { testAdmission } from './admission.contract.ts';
import { testConnections } from './connections.contract.ts';
import { testMisbehaviour } from './misbehaviour.contract.ts';
import { createContext, type NetworkContext } from './testkit/network-context.ts';
import type { Implementation } from './testkit/peers.ts';
import { testTraffic } from './traffic.contract.ts';

export function testNetwork(implementation: Implementation, seed: number): void {
  const test = suite<NetworkContext>(`p2p/network over ${implementation.name}, seed ${seed}`);
  test.before.each((context) => {
    Object.assign(context, createContext(implementation, seed));
  });
  test.after.each(({ peers }) => peers.close());
  testConnections(test);
  testAdmission(test);
  testTraffic(test);
  testMisbehaviour(test);
  test.run();
}
