/** The `ehb` command as tests run it inside their own process. */
import { createColors } from 'picocolors';
import type { ExitCode } from '../exit-codes.ts';
import { runCli } from '../program.ts';

/** How a command ended, and what it wrote on each stream. */
export type CommandRun = { readonly code: ExitCode; readonly out: string; readonly err: string };

type Line = { readonly stream: 'out' | 'err'; readonly text: string };

/** Runs a command in this process. */
export async function runCommand(...args: readonly string[]): Promise<CommandRun> {
  const { code, lines } = await record(args);
  const textOf = (wanted: Line['stream']): string =>
    lines
      .filter(({ stream }) => stream === wanted)
      .map(({ text }) => text)
      .join('\n');
  return { code, out: textOf('out'), err: textOf('err') };
}

/** Runs a command in this process; the JSON that it printed, and its exit code. */
export async function ehb(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code: exitCode, lines } = await record([...args, '--json']);
  return { exitCode, ...(JSON.parse(lines.at(-1)?.text ?? '{}') as object) };
}

async function record(
  args: readonly string[],
): Promise<{ readonly code: ExitCode; readonly lines: readonly Line[] }> {
  const lines: Line[] = [];
  const output = {
    out: (text: string) => lines.push({ stream: 'out', text }),
    err: (text: string) => lines.push({ stream: 'err', text }),
    colours: createColors(false),
  };
  return { code: await runCli(args, output, {}), lines };
}
