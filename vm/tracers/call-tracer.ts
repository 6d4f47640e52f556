/** the tree of messages of a transaction, as geth's `callTracer`. */
import type { CallFrame, CallLog, CallTrace, CallTracerOptions } from '../../ledger/model/index.ts';
import type { Tracer } from '../tracer.ts';
import type { TraceBudget } from './trace-budget.ts';

type Frame = { -readonly [K in keyof Omit<CallFrame, 'calls' | 'logs'>]: CallFrame[K] } & {
  calls: Frame[];
  logs: CallLog[];
};

/** Bytes of JSON, about: of a frame and of a log without their data. */
const FRAME_BYTES = 250;
const LOG_BYTES = 130;
const TOPIC_BYTES = 69;
const REVERTED = 'execution reverted';

export function createCallTracer(
  { onlyTopCall, withLog }: CallTracerOptions,
  budget: TraceBudget,
): { readonly tracer: Tracer; readonly result: () => CallTrace } {
  const open: Frame[] = [];
  let outermost: Frame | undefined;
  let gasLimit = 0n;
  const isHidden = (depth: number): boolean => onlyTopCall && depth > 0;

  const tracer: Tracer = {
    begin: (transaction) => {
      gasLimit = transaction.gasLimit;
    },
    enter: ({ kind, depth, from, to, codeAddress, value, gas, input }) => {
      if (isHidden(depth)) return;
      const keepsSelf = kind === 'delegatecall' || kind === 'callcode';
      const bytes = input();
      budget.spend(FRAME_BYTES + 2 * bytes.length);
      const frame: Frame = {
        kind,
        from: keepsSelf ? to : from,
        to: codeAddress,
        value: kind === 'staticcall' ? undefined : value,
        gas: depth === 0 ? gasLimit : gas,
        gasUsed: 0n,
        input: bytes,
        output: undefined,
        error: undefined,
        calls: [],
        logs: [],
      };
      outermost ??= frame;
      open.at(-1)?.calls.push(frame);
      open.push(frame);
    },
    leave: ({ depth, gasUsed, output, failure }) => {
      if (isHidden(depth)) return;
      const frame = open.pop();
      if (frame === undefined) return;
      frame.gasUsed = gasUsed;
      frame.error = failure;
      if (failure === undefined || failure === REVERTED) {
        budget.spend(2 * output.length);
        frame.output = output;
      }
      if (failure !== undefined && frame.kind.startsWith('create')) frame.to = undefined;
    },
    end: ({ gasUsed }) => {
      if (outermost === undefined) return;
      outermost.gasUsed = gasUsed;
      keepLogs(outermost, false, { next: 0 });
    },
  };
  const log: Tracer['log'] = ({ depth, address, topics, data }) => {
    const frame = open.at(-1);
    if (isHidden(depth) || frame === undefined) return;
    budget.spend(LOG_BYTES + TOPIC_BYTES * topics.length + 2 * data.length);
    frame.logs.push({
      address,
      topics,
      data,
      index: frame.logs.length,
      position: frame.calls.length,
    });
  };
  return {
    tracer: withLog ? { ...tracer, log } : tracer,
    result: () => ({ kind: 'callTracer', frame: outermost }),
  };
}

/** Drops the logs of what failed and counts the others, in the order in which they were written. */
function keepLogs(frame: Frame, hasFailed: boolean, count: { next: number }): void {
  const fails = hasFailed || frame.error !== undefined;
  if (fails) frame.logs = [];
  const numbered: CallLog[] = [];
  let at = 0;
  const number = (before: number): void => {
    for (; at < frame.logs.length && (frame.logs[at] as CallLog).position <= before; at += 1) {
      numbered.push({ ...(frame.logs[at] as CallLog), index: count.next });
      count.next += 1;
    }
  };
  for (const [position, call] of frame.calls.entries()) {
    number(position);
    keepLogs(call, fails, count);
  }
  number(frame.calls.length);
  frame.logs = numbered;
}
