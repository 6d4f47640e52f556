/**
 * Completes package-lock.json after `npm install`.
 *
 * A registry mirror may not carry the binaries of every platform. npm then leaves those optional
 * packages out of the lock file, and `npm ci` refuses a lock file that does not list them. This
 * adds an entry for each: version, `os` and `cpu` as its name says, so that npm skips it on every
 * other platform and fetches it on its own.
 *
 * Run it after every change of dependencies: `npm run lock`.
 */
import { readFileSync, writeFileSync } from 'node:fs';

type LockedPackage = {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  optionalDependencies?: Record<string, string>;
};

const OS_NAMES = ['android', 'darwin', 'linux', 'win32', 'freebsd', 'openharmony'] as const;
const CPU_NAMES: Readonly<Record<string, string>> = {
  amd64: 'x64',
  x64: 'x64',
  arm64: 'arm64',
  arm: 'arm',
  armv7: 'arm',
  ia32: 'ia32',
  ppc64: 'ppc64',
  riscv64: 'riscv64',
  s390x: 's390x',
  loong64: 'loong64',
};

const path = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(path, 'utf8')) as { packages: Record<string, LockedPackage> };
let added = 0;
for (const [parent, entry] of Object.entries(lock.packages)) {
  if (parent === '') continue;
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    if (lock.packages[key] !== undefined) continue;
    const words = name.split(/[-/]/);
    const os = OS_NAMES.find((candidate) => words.includes(candidate));
    const cpuWord = words.find((word) => word in CPU_NAMES);
    if (os === undefined || cpuWord === undefined) continue;
    lock.packages[key] = {
      version,
      ...(entry.dev === true ? { dev: true } : {}),
      optional: true,
      os: [os],
      cpu: [CPU_NAMES[cpuWord] as string],
    };
    added += 1;
  }
}
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
);
writeFileSync(path, `${JSON.stringify(lock, undefined, 2)}\n`);
process.stdout.write(`package-lock.json: ${added} entries of other platforms added\n`);
