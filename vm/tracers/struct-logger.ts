/** one record for each instruction, as geth's `structLogs`. The default tracer. */
import {
  bytesToHex,
  hexToBytes,
  type StructLog,
  type StructLoggerOptions,
  type StructLogTrace,
} from '../../ledger/model/index.ts';
import { opcodeName } from '../opcode-names.ts';
import { wordBytes } from '../stack-word.ts';
import type { TracedState, TracedStep, Tracer } from '../tracer.ts';
import type { TraceBudget } from './trace-budget.ts';

const SLOAD = 0x54;
const SSTORE = 0x55;
/** Bytes of JSON, about: of a record without what has no fixed size, of a slot, of a word of memory. */
const RECORD_BYTES = 90;
const SLOT_BYTES = 138;
const WORD_BYTES = 69;

export function createStructLogger(
  options: StructLoggerOptions,
  budget: TraceBudget,
): { readonly tracer: Tracer; readonly result: () => StructLogTrace } {
  const structLogs: StructLog[] = [];
  /** Values by slot, by account; both as hex. */
  const touched = new Map<string, Map<string, Uint8Array>>();
  let state: TracedState | undefined;
  let gas = 0n;
  let failed = false;
  let returnValue: Uint8Array = new Uint8Array(0);

  /** What the storage of the account looks like once the step has run. */
  const storageOf = (step: TracedStep): StructLog['storage'] => {
    if (step.stackSize < (step.opcode === SLOAD ? 1 : 2)) return undefined;
    const slot = wordBytes(step.stack(0));
    const value =
      step.opcode === SSTORE
        ? wordBytes(step.stack(1))
        : (state?.storage(step.address, slot) ?? slot);
    const account = bytesToHex(step.address);
    const slots = touched.get(account) ?? new Map<string, Uint8Array>();
    touched.set(account, slots.set(bytesToHex(slot), value));
    budget.spend(slots.size * SLOT_BYTES);
    return [...slots]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, held]) => ({ slot: hexToBytes(key), value: held }));
  };

  const record = (step: TracedStep): StructLog => {
    const { pc, cost, depth, failure, refund, opcode, stackSize, memorySize } = step;
    budget.spend(RECORD_BYTES + (options.enableMemory ? (memorySize / 32) * WORD_BYTES : 0));
    const isStorage = opcode === SLOAD || opcode === SSTORE;
    const stack = options.disableStack
      ? undefined
      : Array.from({ length: stackSize }, (_, i) => step.stack(stackSize - 1 - i));
    if (stack !== undefined) budget.spend(stack.reduce((sum, word) => sum + digits(word) + 5, 0));
    const returnData = options.enableReturnData ? step.returnData() : undefined;
    budget.spend(2 * (returnData?.length ?? 0));
    return {
      pc,
      op: opcodeName(opcode),
      gas: step.gas,
      gasCost: cost,
      depth: depth + 1,
      error: failure,
      stack,
      memory: options.enableMemory ? step.memory() : undefined,
      storage: !options.disableStorage && isStorage ? storageOf(step) : undefined,
      returnData,
      refund,
    };
  };

  return {
    tracer: {
      begin: (transaction) => {
        state = transaction.state;
      },
      step: (step) => {
        structLogs.push(record(step));
        return structLogs.length === options.limit ? 'enough' : undefined;
      },
      leave: ({ depth, output, failure }) => {
        if (depth !== 0) return;
        failed = failure !== undefined;
        if (!failed || failure === 'execution reverted') returnValue = output;
        budget.spend(2 * returnValue.length);
      },
      end: ({ gasUsed }) => {
        gas = gasUsed;
      },
    },
    result: () => ({ kind: 'structLogs', gas, failed, returnValue, structLogs }),
  };
}

/** Hexadecimal digits of a word, about; no text is made for it. */
function digits(word: bigint): number {
  if (word < 0x1_0000n) return 4;
  return word < 1n << 128n ? 32 : 64;
}
