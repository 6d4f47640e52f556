/** One message on a state that it leaves alone: `eth_call` and what is made of it. */
import {
  type AccessListItem,
  type Address,
  type Refusal,
  refuse,
} from '../../ledger/model/index.ts';
import { isAtLeast } from '../chain-rules.ts';
import type { CallRequest, CallResult, StateOverride } from '../engine.ts';
import type { Tracer } from '../tracer.ts';
import { leastGas } from '../transaction-rules.ts';
import { readOutput, readWord, writePadded, writeWord } from './instance.ts';
import { INITCODE_SIZE, INPUT, REVERTED } from './layout.ts';
import { hasSucceeded, reasonOf, returnedBytes } from './run-message.ts';
import {
  type Execution,
  runTransaction,
  type Surroundings,
  type TransactionResult,
  traceTransaction,
} from './run-transaction.ts';
import { addCode, addressAt, loadAccount, nonceAt, type World } from './world.ts';

/** `Engine.call` in surroundings that are open on the state. */
export async function call(
  surroundings: Surroundings,
  request: CallRequest,
  tracer?: Tracer,
): Promise<CallResult> {
  const { world, fork } = surroundings;
  applyOverrides(world, request.overrides ?? []);
  const shape = {
    ...request,
    accessList: request.accessList ?? [],
    authorizationList: request.authorizationList ?? [],
  };
  const { intrinsic, floor } = leastGas(shape, fork);
  const refusal =
    checkFunds(world, request) ??
    checkPrice(surroundings, request) ??
    checkGas(request, intrinsic, floor);
  if (refusal !== undefined) return refused(refusal);
  if (isInitcodeTooLong(surroundings, request)) return haltedCreation(world, request);
  const execution: Execution = {
    to: request.to,
    value: request.value,
    data: request.data,
    gasLimit: request.gas,
    sender: request.from,
    gasPrice: request.gasPrice,
    intrinsic,
    floor,
    accessList: isAtLeast(fork, 'berlin') ? shape.accessList : [],
    authorizations: shape.authorizationList,
    blobHashes: [],
  };
  const result =
    tracer === undefined
      ? await runTransaction(surroundings, execution)
      : await traceTransaction(surroundings, execution, tracer);
  return callResult(world, request, result);
}

/** Creation code that is too long takes all gas; the address it would have had was touched. */
function haltedCreation(world: World, request: CallRequest): CallResult {
  const { functions } = world.instance;
  functions.startTransaction();
  const from = loadAccount(world, request.from);
  functions.warmUpAccount(functions.findCreated(from, nonceAt(world, from)), true);
  return callResult(world, request, {
    status: INITCODE_SIZE,
    gasUsed: request.gas,
    gasNeeded: request.gas,
    logs: [],
  });
}

function callResult(world: World, request: CallRequest, result: TransactionResult): CallResult {
  const { status, gasUsed, gasNeeded, logs } = result;
  const cost = {
    gasUsed,
    gasNeeded: gasNeeded > gasUsed ? gasNeeded : gasUsed,
    ...(request.reportAccessList === true && { accessList: touched(world) }),
  };
  if (hasSucceeded(status)) {
    return { kind: 'returned', returnData: returnedBytes(world), logs, ...cost };
  }
  if (status === REVERTED) return { kind: 'reverted', returnData: returnedBytes(world), ...cost };
  return { kind: 'halted', reason: reasonOf(status), ...cost };
}

function refused({ code, message }: Refusal): CallResult {
  return { kind: 'refused', code, message };
}

function checkFunds(world: World, request: CallRequest): Refusal | undefined {
  const { functions } = world.instance;
  const cost = request.gas * request.gasPrice + request.value;
  if (cost === 0n) return undefined;
  const balance = readWord(
    world.instance,
    functions.accountBalance(loadAccount(world, request.from)),
  );
  if (balance >= cost) return undefined;
  const what = request.gasPrice === 0n ? 'transfer' : 'gas * price + value';
  return refuse(
    'VM_INSUFFICIENT_FUNDS',
    `insufficient funds for ${what}: balance ${balance}, want ${cost}`,
  );
}

function checkPrice({ environment }: Surroundings, { gasPrice }: CallRequest): Refusal | undefined {
  const baseFee = environment.baseFeePerGas;
  if (baseFee === undefined || gasPrice >= baseFee) return undefined;
  return refuse(
    'VM_FEE_BELOW_BASE_FEE',
    `max fee per gas less than block base fee: maxFeePerGas: ${gasPrice}, baseFee: ${baseFee}`,
  );
}

function checkGas({ gas }: CallRequest, intrinsic: bigint, floor: bigint): Refusal | undefined {
  if (gas >= intrinsic && gas >= floor) return undefined;
  return refuse('VM_INTRINSIC_GAS', `intrinsic gas too low: gas ${gas}`);
}

const INITCODE_SIZE_LIMIT = 49_152;

function isInitcodeTooLong({ rules, fork }: Surroundings, { to, data }: CallRequest): boolean {
  if (to !== undefined || !isAtLeast(fork, 'shanghai')) return false;
  return data.length > (rules.initcodeSizeLimit ?? INITCODE_SIZE_LIMIT);
}

function applyOverrides(world: World, overrides: readonly StateOverride[]): void {
  const { instance } = world;
  const { functions } = instance;
  if (overrides.length > 0) functions.startTransaction();
  for (const { address, nonce, balance, code, state, stateDiff } of overrides) {
    const account = loadAccount(world, address);
    if (nonce !== undefined) functions.setNonce(account, nonce);
    if (balance !== undefined) {
      writeWord(instance, INPUT, balance);
      functions.setBalance(account);
    }
    if (code !== undefined)
      functions.giveCode(account, code.length === 0 ? 0 : addCode(world, code));
    if (state !== undefined) functions.clearStorage(account);
    for (const { slot, value } of state ?? stateDiff ?? []) {
      writePadded(instance, slot);
      const number = functions.findSlot(account);
      writePadded(instance, value);
      functions.overrideSlot(number);
    }
  }
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
