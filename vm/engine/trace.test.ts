/** What a tracer sees: every instruction, every frame, and the same result as without it. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asAddress, bytesToHex, hexToBytes } from '../../ledger/model/index.ts';
import { party } from '../../ledger/model/testkit/party.ts';
import type { CallRequest, CallResult } from '../engine.ts';
import { createFastEngine } from '../fast-engine.ts';
import { environmentOf } from '../header-rules.ts';
import { COIN, callRequest, createTestChain, signed, testRules } from '../testkit/chain.ts';
import type { Tracer } from '../tracer.ts';

const test = suite('vm/engine/trace');
const alice = party('alice');
const at = (byte: number) => asAddress(new Uint8Array(20).fill(byte));

/** Adds 1 and 2, stores the sum in memory, returns 32 bytes. */
const ADDING = hexToBytes('0x600160020160005260206000f3');
/** Calls contract 1 with value 7, then the sha256 precompile, then reverts with two bytes. */
const CALLING = hexToBytes(
  `0x602060006000600060077${'3'}${'01'.repeat(20)}5af150` +
    '602060006004600060006002611000f150' +
    '6002601efd',
);
/** Creates a contract out of two bytes of initcode. */
const CREATING = hexToBytes('0x61600060005260026000' + '6000f000');

const chain = createTestChain(testRules('osaka'), [
  { address: alice.address, balance: COIN },
  { address: at(1), nonce: 1n, code: ADDING },
  { address: at(2), nonce: 1n, balance: 100n, code: CALLING },
  { address: at(3), nonce: 1n, code: CREATING },
]);
const environment = environmentOf(chain.head());

const request = (to: number): CallRequest =>
  callRequest(alice.address, { to: at(to), data: Uint8Array.of(1, 2, 3) });

async function traced(to: number): Promise<{ events: string[]; result: CallResult }> {
  const events: string[] = [];
  const tracer: Tracer = {
    enter: ({ kind, depth, to: self, value, input }) =>
      events.push(
        `${'  '.repeat(depth)}${kind} ${bytesToHex(self).slice(-2)} value ${value} ${bytesToHex(input())}`,
      ),
    step: ({ depth, pc, opcode, stackSize, stack }) => {
      const top = stackSize === 0 ? '' : ` top ${stack(0)}`;
      events.push(`${'  '.repeat(depth)}${pc}: ${opcode.toString(16)} of ${stackSize}${top}`);
    },
    leave: ({ depth, output, failure }) =>
      events.push(`${'  '.repeat(depth)}end ${failure ?? 'well'} ${bytesToHex(output)}`),
  };
  const result = await createFastEngine(chain.rules).call(request(to), environment, chain.state, {
    tracer,
  });
  return { events, result };
}

test('every instruction is seen before it runs, with stack and place', async () => {
  const { events, result } = await traced(1);
  assert.equal(events, [
    'call 01 value 0 0x010203',
    '0: 60 of 0',
    '2: 60 of 1 top 1',
    '4: 1 of 2 top 2',
    '5: 60 of 1 top 3',
    '7: 52 of 2 top 0',
    '8: 60 of 0',
    '10: 60 of 1 top 32',
    '12: f3 of 2 top 0',
    `end well 0x${'03'.padStart(64, '0')}`,
  ]);
  assert.equal(
    result,
    await createFastEngine(chain.rules).call(request(1), environment, chain.state),
  );
});

test('inner frames begin and end, precompiles among them, and failures are named', async () => {
  const { events, result } = await traced(2);
  const frames = events.filter((line) => /call|create|end/.test(line));
  assert.is(frames[0], 'call 02 value 0 0x010203');
  assert.is(frames[1], '  call 01 value 7 0x');
  assert.is(frames[2], `  end well 0x${'03'.padStart(64, '0')}`);
  assert.is(frames[3], '  call 02 value 0 0x00000000');
  assert.ok(frames[4]?.startsWith('  end well 0x'));
  assert.is(frames.length, 6);
  assert.ok(frames[5]?.startsWith('end execution reverted 0x'));
  assert.is(result.kind, 'reverted');
});

