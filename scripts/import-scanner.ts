/**
 * Finds the imports of a source file, types included. A scanner of our own because the graph tools
 * at hand lean on the compiler's JavaScript API, which TypeScript 7 no longer has: they then report
 * success over no modules at all.
 */

export type Import = {
  readonly specifier: string;
  /** 1-based. */
  readonly line: number;
  /** `import type` and `export type`: gone at run time. */
  readonly typeOnly: boolean;
};

/** Static imports, re-exports and dynamic imports with a literal, in order of appearance. */
export function findImports(source: string): readonly Import[] {
  const code = blankComments(source);
  const found: Import[] = [];
  const patterns = [
    /^[ \t]*(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?['"]([^'"\n]+)['"]/gm,
    /\bimport\((type\s+)?\s*['"]([^'"\n]+)['"]\s*\)/g,
  ];
  for (const pattern of patterns) {
    for (const match of code.matchAll(pattern)) {
      const end = match.index + match[0].length;
      found.push({
        specifier: match[2] as string,
        line: code.slice(0, end).split('\n').length,
        typeOnly: match[1] !== undefined,
      });
    }
  }
  return found.sort((a, b) => a.line - b.line);
}

/** Replaces comments by blanks, keeping lines; strings and templates stay. */
function blankComments(source: string): string {
  const token =
    /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;
  return source.replace(token, (text) =>
    text.startsWith('/') ? text.replace(/[^\n]/g, ' ') : text,
  );
}
