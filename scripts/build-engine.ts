/**
 * Compiles the engine (`vm/engine/assembly`), its precompiled contracts (`assembly/precompiles`) and Keccak
 * (`ledger/model/assembly`) and writes each as a module of the sources: `npm run build:engine`. With `--check` it
 * writes nothing and fails if a committed module is not what the sources give, or if the dispatch over
 * instructions is no jump table.
 *
 * The compiler is pinned, so the same sources give the same bytes on every machine.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main as compile } from 'assemblyscript/asc';

const ROOT: string = fileURLToPath(new URL('..', import.meta.url));
const ENGINE: Target = {
  source: 'vm/engine/assembly/index.ts',
  artefact: 'vm/engine/artefact.ts',
  constant: 'ENGINE_BASE64',
  what: 'engine',
  from: 'assembly/',
};
const PRECOMPILES: Target = {
  source: 'vm/engine/assembly/precompiles/index.ts',
  artefact: 'vm/precompiles/artefact.ts',
  constant: 'PRECOMPILES_BASE64',
  what: 'precompiled contracts',
  from: 'vm/engine/assembly/precompiles/',
};
const KECCAK: Target = {
  source: 'ledger/model/assembly/index.ts',
  artefact: 'ledger/model/keccak-artefact.ts',
  constant: 'KECCAK_BASE64',
  what: 'Keccak-256',
  from: 'assembly/',
};
const OPTIONS = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd'] as const;
/** One case for each byte value, and the default. */
const DISPATCH_LABELS = 257;

/** What is compiled, and where it goes. */
type Target = {
  readonly source: string;
  readonly artefact: string;
  readonly constant: string;
  readonly what: string;
  readonly from: string;
};

type Built = { readonly wasm: Uint8Array; readonly text: string };

/** @throws Error with the compiler's words if the sources do not compile */
async function build({ source, what }: Target): Promise<Built> {
  const files = new Map<string, Uint8Array | string>();
  let complaints = '';
  const { error } = await compile(
    [source, '--baseDir', ROOT, '--outFile', 'engine.wasm', '--textFile', 'engine.wat', ...OPTIONS],
    {
      stdout: { write: () => {} },
      stderr: {
        write: (text: string | Uint8Array) => {
          complaints += typeof text === 'string' ? text : new TextDecoder().decode(text);
        },
      },
      writeFile: (name: string, contents: Uint8Array | string) => {
        files.set(name, contents);
      },
    },
  );
  if (error !== null) throw new Error(`${what}: does not compile: ${complaints}`);
  if (complaints.includes('WARNING')) throw new Error(complaints);
  return { wasm: files.get('engine.wasm') as Uint8Array, text: files.get('engine.wat') as string };
}

/** Whether one jump table has a label for every instruction. */
function hasJumpTable(text: string): boolean {
  return text
    .split('\n')
    .some((line) => line.includes('br_table') && line.trim().split(/\s+/).length > DISPATCH_LABELS);
}

/** The module that ships what was compiled. */
function artefactOf({ constant, what, from }: Target, wasm: Uint8Array): string {
  const base64 = Buffer.from(wasm).toString('base64');
  return `/** The compiled ${what}: made by \`npm run build:engine\` from \`${from}\`, not to be edited. */
export const ${constant}: string =
  '${base64}';
`;
}

async function buildOrCheck(target: Target): Promise<void> {
  const { wasm, text } = await build(target);
  const artefact = artefactOf(target, wasm);
  const path = resolve(ROOT, target.artefact);
  if (target === ENGINE && !hasJumpTable(text)) {
    process.stdout.write('the dispatch is no jump table: are the cases of `interpret` dense?\n');
    process.exitCode = 1;
  } else if (!process.argv.includes('--check')) {
    writeFileSync(path, artefact);
    process.stdout.write(`${target.artefact}: ${wasm.length} bytes\n`);
  } else if (readFileSync(path, 'utf8') !== artefact) {
    process.stdout.write(`${target.artefact} is not what its sources give: npm run build:engine\n`);
    process.exitCode = 1;
  }
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await buildOrCheck(ENGINE);
  await buildOrCheck(PRECOMPILES);
  await buildOrCheck(KECCAK);
}
