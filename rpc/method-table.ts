/** Every method of the node, in the order of the reference page. */
import type { Method } from './method.ts';
import { backupMethods } from './methods/backup.ts';
import { rawMethods } from './methods/debug/raw.ts';
import { tracingMethods } from './methods/debug/tracing.ts';
import { discoveryMethods } from './methods/discovery.ts';
import { ehbMethods } from './methods/ehb.ts';
import { accountStateMethods } from './methods/eth/account-state.ts';
import { blockMethods } from './methods/eth/blocks.ts';
import { callMethods } from './methods/eth/calls.ts';
import { chainFactMethods } from './methods/eth/chain-facts.ts';
import { feeMethods } from './methods/eth/fees.ts';
import { logMethods } from './methods/eth/logs.ts';
import { simulateMethods } from './methods/eth/simulate.ts';
import { subscriptionMethods } from './methods/eth/subscriptions.ts';
import { transactionMethods } from './methods/eth/transactions.ts';
import { evidenceMethods } from './methods/evidence.ts';
import { logPageMethods } from './methods/logs.ts';
import { netMethods } from './methods/net.ts';
import { proofMethods } from './methods/proofs.ts';
import { qbftMethods } from './methods/qbft.ts';
import { txpoolMethods } from './methods/txpool.ts';
import { web3Methods } from './methods/web3.ts';
import type { RpcPorts } from './ports.ts';

export const METHODS: readonly Method[] = [
  ...chainFactMethods,
  ...accountStateMethods,
  ...blockMethods,
  ...transactionMethods,
  ...callMethods,
  ...simulateMethods,
  ...feeMethods,
  ...logMethods,
  ...subscriptionMethods,
  ...netMethods,
  ...web3Methods,
  ...txpoolMethods,
  ...qbftMethods,
  ...ehbMethods,
  ...logPageMethods,
  ...proofMethods,
  ...backupMethods,
  ...evidenceMethods,
  ...tracingMethods,
  ...rawMethods,
  ...discoveryMethods,
];

/** The methods that this node answers: those its ports allow, in the namespaces that are on. */
export function offeredMethods(
  ports: RpcPorts,
  namespaces: readonly string[] | undefined,
): readonly Method[] {
  return METHODS.filter(
    ({ available, namespace }) =>
      (available?.(ports) ?? true) && (namespaces?.includes(namespace) ?? true),
  );
}
