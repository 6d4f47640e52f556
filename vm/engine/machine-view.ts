/** The machine as it stands when it stops for a tracer: the frame on top, its next instruction, how a frame ended. */
import type { FrameKind, Gas } from '../../ledger/model/index.ts';
import { opcodeName } from '../opcode-names.ts';
import type { TracedEnd, TracedFrame, TracedStep } from '../tracer.ts';
import { engineFault, readWord } from './instance.ts';
import { entryFields } from './instruction-table.ts';
import {
  FRAME_BASE,
  FRAME_CALLER,
  FRAME_CODE,
  FRAME_CODE_ACCOUNT,
  FRAME_CODE_LENGTH,
  FRAME_DATA,
  FRAME_DATA_LENGTH,
  FRAME_GAS,
  FRAME_IS_STATIC,
  FRAME_KIND,
  FRAME_MEM,
  FRAME_MEM_SIZE,
  FRAME_PC,
  FRAME_PRECOMPILE,
  FRAME_SELF,
  FRAME_SIZE,
  FRAME_SP,
  FRAME_VALUE,
  INVALID_OPCODE,
  OPCODES,
  OUT_OF_GAS,
  REVERTED,
  RULES,
  STACK_OVERFLOW,
  STACK_UNDERFLOW,
} from './layout.ts';
import { hasSucceeded, reasonOf, returnedBytes } from './run-message.ts';
import type { UnpricedStep } from './state-price.ts';
import { addressAt, codeAt, type World } from './world.ts';

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
const SSTORE = 0x55;
/** Place of the rule among those of the fork (EIP-2200). */
const STORAGE_SENTRY = 4 * 4;

/** A frame that has begun; `created`: number of the account that an inner creation makes. */
export type Open = { readonly gas: Gas; readonly created: number | undefined };

export function frameOf(world: World): TracedFrame {
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
    isPrecompile: field(FRAME_PRECOMPILE) !== 0,
    value: readWord(instance, frame + FRAME_VALUE),
    gas: view.getBigInt64(frame + FRAME_GAS, true),
    input: () => instance.bytes().slice(place, place + length),
  };
}

type SeenStep = UnpricedStep & Omit<TracedStep, 'cost' | 'given' | 'failure'>;

/** Undefined where there is no code: the machine stops at once, and nobody counts that as an instruction. */
export function stepOf(world: World, authorized: Gas): SeenStep | undefined {
  const { instance } = world;
  const view = instance.view();
  const frame = instance.functions.framePlace();
  const field = (offset: number): number => view.getUint32(frame + offset, true);
  if (field(FRAME_CODE_LENGTH) === 0) return undefined;
  const pc = field(FRAME_PC);
  const top = field(FRAME_SP);
  const memorySize = field(FRAME_MEM_SIZE);
  return {
    pc: pc - field(FRAME_CODE),
    opcode: view.getUint8(pc),
    gas: view.getBigInt64(frame + FRAME_GAS, true),
    depth: instance.functions.depth() - 1,
    refund: instance.functions.gasRefund() + authorized,
    address: addressAt(world, field(FRAME_SELF)),
    isStatic: field(FRAME_IS_STATIC) !== 0,
    stackSize: (top - field(FRAME_BASE)) / WORD,
    stack: (fromTop) => readWord(instance, top - fromTop * WORD),
    memorySize,
    memory: () => {
      // Asked for again: reading state may have moved it.
      const place = instance.view().getUint32(frame + FRAME_MEM, true);
      return instance.bytes().slice(place, place + memorySize);
    },
    returnData: () => returnedBytes(world),
  };
}

export function endOf(world: World, { gas, created }: Open): TracedEnd {
  const { functions } = world.instance;
  const status = functions.outcome();
  const gasLeft = functions.gasRemaining();
  const isDeployed = created !== undefined && hasSucceeded(status);
  return {
    depth: functions.depth(),
    gasUsed: gas - gasLeft,
    gasLeft,
    output: isDeployed ? codeAt(world, created) : returnedBytes(world),
    failure: hasSucceeded(status) ? undefined : failureOf(world, status),
  };
}

/** In the words of geth; the fields of a frame that ended stay until another takes its place. */
function failureOf({ instance }: World, status: number): string {
  if (status === REVERTED) return 'execution reverted';
  const depth = instance.functions.depth();
  const frame = instance.functions.framePlace() + (depth === 0 ? 0 : FRAME_SIZE);
  const view = instance.view();
  const field = (offset: number): number => view.getUint32(frame + offset, true);
  const opcode = view.getUint8(field(FRAME_PC));
  const size = (field(FRAME_SP) - field(FRAME_BASE)) / WORD;
  switch (status) {
    case OUT_OF_GAS: {
      const sentry = BigInt(view.getUint32(RULES + STORAGE_SENTRY, true));
      const isStopped = opcode === SSTORE && view.getBigInt64(frame + FRAME_GAS, true) <= sentry;
      return isStopped && sentry > 0n
        ? 'out of gas: not enough gas for reentrancy sentry'
        : reasonOf(status);
    }
    case INVALID_OPCODE:
      return `invalid opcode: ${opcodeName(opcode)}`;
    case STACK_UNDERFLOW:
    case STACK_OVERFLOW: {
      const { fewest, most } = entryFields(view.getBigUint64(OPCODES + 8 * opcode, true));
      return status === STACK_UNDERFLOW
        ? `stack underflow (${size} <=> ${fewest})`
        : `stack limit reached ${size} (${most})`;
    }
    default:
      return reasonOf(status);
  }
}
