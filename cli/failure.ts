/** Turns what a command threw into words and an exit code. */
import { GENESIS_ERRORS } from '../genesis/index.ts';
import { CodedError, InvariantError } from '../ledger/model/index.ts';
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

/** @param debug adds stack traces (`EHB_DEBUG`) */
export async function describeFailure(error: unknown, debug: boolean): Promise<Failure> {
  if (error instanceof CodedError) {
    const { code } = error;
    return {
      exitCode: exitCodeOf(code),
      code,
      message: error.message,
      remedy: await remedyOf(code),
      stack: debug ? stackOf(error) : undefined,
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof RangeError) {
    const stack = debug ? stackOf(error) : undefined;
    const remedy = await remedyOf('CLI_USAGE');
    return { exitCode: EXIT.usage, code: 'CLI_USAGE', message, remedy, stack };
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

/** The node's tables are loaded only for its codes: with them come all parts of the node. */
async function remedyOf(code: string): Promise<string | undefined> {
  const known = CLI_ERRORS[code] ?? GENESIS_ERRORS[code];
  if (known !== undefined) return known.remedy;
  const { ERROR_TABLES } = await import('../node/index.ts');
  return ERROR_TABLES.find((table) => table[code] !== undefined)?.[code]?.remedy;
}

function stackOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { cause } = error;
  return cause instanceof Error ? `${error.stack}\ncaused by ${stackOf(cause)}` : error.stack;
}
