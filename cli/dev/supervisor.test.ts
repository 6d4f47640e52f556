import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EXIT } from '../exit-codes.ts';
import type { ValidatorMessage } from '../supervision.ts';
import {
  createSupervisor,
  FIRST_DELAY_MS,
  LAST_DELAY_MS,
  type ProcessEnd,
  restartDelay,
  STABLE_MS,
  STOP_LIMIT_MS,
  type Supervisor,
  type SupervisorClock,
} from './supervisor.ts';

const test = suite('cli/dev/supervisor');

type FakeProcess = {
  readonly index: number;
  say(message: ValidatorMessage): void;
  end(code: number | undefined, signal?: string): void;
  released: boolean;
  killed: boolean;
};

type Stage = {
  readonly supervisor: Supervisor;
  /** In the order of their start. */
  readonly processes: readonly FakeProcess[];
  readonly events: readonly string[];
  advance(durationMs: number): void;
};

const READY: ValidatorMessage = { kind: 'ready', rpcUrl: 'u', peerId: 'p', address: '0x1' };

function stage(count: number): Stage {
  const processes: FakeProcess[] = [];
  const events: string[] = [];
  const clock = manualClock();
  const supervisor = createSupervisor(
    { count },
    {
      clock,
      launch: (index) => {
        let onMessage: (message: ValidatorMessage) => void = () => {};
        let onEnd: (end: ProcessEnd) => void = () => {};
        const process: FakeProcess = {
          index,
          say: (message) => onMessage(message),
          end: (code, signal) => onEnd({ code, signal }),
          released: false,
          killed: false,
        };
        processes.push(process);
        return {
          onMessage: (listener) => {
            onMessage = listener;
          },
          onEnd: (listener) => {
            onEnd = listener;
          },
          release: () => {
            process.released = true;
          },
          kill: () => {
            process.killed = true;
          },
        };
      },
      events: {
        ready: (index) => events.push(`ready ${index}`),
        error: (index, message) => events.push(`error ${index} ${message}`),
        died: (index, _end, againInMs) => events.push(`died ${index} ${againInMs}`),
        failed: (index, code) => events.push(`failed ${index} ${code}`),
      },
    },
  );
  return { supervisor, processes, events, advance: clock.advance };
}

function manualClock(): SupervisorClock & { advance(durationMs: number): void } {
  let nowMs = 0;
  const timers = new Map<object, { readonly atMs: number; readonly callback: () => void }>();
  return {
    now: () => nowMs,
    setTimeout: (callback, afterMs) => {
      const handle = {};
      timers.set(handle, { atMs: nowMs + afterMs, callback });
      return handle;
    },
    clearTimeout: (handle) => {
      timers.delete(handle as object);
    },
    advance: (durationMs) => {
      nowMs += durationMs;
      for (const [handle, { atMs, callback }] of timers) {
        if (atMs > nowMs) continue;
        timers.delete(handle);
        callback();
      }
    },
  };
}

test('a validator that dies alone is started again, the others are left alone', () => {
  const { processes, events, advance } = stage(3);
  assert.is(processes.length, 3);
  for (const process of processes) process.say(READY);
  processes[1]?.end(undefined, 'SIGKILL');
  assert.is(processes.length, 3);
  advance(FIRST_DELAY_MS);
  assert.is(processes.length, 4);
  assert.is(processes[3]?.index, 1);
  processes[3]?.say(READY);
  assert.equal(events, ['ready 0', 'ready 1', 'ready 2', 'died 1 100', 'ready 1']);
});

test('the delay doubles to a limit and starts over after a long life', () => {
  const delays: number[] = [];
  let last: number | undefined;
  for (let start = 0; start < 8; start += 1) {
    last = restartDelay(last, 0);
    delays.push(last);
  }
  assert.equal(delays, [100, 200, 400, 800, 1600, 3200, LAST_DELAY_MS, LAST_DELAY_MS]);
  assert.is(restartDelay(LAST_DELAY_MS, STABLE_MS - 1), LAST_DELAY_MS);
  assert.is(restartDelay(LAST_DELAY_MS, STABLE_MS), FIRST_DELAY_MS);
});

test('a validator that cannot start at all is not started again', () => {
  for (const code of [EXIT.usage, EXIT.refused, EXIT.portInUse, EXIT.dataDirectory]) {
    const { processes, events, advance } = stage(1);
    processes[0]?.say({ kind: 'failed', lines: ['why'] });
    processes[0]?.end(code);
    advance(LAST_DELAY_MS);
    assert.is(processes.length, 1);
    assert.equal(events, [`failed 0 ${code}`]);
  }
});

test('the same end of a validator that has run before is taken for passing', () => {
  const { processes, events, advance } = stage(1);
  processes[0]?.say(READY);
  processes[0]?.say({ kind: 'failed', lines: ['port 1 is in use'] });
  processes[0]?.end(EXIT.portInUse);
  advance(FIRST_DELAY_MS);
  assert.is(processes.length, 2);
  assert.equal(events, ['ready 0', 'error 0 port 1 is in use', 'died 0 100']);
});

test('stop asks all, kills who is left after the limit and resolves when all have ended', async () => {
  const { supervisor, processes, advance } = stage(2);
  const stopped = supervisor.stop();
  assert.is(supervisor.stop(), stopped, 'stopping twice is stopping once');
  assert.ok(processes.every(({ released }) => released));
  processes[0]?.end(0);
  advance(STOP_LIMIT_MS - 1);
  assert.not(processes[1]?.killed);
  advance(1);
  assert.ok(processes[1]?.killed);
  processes[1]?.end(undefined, 'SIGKILL');
  await stopped;
  advance(LAST_DELAY_MS);
  assert.is(processes.length, 2, 'nobody is started while stopping');
});

test('stop does not wait for a validator that is about to be started again', async () => {
  const { supervisor, processes, advance } = stage(1);
  processes[0]?.end(1);
  await supervisor.stop();
  advance(LAST_DELAY_MS);
  assert.is(processes.length, 1);
});

test.run();
