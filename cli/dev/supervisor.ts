/**
 * Keeps the validators running: one that dies alone is started again, sooner or later by how long
 * it lived; one that cannot start at all ends the whole.
 */
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { ValidatorMessage } from '../supervision.ts';

/** A started process. `onEnd` is called once, after the last message. */
export type ValidatorProcess = {
  onMessage(listener: (message: ValidatorMessage) => void): void;
  onEnd(listener: (end: ProcessEnd) => void): void;
  /** Asks it to close. */
  release(): void;
  kill(): void;
};

export type ProcessEnd = { readonly code: number | undefined; readonly signal: string | undefined };

export type SupervisorClock = {
  now(): number;
  setTimeout(callback: () => void, afterMs: number): unknown;
  clearTimeout(handle: unknown): void;
};

export type SupervisorEvents = {
  ready(index: number, message: Extract<ValidatorMessage, { kind: 'ready' }>): void;
  error(index: number, message: string): void;
  /** It ended by itself and starts again after `againInMs`. */
  died(index: number, end: ProcessEnd, againInMs: number): void;
  /** It cannot start; the supervisor stops the others. */
  failed(index: number, exitCode: ExitCode, lines: readonly string[]): void;
};

export type Supervisor = {
  /** Ends all validators: asks, and kills those that are left after `STOP_LIMIT_MS`. */
  stop(): Promise<void>;
  /** Ends all validators at once. */
  kill(): void;
};

export const FIRST_DELAY_MS = 100;
export const LAST_DELAY_MS = 5000;
/** Whoever has run that long did not die of its start. */
export const STABLE_MS = 10_000;
export const STOP_LIMIT_MS = 4000;

/** Exit codes of a validator that would end the same way again. */
const HOPELESS: ReadonlySet<number> = new Set([
  EXIT.usage,
  EXIT.refused,
  EXIT.portInUse,
  EXIT.dataDirectory,
]);

/** Time until the next start, after the last delay (undefined: none yet) and a life of `livedMs`. */
export function restartDelay(lastMs: number | undefined, livedMs: number): number {
  if (lastMs === undefined || livedMs >= STABLE_MS) return FIRST_DELAY_MS;
  return Math.min(lastMs * 2, LAST_DELAY_MS);
}

type Validator = {
  process: ValidatorProcess | undefined;
  delayMs: number | undefined;
  timer: unknown;
  wasReady: boolean;
};

export function createSupervisor(
  options: { readonly count: number },
  modules: {
    readonly launch: (index: number) => ValidatorProcess;
    readonly clock: SupervisorClock;
    readonly events: SupervisorEvents;
  },
): Supervisor {
  const { launch, clock, events } = modules;
  const validators: Validator[] = [];
  const allEnded = Promise.withResolvers<void>();
  let stopped: Promise<void> | undefined;

  const settle = (): void => {
    if (validators.every(({ process }) => process === undefined)) allEnded.resolve();
  };

  const start = (index: number, validator: Validator): void => {
    const startedMs = clock.now();
    let lines: readonly string[] = [];
    const process = launch(index);
    validator.process = process;
    process.onMessage((message) => {
      if (message.kind === 'failed') lines = message.lines;
      else if (message.kind === 'error') events.error(index, message.message);
      else {
        validator.wasReady = true;
        events.ready(index, message);
      }
    });
    process.onEnd((end) => {
      validator.process = undefined;
      if (stopped !== undefined) {
        settle();
        return;
      }
      if (!validator.wasReady && end.code !== undefined && HOPELESS.has(end.code)) {
        // One of the codes in `HOPELESS`.
        events.failed(index, end.code as ExitCode, lines);
        return;
      }
      for (const line of lines) events.error(index, line);
      const delayMs = restartDelay(validator.delayMs, clock.now() - startedMs);
      validator.delayMs = delayMs;
      validator.timer = clock.setTimeout(() => start(index, validator), delayMs);
      events.died(index, end, delayMs);
    });
  };

  for (let index = 0; index < options.count; index += 1) {
    const validator = { process: undefined, delayMs: undefined, timer: undefined, wasReady: false };
    validators.push(validator);
    start(index, validator);
  }

  const kill = (): void => {
    for (const { process } of validators) process?.kill();
  };
  return {
    stop: () => {
      if (stopped !== undefined) return stopped;
      const deadline = clock.setTimeout(kill, STOP_LIMIT_MS);
      stopped = allEnded.promise.finally(() => clock.clearTimeout(deadline));
      for (const { timer, process } of validators) {
        clock.clearTimeout(timer);
        process?.release();
      }
      settle();
      return stopped;
    },
    kill,
  };
}
