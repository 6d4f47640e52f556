/**
 * The fast engine with a tracer on every transaction that holds what it is told against what happens: the
 * gas before each step follows from the price of the step before, and a failure that was announced
 * comes true.
 */
import type { ChainRules } from '../chain-rules.ts';
import type { Engine } from '../engine.ts';
import { createFastEngine } from '../fast-engine.ts';
import { opcodeName } from '../opcode-names.ts';
import type { TracedStep, Tracer } from '../tracer.ts';

const CREATES = [0xf0, 0xf5];
const CALL_WITH_VALUE = [0xf1, 0xf2];
const STIPEND = 2_300n;

type Seen = Pick<TracedStep, 'opcode' | 'gas' | 'cost' | 'given' | 'failure' | 'pc'> & {
  readonly stipend: bigint;
};

type Watch = { readonly isCreation: boolean; last: Seen | undefined; expected: bigint };

/** @throws Error at the first difference */
export function createWatchingEngine(rules: ChainRules): Engine {
  const engine = createFastEngine(rules);
  return {
    ...engine,
    executeBlock: (input, state) =>
      engine.executeBlock({ ...input, tracerFor: () => createWatcher() }, state),
  };
}

function createWatcher(): Tracer {
  const frames: Watch[] = [];
  const top = (): Watch => frames.at(-1) as Watch;
  return {
    enter: ({ kind, gas }) => {
      const parent = frames.at(-1);
      if (parent?.last !== undefined && kind !== 'selfdestruct') {
        const { gas: before, cost, given, stipend, opcode } = parent.last;
        const left = before - cost;
        const wanted = CREATES.includes(opcode) ? left - left / 64n : given + stipend;
        expect(parent.last, 'gas of its frame', gas, wanted);
        if (CREATES.includes(opcode)) parent.expected -= gas;
      }
      frames.push({ isCreation: kind.startsWith('create'), last: undefined, expected: gas });
    },
    step: (step) => {
      const frame = top();
      if (frame.last !== undefined) expect(frame.last, 'gas after it', step.gas, frame.expected);
      if (frame.last?.failure !== undefined) throw mismatch(frame.last, 'it went on');
      frame.last = seenOf(step);
      frame.expected = step.gas - step.cost;
    },
    leave: ({ gasLeft, failure }) => {
      const { last, expected, isCreation } = frames.pop() as Watch;
      if (last !== undefined) checkEnd(last, failure, { gasLeft, expected, isCreation });
      const parent = frames.at(-1);
      if (parent !== undefined) parent.expected += gasLeft;
    },
  };
}

function checkEnd(
  last: Seen,
  failure: string | undefined,
  end: { gasLeft: bigint; expected: bigint; isCreation: boolean },
): void {
  const isOwn = failure === 'out of gas' || failure?.startsWith('stack ') === true;
  if (last.failure !== undefined && failure === undefined) throw mismatch(last, 'it did not fail');
  if (last.failure === undefined && isOwn) throw mismatch(last, `it failed: ${failure}`);
  if (failure !== undefined && failure !== 'execution reverted') return;
  if (!end.isCreation) expect(last, 'gas at the end', end.gasLeft, end.expected);
}

function seenOf(step: TracedStep): Seen {
  const { opcode, gas, cost, given, failure, pc } = step;
  const isPaid = failure === undefined && CALL_WITH_VALUE.includes(opcode) && step.stack(2) !== 0n;
  return { opcode, gas, cost, given, failure, pc, stipend: isPaid ? STIPEND : 0n };
}

function expect(step: Seen, what: string, got: bigint, wanted: bigint): void {
  if (got !== wanted) throw mismatch(step, `${what}: ${got}, not ${wanted}`);
}

function mismatch({ opcode, pc, gas, cost, failure }: Seen, what: string): Error {
  const told = `gas ${gas}, cost ${cost}, ${failure ?? 'no failure'}`;
  return new Error(`${opcodeName(opcode)} at ${pc} (${told}): ${what}`);
}
