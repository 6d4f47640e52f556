/** What a run prints: a line as each scenario ends, then a table and the counts. */
import pc from 'picocolors';
import { seconds } from './judge.ts';
import type { ScenarioResult } from './rehearsal.ts';

export type RunResult = {
  readonly fabric: string;
  readonly seed: number;
  readonly results: readonly ScenarioResult[];
  /** Found when everything was compared at the end. */
  readonly finalFaults: readonly string[];
  readonly acknowledged: number;
};

const MARKS = { passed: pc.green('ok  '), late: pc.yellow('LATE'), failed: pc.red('FAIL') };

export function scenarioLines({
  name,
  verdict,
  recovery,
  notes,
}: ScenarioResult): readonly string[] {
  const times = `quorum after ${time(recovery.quorumMs)}, all after ${time(recovery.allMs)}`;
  const more = notes.length === 0 ? '' : `  ${pc.dim(notes.join('; '))}`;
  return [
    `${MARKS[verdict.kind]} ${name}  ${times}${more}`,
    ...verdict.reasons.map((reason) => `     ${reason}`),
  ];
}

/** @param directory of the validators, if it was kept */
export function summaryLines(run: RunResult, directory: string | undefined): readonly string[] {
  const { results, finalFaults, acknowledged, seed, fabric } = run;
  const counts = countsOf(run);
  const late = results.filter(({ verdict }) => verdict.kind === 'late').length;
  return [
    '',
    `Hosts: ${fabric}. Seconds from the end of the fault until a new transaction was final.`,
    '',
    ...table(results),
    '',
    `${acknowledged} acknowledged transactions, all compared on every validator; seed ${seed}`,
    ...faultLines(finalFaults, undefined),
    ...(late > 0 ? [`${late} recovered later than they should, which is no failure`] : []),
    ...faultLines([], directory),
    `${counts.passed} passed, ${counts.failed} failed`,
  ];
}

/** What a run found wrong. @param directory of the validators, if it was kept */
export function faultLines(
  faults: readonly string[],
  directory: string | undefined,
): readonly string[] {
  return [
    ...faults.map((fault) => `${MARKS.failed} ${fault}`),
    ...(directory === undefined ? [] : [`The validators' directories are in ${directory}`]),
  ];
}

/** The comparison at the end counts as one. */
export function countsOf({ results, finalFaults }: RunResult): { passed: number; failed: number } {
  const failed = results.filter(({ verdict }) => verdict.kind === 'failed').length;
  const last = finalFaults.length > 0 ? 1 : 0;
  return { passed: results.length - failed + (1 - last), failed: failed + last };
}

function table(results: readonly ScenarioResult[]): readonly string[] {
  const header = ['scenario', 'result', 'quorum', 'all', 'backlog', 'bound', 'acknowledged'];
  const rows = results.map(({ name, verdict, recovery, bounds, acknowledged }) => [
    name,
    verdict.kind,
    time(recovery.quorumMs),
    time(recovery.allMs),
    time(recovery.backlogMs),
    time(bounds.recoveryMs),
    String(acknowledged),
  ]);
  const lines = [header, ...rows];
  const widths = header.map((_, column) =>
    Math.max(...lines.map((line) => (line[column] ?? '').length)),
  );
  return lines.map((line) =>
    line
      .map((cell, column) =>
        column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
}

function time(durationMs: number | undefined): string {
  return durationMs === undefined ? 'never' : seconds(durationMs);
}
