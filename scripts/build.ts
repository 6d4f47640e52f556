/**
 * Builds the release into `dist/`: JavaScript and declarations, because Node never strips types
 * under `node_modules`.
 *
 * `dist` gets a package.json of its own. Package imports (`#crypto`) resolve against the nearest
 * one, so the same specifier means the sources in a checkout and the built files in a release.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HOUSE } from './house.ts';

type Manifest = {
  readonly name: string;
  readonly version: string;
  readonly type: string;
  readonly imports: Readonly<Record<string, Readonly<Record<string, string>>>>;
};

const ROOT: string = fileURLToPath(new URL('..', import.meta.url));
const DIST: string = resolve(ROOT, 'dist');

/** `./a.ts` as a value that a loader resolves: worker entry points and child processes. */
const URL_LITERAL = /(new URL\(\s*['"`][^'"`]+)\.ts(['"`],\s*import\.meta\.url)/g;

/** The file's text with its entry-point URLs naming the built files. */
export function rewriteUrls(code: string): string {
  return code.replace(URL_LITERAL, '$1.js$2');
}

/** package.json of the built tree: the parts that a loader reads. */
export function builtManifest({ name, version, type, imports }: Manifest): Manifest {
  const built = Object.entries(imports).map(([specifier, conditions]) => [
    specifier,
    Object.fromEntries(
      Object.entries(conditions).map(([condition, path]) => [
        condition,
        path.replace(/\.ts$/, '.js'),
      ]),
    ),
  ]);
  return { name, version, type, imports: Object.fromEntries(built) as Manifest['imports'] };
}

/** What the sources read from beside them: schemas, networks, compiled contracts. */
function copyAssets(): void {
  const folders = HOUSE.filter((folder) => folder !== 'scripts');
  const files = globSync(
    folders.map((folder) => `${folder}/**/*.{json,proto,wasm,sol}`),
    {
      cwd: ROOT,
      exclude: (path) => /(^|\/)(fixtures|e2e|testkit|assembly)(\/|$)/.test(String(path)),
    },
  );
  for (const file of files) {
    if (!statSync(resolve(ROOT, file)).isFile()) continue;
    mkdirSync(dirname(resolve(DIST, file)), { recursive: true });
    cpSync(resolve(ROOT, file), resolve(DIST, file));
  }
}

function build(): void {
  rmSync(DIST, { recursive: true, force: true });
  const tsc = spawnSync(
    process.execPath,
    [resolve(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'],
    { cwd: ROOT, stdio: 'inherit' },
  );
  if (tsc.status !== 0) {
    process.exitCode = 1;
    return;
  }
  for (const file of globSync('**/*.js', { cwd: DIST })) {
    const path = resolve(DIST, file);
    const code = readFileSync(path, 'utf8');
    const rewritten = rewriteUrls(code);
    if (rewritten !== code) writeFileSync(path, rewritten);
  }
  copyAssets();
  const manifest = JSON.parse(readFileSync(resolve(ROOT, 'package.json'), 'utf8')) as Manifest;
  const text = JSON.stringify(builtManifest(manifest), undefined, 2);
  writeFileSync(resolve(DIST, 'package.json'), `${text}\n`);
  process.stdout.write(`built ${manifest.name} ${manifest.version} into dist\n`);
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  build();
}
