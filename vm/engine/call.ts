/** One message on a state that it leaves alone: `eth_call` and what is made of it. */
import type { AccessListItem, Address } from '../../ledger/model/index.ts';
import { isAtLeast } from '../chain-rules.ts';
import type { CallRequest, CallResult } from '../engine.ts';
import type { Tracer } from '../tracer.ts';
import { leastGas } from '../transaction-rules.ts';
import { readChanges } from './changes.ts';
import { readOutput } from './instance.ts';
import { REVERTED } from './layout.ts';
import { movePrecompiles, putPrecompilesBack } from './moved-precompiles.ts';
import { hasSucceeded, readLogPlaces, reasonOf, returnedBytes } from './run-message.ts';
import {
  type Execution,
  runTransaction,
  type Surroundings,
  type TransactionResult,
  traceTransaction,
} from './run-transaction.ts';
import { addressAt, type World } from './world.ts';

/** `Engine.call` in surroundings that are open on the state; what it may not do was checked before. */
export async function call(
  surroundings: Surroundings,
  request: CallRequest,
  tracer?: Tracer,
): Promise<CallResult> {
  const { world, fork } = surroundings;
  const { movedPrecompiles = [], accessList = [], authorizationList = [] } = request;
  const execution: Execution = {
    to: request.to,
    value: request.value,
    data: request.data,
    gasLimit: request.gas,
    sender: request.from,
    gasPrice: request.gasPrice,
    ...leastGas(request, fork),
    accessList: isAtLeast(fork, 'berlin') ? accessList : [],
    authorizations: authorizationList,
    blobHashes: request.blobHashes ?? [],
    // A precompiled contract that is gone was warm all the same (EIP-2929).
    warm: movedPrecompiles.map(({ from }) => from),
  };
  movePrecompiles(world, movedPrecompiles);
  if (request.logsTransfers === true) world.instance.functions.logTransfers();
  const result =
    tracer === undefined
      ? await runTransaction(surroundings, execution)
      : await traceTransaction(surroundings, execution, tracer);
  putPrecompilesBack(world);
  return callResult(world, request, result);
}

function callResult(world: World, request: CallRequest, result: TransactionResult): CallResult {
  const { status, gasUsed, gasNeeded, logs } = result;
  const cost = {
    gasUsed,
    gasNeeded: gasNeeded > gasUsed ? gasNeeded : gasUsed,
    ...(request.reportAccessList === true && { accessList: touched(world) }),
    ...(request.reportChanges === true && {
      changes: readChanges(world),
      logPlaces: hasSucceeded(status) ? readLogPlaces(world) : [],
      logsMade: world.instance.functions.logsEver(),
    }),
  };
  if (hasSucceeded(status)) {
    return { kind: 'returned', returnData: returnedBytes(world), logs, ...cost };
  }
  if (status === REVERTED) return { kind: 'reverted', returnData: returnedBytes(world), ...cost };
  return { kind: 'halted', reason: reasonOf(status), ...cost };
}

/** Addresses and slots that execution touched, and those that the request names. */
function touched(world: World): readonly AccessListItem[] {
  const { instance } = world;
  const { functions } = instance;
  const keys = new Map<number, Uint8Array[]>();
  for (let account = 0; account < functions.accounts(); account += 1) {
    if (functions.wasAccountSeen(account) !== 0) keys.set(account, []);
  }
  for (let slot = 0; slot < functions.slots(); slot += 1) {
    if (functions.wasSlotSeen(slot) === 0) continue;
    const owner = functions.slotOwner(slot);
    functions.describeSlot(slot);
    keys.set(owner, [...(keys.get(owner) ?? []), readOutput(instance, 0, 32)]);
  }
  return [...keys].map(([account, storageKeys]) => {
    const address: Address = addressAt(world, account);
    return { address, storageKeys };
  });
}
