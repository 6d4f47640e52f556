/** The pass before all others: the files of the database are as LevelDB wrote them. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { faultOfLog } from './level-log.ts';
import { faultOfTable } from './level-table.ts';
import type { Findings } from './report.ts';

export async function verifyFiles(
  path: string,
  findings: Findings,
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  const names = (await readdir(path)).sort();
  for (const [index, name] of names.entries()) {
    const check = checkOf(name);
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
  const current = await readFile(join(path, 'CURRENT'), 'latin1').catch(() => '');
  const isNamed = /^MANIFEST-\d{6}\n$/.test(current) && names.includes(current.trimEnd());
  findings.expect(isNamed, 'file CURRENT', 'it does not name a manifest that is there');
}

function checkOf(name: string): ((file: Uint8Array) => string | undefined) | undefined {
  if (/^\d+\.(ldb|sst)$/.test(name)) return faultOfTable;
  return /^(\d+\.log|MANIFEST-\d+)$/.test(name) ? faultOfLog : undefined;
}
