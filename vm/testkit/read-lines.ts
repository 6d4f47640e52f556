/** Lines of a text file, plain or, if its name ends in `.zst`, compressed; a line at a time in memory. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';

/** Throws what opening, reading or decompressing throws. */
export async function* readLines(file: string): AsyncGenerator<string> {
  let failure: unknown;
  const source = createReadStream(file);
  const input = file.endsWith('.zst')
    ? pipeline(source, createZstdDecompress(), (error) => {
        failure = error ?? undefined;
      })
    : source.on('error', (error) => {
        failure = error;
      });
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  // A failing stream only ends the interface, so the reason has to be asked for.
  input.on('error', () => lines.close());
  for await (const line of lines) if (line.trim() !== '') yield line;
  if (failure !== undefined) throw failure;
}
