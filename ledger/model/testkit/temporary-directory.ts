import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made: string[] = [];
process.once('exit', () => {
  for (const path of made) rmSync(path, { recursive: true, force: true });
});

/** A directory that is gone when the process ends. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'ehb-test-'));
  made.push(path);
  return path;
}
