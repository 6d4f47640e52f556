/** The file of peers that may connect beside the validators; read again whenever it changes. */
import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { CodedError } from '../ledger/model/index.ts';
import type { Logger } from './logger.ts';

export type Allowlist = {
  /** PeerIds and 0x addresses. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
};

const EMPTY: Allowlist = { allow: [], deny: [] };

/**
 * Parses the text of an allowlist file.
 * @throws CodedError `NODE_ALLOWLIST_INVALID`
 */
export function parseAllowlist(text: string, path: string): Allowlist {
  const invalid = (cause?: unknown): CodedError<{ code: string; path: string }> =>
    new CodedError(
      `${path} is not a JSON object with the lists "allow" and "deny"`,
      { code: 'NODE_ALLOWLIST_INVALID', path },
      { cause },
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(error);
  }
  if (typeof value !== 'object' || value === null) throw invalid();
  const { allow = [], deny = [] } = value as { allow?: unknown; deny?: unknown };
  if (!isStrings(allow) || !isStrings(deny)) throw invalid();
  return { allow, deny };
}

/** Reads the file (absent: empty lists) and calls `onChange` with each later valid content. */
export async function followAllowlist(
  path: string | undefined,
  onChange: (list: Allowlist) => void,
  logger: Logger,
): Promise<{ readonly list: Allowlist; close(): void }> {
  if (path === undefined) return { list: EMPTY, close: () => {} };
  const load = async (): Promise<Allowlist> => {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return EMPTY;
      throw error;
    }
    return parseAllowlist(text, path);
  };
  const list = await load();
  // The directory is watched, because editors replace the file rather than write into it.
  const watcher: FSWatcher = watch(dirname(path), { persistent: false }, (_event, name) => {
    if (name !== basename(path)) return;
    load().then(onChange, (error: unknown) => {
      logger.error('the allowlist was not taken over', { path, error });
    });
  });
  return { list, close: () => watcher.close() };
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}