test('a creation is a frame whose input is the code that runs', async () => {
  const { events } = await traced(3);
  const frames = events.filter((line) => /call|create|end/.test(line));
  assert.equal(
    frames.map((line) => line.replace(/create ../, 'create')),
    ['call 03 value 0 0x010203', '  create value 0 0x0000', '  end well 0x', 'end well 0x'],
  );
});

test('gas before each step falls by what the step before cost', async () => {
  const gas: bigint[] = [];
  const tracer: Tracer = {
    step: (step) => {
      gas.push(step.gas);
      return undefined;
    },
  };
  await createFastEngine(chain.rules).call(request(1), environment, chain.state, { tracer });
  const costs = gas.slice(1).map((left, i) => (gas[i] as bigint) - left);
  assert.equal(costs, [3n, 3n, 3n, 3n, 6n, 3n, 3n]);
});

test('memory can be read at a step', async () => {
  let memory = '';
  const tracer: Tracer = {
    step: (step) => {
      if (step.opcode === 0xf3) memory = bytesToHex(step.memory());
    },
  };
  await createFastEngine(chain.rules).call(request(1), environment, chain.state, { tracer });
  assert.is(memory, `0x${'03'.padStart(64, '0')}`);
});

test('one transaction of a block is watched, and the block comes out the same', async () => {
  const engine = createFastEngine(chain.rules);
  const input = {
    environment: { ...environment, number: 1n },
    transactions: [0n, 1n, 2n].map((nonce) => signed(alice, { to: at(2), nonce })),
    mode: 'validate',
  } as const;
  const plain = await engine.executeBlock(input, chain.state);
  const watched: number[] = [];
  const steps: number[] = [];
  const again = await engine.executeBlock(
    {
      ...input,
      tracerFor: (index) => {
        watched.push(index);
        return index === 1 ? { step: ({ opcode }) => void steps.push(opcode) } : undefined;
      },
    },
    chain.state,
  );
  assert.equal(again, plain);
  assert.equal(watched, [0, 1, 2]);
  assert.ok(steps.length > 20);
});

test('who has seen enough is shown no further instruction, but every frame', async () => {
  const seen: string[] = [];
  const tracer: Tracer = {
    enter: ({ kind }) => void seen.push(kind),
    step: ({ pc }) => {
      seen.push(`${pc}`);
      return seen.length > 2 ? 'enough' : undefined;
    },
    leave: ({ depth }) => void seen.push(`end ${depth}`),
  };
  await createFastEngine(chain.rules).call(request(2), environment, chain.state, { tracer });
  assert.equal(seen, ['call', '0', '2', 'call', 'end 1', 'call', 'end 1', 'end 0']);
});

test('a machine that was watched runs unwatched afterwards: nobody is told, and the result is the same', async () => {
  const engine = createFastEngine(chain.rules);
  let told = 0;
  const tracer: Tracer = {
    step: () => {
      told += 1;
      return undefined;
    },
  };
  const plain = await engine.call(request(2), environment, chain.state);
  const watched = await engine.call(request(2), environment, chain.state, { tracer });
  const before = told;
  assert.ok(before > 20);
  assert.equal(watched, plain);
  assert.equal(await engine.call(request(2), environment, chain.state), plain);
  assert.is(told, before);
});

test('what a tracer throws ends the run, and the engine goes on with the next', async () => {
  const engine = createFastEngine(chain.rules);
  const plain = await engine.call(request(2), environment, chain.state);
  const tracer: Tracer = {
    enter: ({ depth }) => {
      if (depth === 1) throw new RangeError('enough of this');
    },
  };
  await engine.call(request(2), environment, chain.state, { tracer }).then(
    () => assert.unreachable('it ends'),
    (error: unknown) => assert.instance(error, RangeError),
  );
  assert.equal(await engine.call(request(2), environment, chain.state), plain);
});

test.run();
