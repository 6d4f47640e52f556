/** How far long work has come: a line on standard error now and then. */
import type { Output } from './output.ts';

export type Progress = (line: () => string) => void;

const EVERY_MS = 1000;

/** @param isQuiet for `--json`: nothing but the result is printed */
export function createProgress(output: Output, isQuiet: boolean): Progress {
  let lastMs = performance.now();
  return (line) => {
    const nowMs = performance.now();
    if (isQuiet || nowMs - lastMs < EVERY_MS) return;
    lastMs = nowMs;
    output.err(output.colours.dim(line()));
  };
}

export function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

/** `37 %`, or nothing where the whole is not known. */
export function percent(done: number, total: number): string {
  return total === 0 ? '' : `${Math.floor((100 * done) / total)} %`;
}
