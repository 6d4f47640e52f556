/** Traces as the JSON that geth gives, down to which fields are left out. */
import { setImmediate } from 'node:timers/promises';
import { type TSchema, Type } from 'typebox';
import {
  bytesToHex,
  type CallFrame,
  type Hex,
  type PrestateAccount,
  type StructLog,
  type TracedSlot,
  type TraceResult,
} from '../ledger/model/index.ts';
import { solidityReason } from './methods/eth/call-request.ts';
import {
  addressSchema,
  bytesSchema,
  hashSchema,
  quantity,
  quantitySchema,
  word,
} from './values.ts';

const structLogSchema: TSchema = Type.Object(
  {
    pc: Type.Integer(),
    op: Type.String(),
    gas: Type.Integer(),
    gasCost: Type.Integer(),
    depth: Type.Integer(),
    error: Type.Optional(Type.String()),
    stack: Type.Optional(Type.Array(quantitySchema)),
    returnData: Type.Optional(bytesSchema),
    memory: Type.Optional(Type.Array(hashSchema)),
    storage: Type.Optional(Type.Record(Type.String(), hashSchema)),
    refund: Type.Optional(Type.Integer()),
  },
  { description: 'instruction' },
);

const structLogsSchema: TSchema = Type.Object(
  {
    gas: Type.Integer(),
    failed: Type.Boolean(),
    returnValue: bytesSchema,
    structLogs: Type.Array(structLogSchema),
  },
  { description: 'structLogs, without a tracer' },
);

const callFrameSchema: TSchema = Type.Object(
  {
    from: addressSchema,
    gas: quantitySchema,
    gasUsed: quantitySchema,
    to: Type.Optional(addressSchema),
    input: bytesSchema,
    output: Type.Optional(bytesSchema),
    error: Type.Optional(Type.String()),
    revertReason: Type.Optional(Type.String()),
    calls: Type.Optional(Type.Array(Type.Object({}, { description: 'call' }))),
    logs: Type.Optional(Type.Array(Type.Object({}, { description: 'log' }))),
    value: Type.Optional(quantitySchema),
    type: Type.String(),
  },
  { description: 'callTracer' },
);

/** The result of a trace; what it holds depends on the tracer. */
export const traceSchema: TSchema = Type.Union([
  structLogsSchema,
  callFrameSchema,
  Type.Object({}, { description: 'prestateTracer, 4byteTracer, noopTracer' }),
]);

type Json = Readonly<Record<string, unknown>>;

/** Takes turns with other work, since there can be a hundred thousand records. */
export async function formatTrace(result: TraceResult): Promise<Json> {
  switch (result.kind) {
    case 'structLogs':
      return {
        gas: Number(result.gas),
        failed: result.failed,
        returnValue: bytesToHex(result.returnValue),
        structLogs: await formatStructLogs(result.structLogs),
      };
    case 'callTracer':
      return result.frame === undefined ? {} : formatFrame(result.frame);
    case 'prestateTracer':
      return formatAccounts(result.accounts);
    case 'prestateDiff':
      return { post: formatAccounts(result.post), pre: formatAccounts(result.pre) };
    case '4byteTracer':
      return Object.fromEntries(
        result.calls.map(({ selector, argumentBytes, count }) => [
          `${bytesToHex(selector)}-${argumentBytes}`,
          count,
        ]),
      );
    case 'noopTracer':
      return {};
  }
}

/** Words written out between two turns of others: about two milliseconds. */
const WORDS_A_TURN = 20_000;

async function formatStructLogs(logs: readonly StructLog[]): Promise<readonly Json[]> {
  const formatted: Json[] = [];
  let words = 0;
  for (const log of logs) {
    formatted.push(formatStructLog(log));
    words += 5 + (log.stack?.length ?? 0) + (log.storage?.length ?? 0);
    words += ((log.memory?.length ?? 0) + (log.returnData?.length ?? 0)) / 32;
    if (words < WORDS_A_TURN) continue;
    words = 0;
    await setImmediate();
  }
  return formatted;
}

function formatStructLog(log: StructLog): Json {
  const { pc, op, gas, gasCost, depth, error, stack, returnData, memory, storage, refund } = log;
  return {
    pc,
    op,
    gas: Number(gas),
    gasCost: Number(gasCost),
    depth,
    ...(error !== undefined && { error }),
    ...(stack !== undefined && { stack: stack.map(quantity) }),
    ...(isFilled(returnData) && { returnData: bytesToHex(returnData) }),
    ...(isFilled(memory) && { memory: words(memory) }),
    ...(isFilled(storage) && { storage: formatSlots(storage) }),
    ...(refund !== 0n && { refund: Number(refund) }),
  };
}

function words(memory: Uint8Array): readonly Hex[] {
  const all: Hex[] = [];
  for (let at = 0; at < memory.length; at += 32) all.push(word(memory.subarray(at, at + 32)));
  return all;
}

function formatFrame(frame: CallFrame): Json {
  const { kind, from, gas, gasUsed, to, input, output, error, calls, logs, value } = frame;
  const reason = error === undefined || output === undefined ? undefined : solidityReason(output);
  return {
    from: bytesToHex(from),
    gas: quantity(gas),
    gasUsed: quantity(gasUsed),
    ...(to !== undefined && { to: bytesToHex(to) }),
    input: bytesToHex(input),
    ...(isFilled(output) && { output: bytesToHex(output) }),
    ...(error !== undefined && { error }),
    ...(reason !== undefined && { revertReason: reason }),
    ...(isFilled(calls) && { calls: calls.map(formatFrame) }),
    ...(isFilled(logs) && {
      logs: logs.map(({ address, topics, data, index, position }) => ({
        address: bytesToHex(address),
        topics: topics.map(bytesToHex),
        data: bytesToHex(data),
        index: quantity(index),
        position: quantity(position),
      })),
    }),
    ...(value !== undefined && { value: quantity(value) }),
    type: kind.toUpperCase(),
  };
}

function formatAccounts(accounts: readonly PrestateAccount[]): Json {
  const entries = accounts.map((account): [Hex, Json] => {
    const { balance, nonce, code, storage } = account;
    const json = {
      ...(balance !== undefined && { balance: quantity(balance) }),
      ...(isFilled(code) && { code: bytesToHex(code) }),
      ...(nonce !== undefined && nonce !== 0n && { nonce: Number(nonce) }),
      ...(isFilled(storage) && { storage: formatSlots(storage) }),
    };
    return [bytesToHex(account.address), json];
  });
  return Object.fromEntries(entries.sort(byName));
}

function formatSlots(slots: readonly TracedSlot[]): Readonly<Record<Hex, Hex>> {
  const entries = slots.map(({ slot, value }): [Hex, Hex] => [word(slot), word(value)]);
  return Object.fromEntries(entries.sort(byName));
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function isFilled<T extends { readonly length: number }>(list: T | undefined): list is T {
  return list !== undefined && list.length > 0;
}
