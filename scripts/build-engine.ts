/**
 * Compiles the engine (`vm/engine/assembly`) and writes it as a module of the sources:
 * `npm run build:engine`. With `--check` it writes nothing and fails if the committed module is not what
 * the sources give, or if the dispatch over instructions is no jump table.
 *
 * The compiler is pinned, so the same sources give the same bytes on every machine.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main as compile } from 'assemblyscript/asc';

const ROOT: string = fileURLToPath(new URL('..', import.meta.url));
const ARTEFACT = 'vm/engine/artefact.ts';
const OPTIONS = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd'] as const;
/** One case for each byte value, and the default. */
const DISPATCH_LABELS = 257;

export type BuiltEngine = { readonly wasm: Uint8Array; readonly text: string };

/** @throws Error with the compiler's words if the sources do not compile */
export async function buildEngine(): Promise<BuiltEngine> {
  const files = new Map<string, Uint8Array | string>();
  let complaints = '';
  const { error } = await compile(
    [
      'vm/engine/assembly/index.ts',
      '--baseDir',
      ROOT,
      '--outFile',
      'engine.wasm',
      '--textFile',
      'engine.wat',
      ...OPTIONS,
    ],
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
  if (error !== null) throw new Error(`the engine does not compile: ${complaints}`);
  if (complaints.includes('WARNING')) throw new Error(complaints);
  return { wasm: files.get('engine.wasm') as Uint8Array, text: files.get('engine.wat') as string };
}

/** Whether one jump table has a label for every instruction. */
export function hasJumpTable(text: string): boolean {
  return text
    .split('\n')
    .some((line) => line.includes('br_table') && line.trim().split(/\s+/).length > DISPATCH_LABELS);
}

/** The module that ships the compiled engine. */
export function artefactOf(wasm: Uint8Array): string {
  const base64 = Buffer.from(wasm).toString('base64');
  return `/** The compiled engine: made by \`npm run build:engine\` from \`assembly/\`, not to be edited. */
export const ENGINE_BASE64: string =
  '${base64}';
`;
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { wasm, text } = await buildEngine();
  const artefact = artefactOf(wasm);
  const path = resolve(ROOT, ARTEFACT);
  if (!hasJumpTable(text)) {
    process.stdout.write('the dispatch is no jump table: are the cases of `interpret` dense?\n');
    process.exitCode = 1;
  } else if (!process.argv.includes('--check')) {
    writeFileSync(path, artefact);
    process.stdout.write(`${ARTEFACT}: ${wasm.length} bytes\n`);
  } else if (readFileSync(path, 'utf8') !== artefact) {
    process.stdout.write(`${ARTEFACT} is not what its sources give: npm run build:engine\n`);
    process.exitCode = 1;
  }
}
