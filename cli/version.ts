/** The version of the package that this file is part of. */
import { readFileSync } from 'node:fs';

/** From the nearest package.json above: the checkout's, or the one of the built tree. */
export const VERSION: string = readVersion(new URL('../package.json', import.meta.url));

function readVersion(manifest: URL): string {
  const value: unknown = JSON.parse(readFileSync(manifest, 'utf8'));
  const version = typeof value === 'object' && value !== null && 'version' in value;
  return version ? String(value.version) : 'unknown';
}
