/** Runs one message in the engine, from its outermost frame to its end. */
import type { Hash, Log } from '../../ledger/model/index.ts';
import { TRANSFER_LOG_ADDRESS, TRANSFER_TOPIC } from '../transfer-log.ts';
import { engineFault, writeWord } from './instance.ts';
import {
  CODE_PREFIX,
  CODE_SIZE,
  CODE_STORE_OUT_OF_GAS,
  COLLISION,
  DONE,
  ENTERED,
  INITCODE_SIZE,
  INPUT,
  INVALID_JUMP,
  INVALID_OPCODE,
  NEED_MEMORY,
  OUT_OF_GAS,
  OUTPUT,
  PRECOMPILE_FAILED,
  RETURN_DATA_BOUNDS,
  RETURNED,
  REVERTED,
  SLICE,
  STACK_OVERFLOW,
  STACK_UNDERFLOW,
  STOPPED,
  WRITE_PROTECTION,
} from './layout.ts';
import { addressAt, answer, ensureLoaded, type World } from './world.ts';

/** Until the event loop gets a turn: a millisecond of common instructions, ten or twenty of the dearest. */
export const GAS_A_SLICE = 500_000;

export type Message = {
  /** Numbers of accounts in the instance. */
  readonly from: number;
  /** Undefined creates a contract. */
  readonly to: number | undefined;
  /** The sender's nonce before the transaction: makes the address of a creation. */
  readonly nonce: bigint;
  readonly value: bigint;
  readonly data: Uint8Array;
  readonly gas: bigint;
};

export type MessageResult = {
  /** STOPPED, RETURNED, REVERTED, or a failure of `layout.ts`. */
  readonly status: number;
  readonly gasLeft: bigint;
  readonly refund: bigint;
};

/** Begins a message; true if it runs, false if it failed at once (an address that is taken). */
export function startMessage(world: World, message: Message): boolean {
  return start(world, message) === ENTERED;
}

/** Goes on with what `startMessage` began; false when a slice is used up. */
export function runSlice(world: World): boolean {
  const { functions } = world.instance;
  for (;;) {
    const status = functions.run(GAS_A_SLICE);
    if (status === DONE) return true;
    if (status === SLICE) return false;
    answer(world, status);
  }
}

/** How the message ended. */
export function messageResult(world: World, hasRun: boolean): MessageResult {
  if (!hasRun) return { status: COLLISION, gasLeft: 0n, refund: 0n };
  const { functions } = world.instance;
  return {
    status: functions.outcome(),
    gasLeft: functions.gasRemaining(),
    refund: functions.gasRefund(),
  };
}

/** All of a message; `pause` is awaited after each slice. */
export async function runMessage(
  world: World,
  message: Message,
  pause?: () => Promise<void>,
): Promise<MessageResult> {
  const hasRun = startMessage(world, message);
  if (hasRun) while (!runSlice(world)) await pause?.();
  return messageResult(world, hasRun);
}

/** Pushes the outermost frame; ENTERED, or COLLISION. */
function start(world: World, message: Message): number {
  const { instance } = world;
  const { functions } = instance;
  const { from, to, data, gas, value, nonce } = message;
  if (to === undefined) {
    const made = functions.findCreated(from, nonce);
    ensureLoaded(world, made);
    functions.warmUpAccount(made, true);
    instance.bytes().set(data, prepare(world, data.length));
    writeWord(instance, INPUT, value);
    const status = functions.startCreate(from, made, data.length, gas);
    if (status === NEED_MEMORY) answer(world, status);
    return status;
  }
  for (;;) {
    if (data.length > 0) instance.bytes().set(data, prepare(world, data.length));
    writeWord(instance, INPUT, value);
    const status = functions.startCall(from, to, data.length, gas);
    if (status === ENTERED) return status;
    answer(world, status);
  }
}

/** Growing memory renews the views, so this comes before `bytes()` is asked for. */
function prepare({ instance }: World, length: number): number {
  return instance.functions.prepareData(length);
}

/** A copy of what the message returned. */
export function returnedBytes({ instance }: World): Uint8Array {
  const place = instance.functions.output();
  return instance.bytes().slice(place, place + instance.functions.outputLength());
}

export function hasSucceeded(status: number): boolean {
  return status === STOPPED || status === RETURNED;
}

/** Writes the bloom filter of the logs of the transaction that just ran. */
export function readBloom({ instance }: World, to: Uint8Array): void {
  instance.functions.bloomLogs();
  to.set(instance.bytes().subarray(OUTPUT, OUTPUT + to.length));
}

/** As `assembly/logs.ts` writes it. */
const NO_ACCOUNT = 0xffff_ffff;
const LOG_HEAD = 16;

/** Logs of the transaction that just ran, and its transfers if they were asked for. */
export function readLogs(world: World): readonly Log[] {
  const { instance } = world;
  const { functions } = instance;
  const logs: Log[] = [];
  const view = instance.view();
  const bytes = instance.bytes();
  let place = functions.logPlace();
  for (let left = functions.logsTotal(); left > 0; left -= 1) {
    const account = view.getUint32(place, true);
    const topicCount = view.getUint32(place + 4, true);
    const length = view.getUint32(place + 8, true);
    const isTransfer = account === NO_ACCOUNT;
    const address = isTransfer ? TRANSFER_LOG_ADDRESS : addressAt(world, account);
    const topics: Hash[] = isTransfer ? [TRANSFER_TOPIC] : [];
    let at = place + LOG_HEAD;
    for (let i = 0; i < topicCount; i += 1, at += 32) topics.push(bytes.slice(at, at + 32) as Hash);
    logs.push({ address, topics, data: bytes.slice(at, at + length) });
    place = (at + length + 3) & ~3;
  }
  return logs;
}

/** For each of those, how many logs were made before it, rolled back or not. */
export function readLogPlaces({ instance }: World): readonly number[] {
  const { functions } = instance;
  const places: number[] = [];
  const view = instance.view();
  let place = functions.logPlace();
  for (let left = functions.logsTotal(); left > 0; left -= 1) {
    const topicCount = view.getUint32(place + 4, true);
    const length = view.getUint32(place + 8, true);
    places.push(view.getUint32(place + 12, true));
    place = (place + LOG_HEAD + 32 * topicCount + length + 3) & ~3;
  }
  return places;
}

/** How an execution halts, in the words of geth: clients match on them. */
const REASONS: ReadonlyMap<number, string> = new Map([
  [OUT_OF_GAS, 'out of gas'],
  [INVALID_OPCODE, 'invalid opcode'],
  [STACK_UNDERFLOW, 'stack underflow'],
  [STACK_OVERFLOW, 'stack limit reached 1024'],
  [INVALID_JUMP, 'invalid jump destination'],
  [WRITE_PROTECTION, 'write protection'],
  [RETURN_DATA_BOUNDS, 'return data out of bounds'],
  [CODE_SIZE, 'max code size exceeded'],
  [CODE_STORE_OUT_OF_GAS, 'contract creation code storage out of gas'],
  [CODE_PREFIX, 'invalid code: must not begin with 0xef'],
  [COLLISION, 'contract address collision'],
  [PRECOMPILE_FAILED, 'precompile failed'],
  [INITCODE_SIZE, 'max initcode size exceeded'],
]);

export function reasonOf(status: number): string {
  const reason = REASONS.get(status);
  if (reason === undefined || status === REVERTED) throw engineFault(`no failure is ${status}`);
  return reason;
}
