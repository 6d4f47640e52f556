/** Runs a message step by step for a tracer, and shows it the frame on top. */
import type { FrameKind, TracedEnd, TracedFrame, TracedStep, Tracer } from '../tracer.ts';
import { engineFault, readWord } from './instance.ts';
import {
  DONE,
  FRAME_BASE,
  FRAME_CALLER,
  FRAME_CODE,
  FRAME_CODE_ACCOUNT,
  FRAME_CODE_LENGTH,
  FRAME_DATA,
  FRAME_DATA_LENGTH,
  FRAME_ENTERED,
  FRAME_GAS,
  FRAME_KIND,
  FRAME_LEFT,
  FRAME_MEM,
  FRAME_MEM_SIZE,
  FRAME_PC,
  FRAME_SELF,
  FRAME_SP,
  FRAME_VALUE,
  NEED_PRECOMPILE,
  REVERTED,
  SLICE,
  STEP,
} from './layout.ts';
import { GAS_A_SLICE, hasSucceeded, reasonOf, returnedBytes } from './run-message.ts';
import { addressAt, answer, type World } from './world.ts';

/** In the order of their numbers in `assembly/frames.ts`. */
const KINDS: readonly FrameKind[] = [
  'call',
  'callcode',
  'delegatecall',
  'staticcall',
  'create',
  'create2',
];

const WORD = 32;

/** Like `runSlice`, with everything told to the tracer. The outermost frame was told by `traceEntry`. */
export function traceSlice(world: World, tracer: Tracer, stops: number): boolean {
  const { functions } = world.instance;
  for (let left = stops; left > 0; left -= 1) {
    const status = functions.run(GAS_A_SLICE);
    switch (status) {
      case DONE:
        tracer.leave?.(endOf(world));
        return true;
      case SLICE:
        return false;
      case STEP:
        tracer.step?.(stepOf(world));
        break;
      case FRAME_ENTERED:
        tracer.enter?.(frameOf(world));
        break;
      case FRAME_LEFT:
        tracer.leave?.(endOf(world));
        break;
      default:
        answer(world, status);
        // Ends the frame of the precompile; if that is the outermost, DONE tells it.
        if (status === NEED_PRECOMPILE && functions.depth() > 0) tracer.leave?.(endOf(world));
    }
  }
  return false;
}

export function traceEntry(world: World, tracer: Tracer): void {
  tracer.enter?.(frameOf(world));
}

function frameOf(world: World): TracedFrame {
  const { instance } = world;
  const view = instance.view();
  const frame = instance.functions.framePlace();
  const field = (offset: number): number => view.getUint32(frame + offset, true);
  const kind = KINDS[field(FRAME_KIND)];
  if (kind === undefined) throw engineFault('a frame has a kind');
  const isCreate = kind === 'create' || kind === 'create2';
  const [place, length] = isCreate
    ? [field(FRAME_CODE), field(FRAME_CODE_LENGTH)]
    : [field(FRAME_DATA), field(FRAME_DATA_LENGTH)];
  return {
    kind,
    depth: instance.functions.depth() - 1,
    from: addressAt(world, field(FRAME_CALLER)),
    to: addressAt(world, field(FRAME_SELF)),
    codeAddress: addressAt(world, field(FRAME_CODE_ACCOUNT)),
    value: readWord(instance, frame + FRAME_VALUE),
    gas: view.getBigInt64(frame + FRAME_GAS, true),
    input: () => instance.bytes().slice(place, place + length),
  };
}

function stepOf(world: World): TracedStep {
  const { instance } = world;
  const view = instance.view();
  const frame = instance.functions.framePlace();
  const field = (offset: number): number => view.getUint32(frame + offset, true);
  const pc = field(FRAME_PC);
  const top = field(FRAME_SP);
  const memory = field(FRAME_MEM);
  const memorySize = field(FRAME_MEM_SIZE);
  return {
    pc: pc - field(FRAME_CODE),
    opcode: view.getUint8(pc),
    gas: view.getBigInt64(frame + FRAME_GAS, true),
    depth: instance.functions.depth() - 1,
    refund: instance.functions.gasRefund(),
    address: addressAt(world, field(FRAME_SELF)),
    stackSize: (top - field(FRAME_BASE)) / WORD,
    stack: (fromTop) => readWord(instance, top - fromTop * WORD),
    memorySize,
    memory: () => instance.bytes().slice(memory, memory + memorySize),
    returnData: () => returnedBytes(world),
  };
}

function endOf(world: World): TracedEnd {
  const { functions } = world.instance;
  const status = functions.outcome();
  return {
    depth: functions.depth(),
    gasLeft: functions.gasRemaining(),
    output: returnedBytes(world),
    failure: hasSucceeded(status) ? undefined : failureOf(status),
  };
}

function failureOf(status: number): string {
  return status === REVERTED ? 'execution reverted' : reasonOf(status);
}
