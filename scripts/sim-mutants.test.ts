import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryDirectory } from '../ledger/model/testkit/temporary-directory.ts';
import { profilesNamed } from '../node/sim/campaign.ts';
import { HOUSE } from './house.ts';
import { describeProof, prove, readMutants } from './sim-mutants.ts';
import { applyHunks } from './unified-diff.ts';

type Context = { root: string; mutants: string };
const test = suite<Context>('scripts/sim-mutants');

/** A simulation in a line: seed 2 and above find a guard that always holds; others may be made to fail. */
const SIMULATION = `
import { guard } from '../consensus/guard.ts';
const [, , , , , nodes, , profiles, , from, , seeds] = process.argv;
const failures = [];
let played = 0;
for (let seed = Number(from); seed < Number(from) + Number(seeds); seed += 1) {
  played += 1;
  if (guard(seed)) continue;
  failures.push({ seed, profile: profiles, rule: 'the guard', fact: nodes, again: 'again ' + seed });
  break;
}
console.log(JSON.stringify({ seeds: played, failures }));
`;

const GUARD = `export function guard(seed: number): boolean {
  // What it is for.
  return seed < 1_000_000;
}
`;

test.before.each(async (context) => {
  context.root = temporaryDirectory();
  context.mutants = join(context.root, 'node/sim/mutants');
  for (const folder of HOUSE) await mkdir(join(context.root, folder), { recursive: true });
  await mkdir(context.mutants, { recursive: true });
  await mkdir(join(context.root, 'node_modules'));
  await writeFile(join(context.root, 'package.json'), '{"type":"module"}');
  await writeFile(join(context.root, 'tsconfig.json'), '{}');
  await writeFile(join(context.root, 'scripts/sim.ts'), SIMULATION);
  await writeFile(join(context.root, 'consensus/guard.ts'), GUARD);
});

function patch(replacement: string, original = '  return seed < 1_000_000;'): string {
  return [
    'Why.',
    '',
    'profiles: calm, chaos',
    '',
    '--- a/consensus/guard.ts',
    '+++ b/consensus/guard.ts',
    '@@ -2,2 +2,2 @@',
    '   // What it is for.',
    `-${original}`,
    `+${replacement}`,
    '',
  ].join('\n');
}

const options = ({ root, mutants }: Context) => ({
  path: mutants,
  from: 0,
  seeds: 5,
  profiles: undefined,
  root: `${root}/`,
});

test('a mutant is caught where its seed fails; what it changed is a copy', async (context) => {
  await writeFile(join(context.mutants, 'late.patch'), patch('  return seed < 2;'));
  await writeFile(join(context.mutants, 'at-once.patch'), patch('  return false;'));
  const seen: string[] = [];
  const proof = await prove(options(context), ({ mutant }) => seen.push(mutant.name));
  assert.ok(proof.isGood);
  assert.equal(seen.sort(), ['at-once', 'late']);
  assert.equal(
    proof.mutants.map(({ mutant, verdict }) => [
      mutant.name,
      verdict.kind === 'caught' ? verdict.seed : verdict.kind,
    ]),
    [
      ['at-once', 0],
      ['late', 2],
    ],
  );
  const [, late] = proof.mutants;
  assert.ok(late?.verdict.kind === 'caught');
  assert.is(
    late.verdict.again,
    'npm run sim -- --mutants node/sim/mutants/late.patch --profile calm,chaos --from 2 --seeds 1',
  );
  assert.equal(proof.unchanged, { seeds: 3, failures: [] });
});

test('a survivor, a patch that is out of date and a simulation that breaks are failures', async (context) => {
  await writeFile(join(context.mutants, 'survivor.patch'), patch('  return seed < 500;'));
  await writeFile(join(context.mutants, 'stale.patch'), patch('  return true;', '  return gone;'));
  await writeFile(join(context.mutants, 'broken.patch'), patch('  throw new TypeError("no");'));
  const proof = await prove(options(context), () => {});
  assert.not(proof.isGood);
  assert.equal(
    proof.mutants.map(({ verdict }) => verdict.kind),
    ['broken', 'stale', 'survived'],
  );
  const text = describeProof(proof).join('\n');
  assert.match(text, 'SURVIVED');
  assert.match(text, 'STALE');
  assert.match(text, 'BROKEN');
  assert.match(text, '0 of 3 mutants caught');
});

test('seeds that fail without a mutant prove nothing', async (context) => {
  await writeFile(join(context.root, 'consensus/guard.ts'), GUARD.replace('1_000_000', '1'));
  const like = patch('  return false;', '  return seed < 1;');
  await writeFile(join(context.mutants, 'caught.patch'), like);
  const good = await prove(options(context), () => {});
  assert.ok(good.isGood, 'seed 0 fails with it and passes without');
  const bad = await prove({ ...options(context), from: 3 }, () => {});
  assert.not(bad.isGood);
  assert.equal(bad.unchanged.failures, ['again 3']);
});

test('a folder without patches is an error, as is a patch without profiles', async (context) => {
  for (const text of [undefined, patch('  return false;').replace('profiles', 'other')]) {
    if (text !== undefined) await writeFile(join(context.mutants, 'a.patch'), text);
    try {
      await prove(options(context), () => {});
      assert.unreachable();
    } catch (error) {
      assert.instance(error, RangeError);
    }
  }
});

test('every mutant of the simulation still says what to change', async () => {
  const root = join(import.meta.dirname, '..');
  const mutants = await readMutants(join(root, 'node/sim/mutants'));
  assert.ok(mutants.length >= 20);
  for (const { name, patch: mutant, profiles } of mutants) {
    assert.ok(profilesNamed(profiles.split(',')).length > 0);
    for (const { path, hunks } of mutant.files) {
      const text = await readFile(join(root, path), 'utf8');
      assert.ok(applyHunks(text, hunks) !== undefined, `${name}: ${path} has changed`);
    }
  }
});

test.run();
