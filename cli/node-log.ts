/** Where a node's log lines go: a file, the terminal in words, or standard output as JSON. */
import { existsSync, renameSync, statSync } from 'node:fs';
import { destination } from 'pino';
import type { Colours } from './output.ts';

/** What `createLogger` writes to: one JSON line a call. */
export type LogSink = { write(line: string): void };

/** A log that a restart finds longer than this becomes `<path>.1`, replacing the one before. */
const ROTATE_BYTES = 16 * 1024 * 1024;
const ERROR_LEVEL = 50;

/** Appends to a file; `flush` writes what is still in memory. */
export function createFileSink(path: string): LogSink & { flush(): void } {
  if (existsSync(path) && statSync(path).size > ROTATE_BYTES) renameSync(path, `${path}.1`);
  const file = destination({ dest: path, append: true, sync: false });
  let isOpen = false;
  let isBroken = false;
  // A disk that takes no log must not end a node in the middle of what it does: the store says it by name.
  file.on('error', (error: Error) => {
    if (!isBroken) process.stderr.write(`the log ${path} cannot be written: ${error.message}\n`);
    isBroken = true;
  });
  file.once('ready', () => {
    isOpen = true;
  });
  return {
    write: (line) => file.write(line),
    flush: () => {
      if (isOpen && !isBroken) file.flushSync();
    },
  };
}

/** Every line to `sink`; the messages of errors to `onError` as well. */
export function teeErrors(sink: LogSink, onError: (message: string) => void): LogSink {
  return {
    write: (line) => {
      sink.write(line);
      const record = parseLine(line);
      if (record !== undefined && Number(record['level']) >= ERROR_LEVEL) {
        onError(describe(record));
      }
    },
  };
}

/** Lines for people: time, level, module, message, data. */
export function createTerminalSink(print: (line: string) => void, colours: Colours): LogSink {
  return {
    write: (line) => {
      const record = parseLine(line);
      if (record === undefined) {
        print(line.trimEnd());
        return;
      }
      const time = String(record['time'] ?? '').slice(11, 23);
      const level = levelName(Number(record['level']), colours);
      print(`${colours.dim(time)} ${level} ${describe(record)}`);
    },
  };
}

function describe(record: Readonly<Record<string, unknown>>): string {
  const { level: _level, time: _time, msg, module, err, error, ...data } = record;
  const cause = err ?? error;
  const reason = isRecord(cause) ? cause['message'] : cause;
  const parts = [
    ...(module === undefined ? [] : [`${String(module)}:`]),
    String(msg ?? ''),
    ...Object.entries(data).map(([key, value]) => `${key}=${plain(value)}`),
    ...(reason === undefined ? [] : [`(${plain(reason)})`]),
  ];
  return parts.join(' ');
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function levelName(level: number, colours: Colours): string {
  if (level >= ERROR_LEVEL) return colours.red('error');
  if (level >= 40) return colours.yellow('warn ');
  if (level >= 30) return colours.green('info ');
  return colours.dim(level >= 20 ? 'debug' : 'trace');
}

function parseLine(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
