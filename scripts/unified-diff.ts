/**
 * Applies unified diffs, as strictly as it takes to know that they still say what they said: every line
 * of a hunk must be there, in one place only. Line numbers are not looked at, so other changes may move it.
 */

export type FilePatch = { readonly path: string; readonly hunks: readonly Hunk[] };
/** Lines as they are, and as they are to be; both with the unchanged ones around them. */
export type Hunk = { readonly before: readonly string[]; readonly after: readonly string[] };

export type Patch = {
  /** Text in front of the first file. */
  readonly preamble: string;
  readonly files: readonly FilePatch[];
};

/** @throws SyntaxError for what is no unified diff of existing files */
export function parsePatch(text: string): Patch {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const start = lines.findIndex((line) => line.startsWith('--- '));
  if (start < 0) throw new SyntaxError('a patch names a file after "--- "');
  const files: Growing[] = [];
  for (const line of lines.slice(start)) {
    if (line.startsWith('--- ')) continue;
    if (line.startsWith('+++ ')) {
      files.push({ path: line.slice(4).replace(/^b\//, '').replace(/\t.*$/, ''), hunks: [] });
    } else {
      readLine(line, files.at(-1));
    }
  }
  if (files.length === 0 || files.some(({ hunks }) => hunks.length === 0)) {
    throw new SyntaxError('a patch changes something');
  }
  return { preamble: lines.slice(0, start).join('\n'), files };
}

type Growing = { path: string; hunks: { before: string[]; after: string[] }[] };

/** A line below the names of the file. */
function readLine(line: string, file: Growing | undefined): void {
  if (file === undefined) throw new SyntaxError('a file is named twice, after "---" and "+++"');
  if (line.startsWith('@@')) {
    file.hunks.push({ before: [], after: [] });
    return;
  }
  const hunk = file.hunks.at(-1);
  const mark = line[0] ?? ' ';
  if (hunk === undefined || !' +-'.includes(mark)) {
    throw new SyntaxError(`a line of a patch begins with a space, + or -: ${line}`);
  }
  if (mark !== '+') hunk.before.push(line.slice(1));
  if (mark !== '-') hunk.after.push(line.slice(1));
}

/** The text with all hunks in place; undefined if one of them does not apply any more. */
export function applyHunks(text: string, hunks: readonly Hunk[]): string | undefined {
  let lines: readonly string[] = text.split('\n');
  for (const { before, after } of hunks) {
    const at = onlyPlaceOf(lines, before);
    if (at === undefined) return undefined;
    lines = [...lines.slice(0, at), ...after, ...lines.slice(at + before.length)];
  }
  return lines.join('\n');
}

function onlyPlaceOf(lines: readonly string[], wanted: readonly string[]): number | undefined {
  const places = [...lines.keys()].filter((at) =>
    wanted.every((line, i) => lines[at + i] === line),
  );
  return places.length === 1 ? places[0] : undefined;
}
