/** Traces that are always the same, one for each tracer. */
import { type TraceResult, ZERO_ADDRESS, ZERO_HASH } from '../../ledger/model/index.ts';
import type { TraceRequest, TracingPort } from '../tracing-port.ts';

const SOME = Uint8Array.of(1, 2);
const WORD = new Uint8Array(32).fill(7);
const SLOT = { slot: WORD, value: WORD };

const INNER = {
  kind: 'staticcall',
  from: ZERO_ADDRESS,
  to: ZERO_ADDRESS,
  value: undefined,
  gas: 9n,
  gasUsed: 1n,
  input: SOME,
  output: new Uint8Array(0),
  error: undefined,
  calls: [],
  logs: [{ address: ZERO_ADDRESS, topics: [ZERO_HASH], data: SOME, index: 0, position: 0 }],
} as const;

/** `Error("no")` as Solidity reverts with it. */
const NO = Uint8Array.of(0x08, 0xc3, 0x79, 0xa0, ...word(32), ...word(2), 0x6e, 0x6f, ...zeros(30));

function resultOf({ tracer }: TraceRequest): TraceResult {
  switch (tracer.kind) {
    case 'structLogs': {
      const step = { pc: 4, op: 'SLOAD', gas: 100n, gasCost: 3n, depth: 1, error: 'out of gas' };
      const seen = { stack: [0n, 255n], memory: WORD, storage: [SLOT], returnData: SOME };
      const structLogs = [
        { ...step, ...seen, refund: 5n },
        {
          ...{ ...step, error: undefined, refund: 0n },
          ...{ stack: [], memory: new Uint8Array(0), storage: undefined, returnData: undefined },
        },
      ];
      return { kind: 'structLogs', gas: 21_000n, failed: false, returnValue: SOME, structLogs };
    }
    case 'callTracer': {
      const ended = {
        kind: 'create2',
        to: undefined,
        value: 0n,
        error: 'execution reverted',
      } as const;
      return {
        kind: 'callTracer',
        frame: { ...INNER, ...ended, output: NO, calls: [INNER], logs: [] },
      };
    }
    case 'prestateTracer': {
      const account = {
        address: ZERO_ADDRESS,
        balance: 1n,
        nonce: 2n,
        code: SOME,
        storage: [SLOT],
      };
      if (!tracer.diffMode) return { kind: 'prestateTracer', accounts: [account] };
      const after = { ...account, balance: undefined, nonce: 0n, code: undefined, storage: [] };
      return { kind: 'prestateDiff', pre: [account], post: [after] };
    }
    case '4byteTracer':
      return {
        kind: '4byteTracer',
        calls: [{ selector: Uint8Array.of(1, 2, 3, 4), argumentBytes: 32, count: 2 }],
      };
    case 'noopTracer':
      return { kind: 'noopTracer' };
  }
}

export function createScriptedTracing(): TracingPort {
  const traces = (request: TraceRequest) =>
    ({ ok: true, traces: [{ hash: ZERO_HASH, result: resultOf(request) }] }) as const;
  return {
    transaction: async (_, request) => ({ ok: true, result: resultOf(request) }),
    block: async (_, request) => traces(request),
    encodedBlock: async (_, request) => traces(request),
    call: async (_, __, request) => ({ ok: true, result: resultOf(request) }),
  };
}

function word(value: number): readonly number[] {
  return [...zeros(31), value];
}

function zeros(count: number): readonly number[] {
  return new Array<number>(count).fill(0);
}
