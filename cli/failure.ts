/** Turns what a command threw into words and an exit code. */
import { GENESIS_ERRORS } from '../genesis/index.ts';
import { CodedError, type ErrorTable, InvariantError } from '../ledger/model/index.ts';
import { NODE_ERRORS } from '../node/index.ts';
import { CLI_ERRORS } from './errors.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.ts';
import type { Colours } from './output.ts';

export type Failure = {
  readonly exitCode: ExitCode;
  readonly code: string;
  readonly message: string;
  /** What to do; undefined where nothing is known. */
  readonly remedy: string | undefined;
  /** Only for faults of this program, or when asked for. */
  readonly stack: string | undefined;
};

const TABLES: readonly ErrorTable[] = [CLI_ERRORS, GENESIS_ERRORS, NODE_ERRORS];

/** @param debug adds stack traces (`EHB_DEBUG`) */
export function describeFailure(error: unknown, debug: boolean): Failure {
  if (error instanceof CodedError) {
    const { code } = error;
    return {
      exitCode: exitCodeOf(code),
      code,
      message: error.message,
      remedy: remedyOf(code),
      stack: debug ? stackOf(error) : undefined,
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof RangeError) {
    const stack = debug ? stackOf(error) : undefined;
    return {
      exitCode: EXIT.usage,
      code: 'CLI_USAGE',
      message,
      remedy: remedyOf('CLI_USAGE'),
      stack,
    };
  }
  return {
    exitCode: EXIT.internal,
    code: error instanceof InvariantError ? 'BROKEN_INVARIANT' : 'UNEXPECTED',
    message,
    remedy: 'This is a fault of ehb. Please report it with the lines above.',
    stack: stackOf(error),
  };
}

/** Lines for standard error. */
export function failureLines(failure: Failure, colours: Colours): readonly string[] {
  const { code, message, remedy, stack } = failure;
  return [
    ...(stack === undefined ? [] : [colours.dim(stack)]),
    `${colours.red('error')} ${message} ${colours.dim(`(${code})`)}`,
    ...(remedy === undefined ? [] : [`${colours.cyan('what to do')} ${remedy}`]),
  ];
}

function remedyOf(code: string): string | undefined {
  return TABLES.find((entries) => code in entries)?.[code]?.remedy;
}

function stackOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { cause } = error;
  return cause instanceof Error ? `${error.stack}\ncaused by ${stackOf(cause)}` : error.stack;
}
