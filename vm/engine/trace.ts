/**
 * Runs a message for a tracer: the machine stops where frames begin and end and before the instructions
 * that the tracer wants to see, and is shown as it stands there.
 */
import type { Gas, Hash } from '../../ledger/model/index.ts';
import { addressOfWord, wordBytes } from '../stack-word.ts';
import { memoryOf } from '../step-reading.ts';
import type { TracedFrame, TracedStep, Tracer } from '../tracer.ts';
import { failedCall } from './failed-call.ts';
import { type EngineInstance, engineFault } from './instance.ts';
import { announcingTable } from './instruction-table.ts';
import {
  DONE,
  FRAME_ENTERED,
  FRAME_LEFT,
  NEED_PRECOMPILE,
  OPCODES,
  SLICE,
  STEP,
  STEP_OPCODES,
} from './layout.ts';
import { endOf, frameOf, type Open, stepOf } from './machine-view.ts';
import { GAS_A_SLICE } from './run-message.ts';
import { balanceAt, type Watched } from './state-price.ts';
import { createPricer } from './step-price.ts';
import { answer, loadAccount, type World } from './world.ts';

const LOG0 = 0xa0;
const LOGS: readonly number[] = [0xa0, 0xa1, 0xa2, 0xa3, 0xa4];
const SELFDESTRUCT = 0xff;
/** Instructions that a frame may follow. */
const CALLS: readonly number[] = [0xf0, 0xf1, 0xf2, 0xf4, 0xf5, 0xfa, SELFDESTRUCT];

export type Trace = {
  /** Like `runSlice`, with everything told; at most so many stops. */
  run(stops: number): boolean;
};

/**
 * Begins to watch the message that has just been started.
 * @param authorized refund that the transaction earned before its first instruction (EIP-7702)
 */
export function startTrace(watched: Watched, tracer: Tracer, authorized: Gas): Trace {
  const { world } = watched;
  const { functions } = world.instance;
  const price = createPricer(watched);
  const open: Open[] = [];
  let wantsSteps = tracer.step !== undefined;
  const isSeen = (opcode: number): boolean => tracer.opcodes?.includes(opcode) ?? true;

  const enter = (): void => {
    const frame = frameOf(world);
    const isCreation = frame.kind === 'create' || frame.kind === 'create2';
    const created = isCreation && frame.depth > 0 ? loadAccount(world, frame.to) : undefined;
    open.push({ gas: frame.gas, created });
    tracer.enter?.(frame);
  };
  const leave = (): void => {
    const frame = open.pop();
    if (frame === undefined) throw engineFault('a frame that ends has begun');
    tracer.leave?.(endOf(world, frame));
  };
  const step = (): void => {
    const unpriced = stepOf(world, authorized);
    if (unpriced === undefined) return;
    const seen: TracedStep = { ...unpriced, ...price(unpriced) };
    if (wantsSteps && isSeen(seen.opcode) && tracer.step?.(seen) === 'enough') {
      wantsSteps = false;
      install(world.instance, effectOpcodes(tracer));
    }
    if (seen.failure === undefined) tellEffects(watched, tracer, seen);
  };

  install(world.instance, watchedOpcodes(tracer));
  functions.trace(true, true);
  enter();
  return {
    run: (stops) => {
      for (let left = stops; left > 0; left -= 1) {
        const status = functions.run(GAS_A_SLICE);
        switch (status) {
          case DONE:
            leave();
            functions.trace(false, false);
            return true;
          case SLICE:
            return false;
          case STEP:
            step();
            break;
          case FRAME_ENTERED:
            enter();
            break;
          case FRAME_LEFT:
            leave();
            break;
          default:
            answer(world, status);
            // Ends the frame of the precompile; if that is the outermost, DONE tells it.
            if (status === NEED_PRECOMPILE && functions.depth() > 0) leave();
        }
      }
      return false;
    },
  };
}

/** Undefined: all. */
function watchedOpcodes(tracer: Tracer): readonly number[] | undefined {
  if (tracer.step === undefined) return effectOpcodes(tracer);
  return tracer.opcodes && [...tracer.opcodes, ...effectOpcodes(tracer)];
}

/** Instructions of which frames or logs are told. */
function effectOpcodes({ enter, log }: Tracer): readonly number[] {
  return [...(enter === undefined ? [] : CALLS), ...(log === undefined ? [] : LOGS)];
}

/** Makes the instance stop before those instructions. */
function install(instance: EngineInstance, opcodes: readonly number[] | undefined): void {
  const view = instance.view();
  const announcing = announcingTable();
  const [announce = 0n] = announcing;
  for (let opcode = 0; opcode < announcing.length; opcode += 1) {
    const isWatched = opcodes === undefined || opcodes.includes(opcode);
    const entry = isWatched ? announce : view.getBigUint64(OPCODES + 8 * opcode, true);
    view.setBigUint64(STEP_OPCODES + 8 * opcode, entry, true);
  }
}

/** What an instruction that can be paid for does beyond its frame. */
function tellEffects(watched: Watched, tracer: Tracer, step: TracedStep): void {
  if (LOGS.includes(step.opcode)) {
    if (!step.isStatic) tracer.log?.(logOf(step));
    return;
  }
  const { depth } = step;
  if (step.opcode === SELFDESTRUCT) {
    if (step.isStatic || tracer.enter === undefined) return;
    tracer.enter(paymentOf(watched.world, step));
    const output = new Uint8Array(0);
    tracer.leave?.({ depth: depth + 1, gasUsed: 0n, gasLeft: 0n, output, failure: undefined });
    return;
  }
  const failed = tracer.enter && failedCall(watched, step);
  if (failed === undefined) return;
  const { frame, gasUsed, failure } = failed;
  tracer.enter?.(frame);
  tracer.leave?.({
    depth: depth + 1,
    gasUsed,
    gasLeft: frame.gas - gasUsed,
    output: new Uint8Array(0),
    failure,
  });
}

function logOf(step: TracedStep): Parameters<NonNullable<Tracer['log']>>[0] {
  const topics = Array.from({ length: step.opcode - LOG0 }, (_, i) => wordBytes(step.stack(2 + i)));
  return {
    depth: step.depth,
    address: step.address,
    topics: topics as Hash[],
    data: memoryOf(step, step.stack(0), step.stack(1)),
  };
}

/** SELFDESTRUCT as a frame: the balance that goes to the heir. */
function paymentOf(world: World, step: TracedStep): TracedFrame {
  const heir = addressOfWord(step.stack(0));
  return {
    kind: 'selfdestruct',
    depth: step.depth + 1,
    from: step.address,
    to: heir,
    codeAddress: heir,
    isPrecompile: false,
    value: balanceAt(world, loadAccount(world, step.address)),
    gas: 0n,
    input: () => new Uint8Array(0),
  };
}
