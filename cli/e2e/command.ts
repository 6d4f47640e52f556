/** The `ehb` command as tests run it inside their own process. */
import { createColors } from 'picocolors';
import { runCli } from '../program.ts';

/** Runs a command in this process; the JSON that it printed, and its exit code. */
export async function ehb(...args: readonly string[]): Promise<Record<string, unknown>> {
  const lines: string[] = [];
  const sink = {
    out: (line: string) => lines.push(line),
    err: (line: string) => lines.push(line),
    colours: createColors(false),
  };
  const exitCode = await runCli([...args, '--json'], sink, {});
  return { exitCode, ...(JSON.parse(lines.at(-1) ?? '{}') as object) };
}
