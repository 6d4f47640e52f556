/**
 * Which tables belong to a LevelDB: its manifest adds and takes away files, edit by edit (leveldb, db/version_edit.cc).
 * A process that died while it wrote a table has left one that no edit names; LevelDB removes it at the next open.
 */
import { recordsOf } from './level-log.ts';

/** Tags of the fields of an edit. */
const COMPARATOR = 1;
const LOG_NUMBER = 2;
const NEXT_FILE = 3;
const LAST_SEQUENCE = 4;
const COMPACT_POINTER = 5;
const DELETED_FILE = 6;
const NEW_FILE = 7;
const PREVIOUS_LOG = 9;

/** Numbers of the tables; undefined if the manifest says something that is not known here. */
export function liveTables(manifest: Uint8Array): ReadonlySet<number> | undefined {
  const live = new Set<number>();
  for (const edit of recordsOf(manifest)) {
    if (!applyEdit(edit, live)) return undefined;
  }
  return live;
}

function applyEdit(edit: Uint8Array, live: Set<number>): boolean {
  let at = 0;
  const number = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = edit[at] ?? 0;
      at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  const skipBytes = (): void => {
    const length = number();
    at += length;
  };
  while (at < edit.length) {
    switch (number()) {
      case COMPARATOR:
        skipBytes();
        break;
      case LOG_NUMBER:
      case NEXT_FILE:
      case LAST_SEQUENCE:
      case PREVIOUS_LOG:
        number();
        break;
      case COMPACT_POINTER:
        number();
        skipBytes();
        break;
      case DELETED_FILE:
        number();
        live.delete(number());
        break;
      case NEW_FILE: {
        number();
        live.add(number());
        number();
        skipBytes();
        skipBytes();
        break;
      }
      default:
        return false;
    }
  }
  return at === edit.length;
}
