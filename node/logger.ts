/** The logger that every layer below is given: a constant sentence, data as the second argument. */
import { type DestinationStream, pino } from 'pino';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug' | 'trace';

type LogMethod = (message: string, data?: object) => void;

export type Logger = { readonly [level in LogLevel]: LogMethod } & {
  /** A logger whose lines carry `module`. */
  child(module: string): Logger;
};

/** JSON lines through pino; `destination` defaults to standard output. */
export function createLogger(level: LogLevel | 'silent', destination?: DestinationStream): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return wrap(destination === undefined ? pino(options) : pino(options, destination));
}

/** Says nothing; the default in tests. */
export const silentLogger: Logger = {
  error: () => {},
  warn: () => {},
  info: () => {},
  debug: () => {},
  trace: () => {},
  child: () => silentLogger,
};

type PinoLogger = ReturnType<typeof pino>;

function wrap(logger: PinoLogger): Logger {
  const at =
    (level: LogLevel): LogMethod =>
    (message, data) => {
      if (data === undefined) logger[level](message);
      else logger[level](data, message);
    };
  return {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    trace: at('trace'),
    child: (module) => wrap(logger.child({ module })),
  };
}
