/**
 * Holds the walls of docs/architecture.md: imports go down only, a folder is entered by its door,
 * and what is pure reaches nothing that touches the world. Fails if it saw too few modules, since a
 * check over nothing is always green.
 */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HOUSE, LAYERS, type LayerRule } from './house.ts';
import { findImports } from './import-scanner.ts';

/** Source text by path relative to the root, with `/`. */
export type Sources = ReadonlyMap<string, string>;

/** Below this the search itself is broken. */
const FEWEST_MODULES = 80;
/** The one door to native code inside the pure folders (`#crypto` in package.json). */
const CRYPTO_DOOR = /^ledger\/model\/(crypto\.node|curve-[a-z-]+)\.ts$/;
/** May import any layer's door: they are never part of a release. */
const TEST_CODE = /(\.(test|bench|contract)\.ts$|\/(testkit|sim|e2e)\/)/;

/** One sentence for each import that breaks a wall, in order of path. */
export function findBreaches(sources: Sources): readonly string[] {
  const breaches: string[] = [];
  for (const [file, source] of [...sources].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const own = layerOf(file);
    if (own === undefined) continue;
    for (const { specifier, line, typeOnly } of findImports(source)) {
      const reason = specifier.startsWith('.')
        ? judgeLocal(file, own, normalize(join(dirname(file), specifier)))
        : judgePackage(file, own, specifier, typeOnly);
      if (reason !== undefined) breaches.push(`${file}:${line} imports '${specifier}': ${reason}`);
    }
  }
  return breaches;
}

function layerOf(file: string): LayerRule | undefined {
  return LAYERS.find(({ layer }) => file.startsWith(`${layer}/`));
}

function judgeLocal(file: string, own: LayerRule, target: string): string | undefined {
  const other = layerOf(target);
  if (other === undefined) {
    return target === 'package.json' ? undefined : 'it is in no folder of the house';
  }
  if (other === own) return judgeInside(file, target === `${own.layer}/index.ts`, target);
  if (own.layer === 'scripts') return undefined;
  const isTest = TEST_CODE.test(file);
  if (!isTest && !own.imports.some((name) => name === other.layer || name === target)) {
    return `${own.layer} may not import ${other.layer}`;
  }
  if (isTest && TEST_CODE.test(target)) return undefined;
  const door = target.slice(other.layer.length + 1);
  return other.doors.includes(door) ? undefined : `enter ${other.layer} by ${doorsOf(other)}`;
}

function judgeInside(file: string, isDoor: boolean, target: string): string | undefined {
  if (TEST_CODE.test(file)) return undefined;
  if (isDoor) return 'inside a folder import the file, not the door';
  return TEST_CODE.test(target) ? 'test code is not for the product' : undefined;
}

function doorsOf(rule: LayerRule): string {
  return rule.doors.length === 0 ? 'nothing: it has no door' : rule.doors.join(' or ');
}

function judgePackage(
  file: string,
  own: LayerRule,
  specifier: string,
  typeOnly: boolean,
): string | undefined {
  if (own.purePackages === undefined || typeOnly || TEST_CODE.test(file)) return undefined;
  if (CRYPTO_DOOR.test(file) || specifier === '#crypto') return undefined;
  const allowed = own.purePackages.some(
    (name) => specifier === name || specifier.startsWith(`${name}/`),
  );
  return allowed
    ? undefined
    : `${own.layer} is pure, and this is not on its list (scripts/house.ts)`;
}

function readSources(root: string): Sources {
  const files = globSync(
    HOUSE.map((folder) => `${folder}/**/*.ts`),
    { cwd: root },
  );
  return new Map(
    files
      .map((file) => file.replaceAll('\\', '/'))
      .filter((file) => !file.endsWith('.d.ts'))
      .map((file) => [file, readFileSync(resolve(root, file), 'utf8')]),
  );
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const sources = readSources(fileURLToPath(new URL('..', import.meta.url)));
  const breaches = [...findBreaches(sources)];
  const imports = [...sources.values()].reduce((sum, text) => sum + findImports(text).length, 0);
  if (sources.size < FEWEST_MODULES || imports < sources.size) {
    breaches.push(`saw only ${sources.size} modules and ${imports} imports: the search is broken`);
  }
  for (const breach of breaches) process.stdout.write(`${breach}\n`);
  process.stdout.write(
    `${sources.size} modules, ${imports} imports, ${breaches.length} breaches\n`,
  );
  process.exitCode = breaches.length === 0 ? 0 : 1;
}
