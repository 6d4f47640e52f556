/** Starts a validator as a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { readValidatorMessage } from '../supervision.ts';
import type { ValidatorProcess } from './supervisor.ts';

const MAIN: string = fileURLToPath(new URL('../main.ts', import.meta.url));

/** `ehb <args>`; lines on its standard error count as errors. */
export function launchValidator(args: readonly string[]): ValidatorProcess {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const stderr = child.stderr === null ? undefined : createInterface({ input: child.stderr });
  return {
    onMessage: (listener) => {
      child.on('message', (value) => {
        const message = readValidatorMessage(value);
        if (message !== undefined) listener(message);
      });
      stderr?.on('line', (message) => listener({ kind: 'error', message }));
    },
    onEnd: (listener) => {
      // Not `close`: that never comes after a `disconnect` from this side.
      child.once('exit', (code, signal) => {
        const drained = [
          child.stderr === null || child.stderr.closed ? undefined : once(child.stderr, 'close'),
          child.connected ? once(child, 'disconnect') : undefined,
        ];
        void Promise.all(drained).then(() =>
          listener({ code: code ?? undefined, signal: signal ?? undefined }),
        );
      });
      // The process could not be started: there is no `exit`.
      child.once('error', (error) => {
        if (child.pid === undefined) listener({ code: undefined, signal: error.message });
      });
    },
    release: () => {
      if (child.connected) child.disconnect();
    },
    kill: () => {
      child.kill('SIGKILL');
    },
  };
}
