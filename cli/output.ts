/** Where commands write. Colour follows the terminal, NO_COLOR and FORCE_COLOR. */
import { createColors } from 'picocolors';

export type Colours = ReturnType<typeof createColors>;

export type Output = {
  /** Results: standard output. */
  out(line: string): void;
  /** Everything that is not a result: standard error. */
  err(line: string): void;
  readonly colours: Colours;
};

/** Plain text unless the stream is a terminal. https://no-color.org, https://force-color.org */
export function usesColour(isTerminal: boolean, env: NodeJS.ProcessEnv): boolean {
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false;
  if (env['FORCE_COLOR'] !== undefined) return env['FORCE_COLOR'] !== '0';
  return isTerminal && env['TERM'] !== 'dumb';
}

/** The process's own streams. */
export function createOutput(): Output {
  return {
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
    colours: createColors(usesColour(process.stdout.isTTY === true, process.env)),
  };
}

/** Columns padded to their widest cell, two spaces apart. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    }
  }
  return rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  '),
  );
}
