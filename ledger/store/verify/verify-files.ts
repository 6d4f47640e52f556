/** The pass before all others: the files of the database are as LevelDB wrote them. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { faultOfLog } from './level-log.ts';
import { liveTables } from './level-manifest.ts';
import { faultOfTable } from './level-table.ts';
import type { Findings } from './report.ts';

export async function verifyFiles(
  path: string,
  findings: Findings,
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  const names = (await readdir(path)).sort();
  const current = await readFile(join(path, 'CURRENT'), 'latin1').catch(() => '');
  const isNamed = /^MANIFEST-\d{6}\n$/.test(current) && names.includes(current.trimEnd());
  findings.expect(isNamed, 'file CURRENT', 'it does not name a manifest that is there');
  const live = isNamed ? await tablesOf(join(path, current.trimEnd())) : undefined;
  for (const [index, name] of names.entries()) {
    const check = isLeftOver(name, live) ? undefined : checkOf(name);
    if (check !== undefined) {
      try {
        const fault = check(await readFile(join(path, name)));
        if (fault !== undefined) findings.add(`file ${name}`, fault);
      } catch (error) {
        findings.add(`file ${name}`, `it cannot be read: ${String(error)}`);
      }
    }
    onProgress(index + 1, names.length);
  }
}

/** Undefined if the manifest is damaged, which is found with the other files. */
async function tablesOf(manifest: string): Promise<ReadonlySet<number> | undefined> {
  const bytes = await readFile(manifest).catch(() => undefined);
  return bytes === undefined || faultOfLog(bytes) !== undefined ? undefined : liveTables(bytes);
}

/** A table that belongs to nothing: a process that died was writing it, or had no time to remove it. */
function isLeftOver(name: string, live: ReadonlySet<number> | undefined): boolean {
  const [, number] = /^(\d+)\.(?:ldb|sst)$/.exec(name) ?? [];
  return number !== undefined && live !== undefined && !live.has(Number(number));
}

function checkOf(name: string): ((file: Uint8Array) => string | undefined) | undefined {
  if (/^\d+\.(ldb|sst)$/.test(name)) return faultOfTable;
  return /^(\d+\.log|MANIFEST-\d+)$/.test(name) ? faultOfLog : undefined;
}
