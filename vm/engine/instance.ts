/**
 * One instance of the compiled engine: its functions, and its memory through views that are renewed when
 * the memory grows. Knows nothing of blocks or state.
 */
import { InvariantError } from '../../ledger/model/index.ts';
import { ENGINE_BASE64 } from './artefact.ts';
import { INPUT, OUTPUT } from './layout.ts';

/** What `assembly/index.ts` exports; a quantity of 64 bits crosses as a bigint, which costs some 100 ns. */
export type EngineFunctions = {
  setUp(secret: bigint): void;
  startBlock(): void;
  logTransfers(): void;
  startTransaction(): void;
  openTransaction(from: number, flags: number): number;
  findAccount(): number;
  accountFlags(account: number): number;
  fillAccount(account: number, nonce: bigint, hasStorage: boolean): void;
  fillMissingAccount(account: number): void;
  accountNonce(account: number): bigint;
  accountBalance(account: number): number;
  describeAccount(account: number): void;
  accountCode(account: number): number;
  setAccountCode(account: number, code: number): void;
  hasAccountCode(account: number): number;
  setBalance(account: number): void;
  setNonce(account: number, nonce: bigint): void;
  giveCode(account: number, code: number): void;
  touchAccount(account: number): void;
  warmUpAccount(account: number, named: boolean): void;
  warmUpSlot(account: number): void;
  findSlot(account: number): number;
  fillSlotValue(slot: number): void;
  slotOwner(slot: number): number;
  describeSlot(slot: number): number;
  accounts(): number;
  slots(): number;
  wasAccountSeen(account: number): number;
  wasSlotSeen(slot: number): number;
  makeCode(length: number, pinned: boolean): number;
  dropCodes(): void;
  isCodeKnown(code: number): number;
  codePlace(code: number): number;
  codeSize(code: number): number;
  analyseCode(code: number): void;
  codes(): number;
  prepareData(length: number): number;
  startCall(from: number, to: number, dataLength: number, gas: bigint): number;
  findCreated(from: number, nonce: bigint): number;
  startCreate(from: number, made: number, dataLength: number, gas: bigint): number;
  run(slice: number): number;
  describePrecompile(): void;
  reserveOutput(length: number): number;
  finishPrecompile(succeeded: boolean, gasUsed: bigint): number;
  askedFor(): number;
  outcome(): number;
  gasRemaining(): bigint;
  gasRefund(): bigint;
  output(): number;
  outputLength(): number;
  logPlace(): number;
  logsTotal(): number;
  logsEver(): number;
  bloomLogs(): void;
  settleTransaction(): void;
  trace(steps: boolean, frames: boolean): void;
  hasPrecompile(account: number): number;
  isAccountWarm(account: number): number;
  isSlotWarm(slot: number): number;
  readSlot(slot: number): number;
  framePlace(): number;
  depth(): number;
  keccak(from: number, length: number): void;
};

export type EngineInstance = {
  readonly functions: EngineFunctions;
  /** All memory as bytes; asking again is cheap, keeping it across a call into the engine is wrong. */
  bytes(): Uint8Array;
  view(): DataView;
  /** Bytes of linear memory. */
  size(): number;
};

// The compiler's libraries for Node leave WebAssembly out; this is the part in use.
type Memory = { readonly buffer: ArrayBuffer };
type Exports = EngineFunctions & { readonly memory: Memory };
declare const WebAssembly: {
  readonly RuntimeError: new (message: string) => Error;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Exports };
};

/** Compiled code, to be instantiated as often as wanted. */
export type EngineModule = { readonly compiled: object };

/** Compiled by the first engine of a process, for all of them. */
const shared: { module?: EngineModule } = {};

/** Takes some milliseconds the first time. */
export function compileEngine(): EngineModule {
  shared.module ??= { compiled: new WebAssembly.Module(bytesOf(ENGINE_BASE64)) };
  return shared.module;
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** @param secret 64 bits that nobody who writes contracts knows: they key the hash of the tables */
export function createInstance({ compiled }: EngineModule, secret: bigint): EngineInstance {
  const { exports } = new WebAssembly.Instance(compiled);
  let bytes = new Uint8Array(exports.memory.buffer);
  let view = new DataView(exports.memory.buffer);
  const renew = (): void => {
    // A buffer whose memory has grown is detached and has no length.
    if (bytes.length > 0) return;
    bytes = new Uint8Array(exports.memory.buffer);
    view = new DataView(exports.memory.buffer);
  };
  exports.setUp(secret);
  return {
    functions: exports,
    bytes() {
      renew();
      return bytes;
    },
    view() {
      renew();
      return view;
    },
    size: () => exports.memory.buffer.byteLength,
  };
}

const MASK = 0xffff_ffff_ffff_ffffn;

/** Writes a quantity as a word: four limbs, lowest first. */
export function writeWord(instance: EngineInstance, place: number, value: bigint): void {
  if (value === 0n) {
    instance.bytes().fill(0, place, place + 32);
    return;
  }
  const view = instance.view();
  view.setBigUint64(place, value, true);
  if (value <= MASK) {
    view.setBigUint64(place + 8, 0n, true);
    view.setBigUint64(place + 16, 0n, true);
    view.setBigUint64(place + 24, 0n, true);
    return;
  }
  view.setBigUint64(place + 8, value >> 64n, true);
  view.setBigUint64(place + 16, value >> 128n, true);
  view.setBigUint64(place + 24, value >> 192n, true);
}

export function readWord(instance: EngineInstance, place: number): bigint {
  const view = instance.view();
  const low = view.getBigUint64(place, true);
  // Most are small, and a bigint that is not made costs nothing.
  let rest = 0;
  for (let at = place + 8; at < place + 32; at += 4) rest |= view.getUint32(at, true);
  if (rest === 0) return low;
  const second = view.getBigUint64(place + 8, true);
  const third = view.getBigUint64(place + 16, true);
  const high = view.getBigUint64(place + 24, true);
  return (high << 192n) | (third << 128n) | (second << 64n) | low;
}

/** Writes a quantity as 32 big-endian bytes at INPUT + `offset`. */
export function writeQuantity(instance: EngineInstance, offset: number, value: bigint): void {
  const view = instance.view();
  const place = INPUT + offset;
  if (value <= MASK) {
    view.setBigUint64(place, 0n);
    view.setBigUint64(place + 8, 0n);
    view.setBigUint64(place + 16, 0n);
  } else {
    view.setBigUint64(place, value >> 192n);
    view.setBigUint64(place + 8, value >> 128n);
    view.setBigUint64(place + 16, value >> 64n);
  }
  view.setBigUint64(place + 24, value);
}

/** Puts bytes at the right end of 32 bytes at INPUT. */
export function writePadded(instance: EngineInstance, value: Uint8Array): void {
  const bytes = instance.bytes();
  bytes.fill(0, INPUT, INPUT + 32 - value.length);
  bytes.set(value, INPUT + 32 - value.length);
}

/** A copy of what the engine wrote at OUTPUT + `offset`. */
export function readOutput(instance: EngineInstance, offset: number, length: number): Uint8Array {
  return instance.bytes().slice(OUTPUT + offset, OUTPUT + offset + length);
}

/** Whether the engine trapped: a fault of the node, whatever was run. */
export function isTrap(error: unknown): error is Error {
  return error instanceof WebAssembly.RuntimeError;
}

/** What cannot happen unless the engine itself is broken. */
export function engineFault(what: string): InvariantError {
  return new InvariantError(`the engine keeps its protocol: ${what}`);
}
