/**
 * What a process did to files, from what strace wrote of it, and what a disk holds if the power fails at some
 * moment: of each file the bytes that had been synced, under the names that had reached the disk.
 */

/** A file by identity: it keeps it under another name. */
type TracedFile = {
  /** Where it was made, or first seen. */
  readonly madeAt: string;
  /** In bytes, at first; undefined: it was there before, and nothing is known of its length. */
  readonly length: number | undefined;
  readonly synced: number | undefined;
};

/** What is on the disk under each name; `synced` undefined: the whole file as it was before. */
export type DiskImage = ReadonlyMap<
  string,
  { readonly madeAt: string; readonly synced: number | undefined }
>;

/**
 * Of names that changed after the last sync: `lost` undoes those changes, `kept` has them all on the
 * disk, ahead of the contents. A journal may do either.
 */
export type NameFate = 'lost' | 'kept';

export type DiskHistory = {
  /** Names below `root` when the clock showed `atMs`. */
  imageAt(atMs: number, names: NameFate): DiskImage;
  readonly syncs: number;
  /** Of the first and the last call. */
  readonly from: number;
  readonly to: number;
};

type Call = {
  /** Unix time in milliseconds. */
  readonly beganAtMs: number;
  readonly endedAtMs: number;
  readonly text: string;
};

type Event =
  | {
      readonly kind: 'write';
      readonly file: TracedFile;
      readonly end: number | 'append';
      readonly bytes: number;
    }
  | { readonly kind: 'cut'; readonly file: TracedFile; readonly length: number }
  | { readonly kind: 'sync'; readonly file: TracedFile | undefined; readonly beganAtMs: number }
  | { readonly kind: 'name'; readonly path: string; readonly file: TracedFile | undefined };

type TimedEvent = { readonly atMs: number; readonly event: Event };

/** What strace has to be told, beside `-o FILE` and the program. */
export const STRACE_ARGS: readonly string[] = [
  '-D',
  '-f',
  '-ttt',
  '-T',
  '-s',
  '16',
  '--seccomp-bpf',
  '-e',
  'trace=openat,write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,ftruncate,close,rename,renameat,renameat2,unlink,unlinkat',
  '-e',
  'signal=none',
];

/**
 * @param traces of one process after the other
 * @param root absolute; what lies elsewhere is left aside
 */
export function readHistory(traces: readonly string[], root: string): DiskHistory {
  const events: TimedEvent[] = [];
  const names = new Map<string, TracedFile>();
  for (const trace of traces) {
    const open = new Map<string, TracedFile>();
    for (const call of callsOf(trace)) {
      for (const event of eventsOf(call, root, names, open)) {
        events.push({ atMs: call.endedAtMs, event });
      }
    }
  }
  return {
    imageAt: (atMs, fate) => imageAt(events, atMs, fate),
    syncs: events.filter(({ event }) => event.kind === 'sync').length,
    from: events[0]?.atMs ?? 0,
    to: events.at(-1)?.atMs ?? 0,
  };
}

/** In the order in which they ended. A call that another thread interrupted stands in two lines. */
function callsOf(trace: string): readonly Call[] {
  const calls: Call[] = [];
  const begun = new Map<string, { readonly atMs: number; readonly text: string }>();
  for (const line of trace.split('\n')) {
    const [, thread = '', seconds = '', rest = ''] = /^(\d+)\s+(\d+\.\d+) (.*)$/.exec(line) ?? [];
    const atMs = Number(seconds) * 1_000;
    if (rest.endsWith('<unfinished ...>')) {
      begun.set(thread, { atMs, text: rest.slice(0, -'<unfinished ...>'.length).trimEnd() });
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*?)(?: <([\d.]+)>)?$/.exec(rest);
    if (resumed !== null) {
      const start = begun.get(thread);
      begun.delete(thread);
      if (start === undefined) continue;
      calls.push({ beganAtMs: start.atMs, endedAtMs: atMs, text: start.text + resumed[1] });
      continue;
    }
    const whole = /^(.*?) <([\d.]+)>$/.exec(rest);
    if (whole === null) continue;
    const [, text = '', took = '0'] = whole;
    calls.push({ beganAtMs: atMs, endedAtMs: atMs + Number(took) * 1_000, text });
  }
  return calls.sort((a, b) => a.endedAtMs - b.endedAtMs);
}

function eventsOf(
  { text, beganAtMs }: Call,
  root: string,
  names: Map<string, TracedFile>,
  open: Map<string, TracedFile>,
): readonly Event[] {
  const [, name = '', args = '', result = ''] = /^(\w+)\((.*)\)\s+= (-?\d+)/.exec(text) ?? [];
  if (name === '' || result.startsWith('-')) return [];
  const file = open.get(/^(\d+)/.exec(args)?.[1] ?? '');
  const paths = [...args.matchAll(/"(.*?)"/g)].map(([, path = '']) => path);
  const isOurs = (path: string | undefined): path is string =>
    path?.startsWith(`${root}/`) === true || path === root;
  switch (name) {
    case 'openat':
      return isOurs(paths[0]) ? opened(paths[0], args, result, names, open) : [];
    case 'close':
      open.delete(args);
      return [];
    case 'fsync':
    case 'fdatasync':
      return [{ kind: 'sync', file, beganAtMs }];
    case 'ftruncate': {
      const length = Number(/, (\d+)$/.exec(args)?.[1]);
      return file === undefined ? [] : [{ kind: 'cut', file, length }];
    }
    case 'rename':
    case 'renameat':
    case 'renameat2':
      return isOurs(paths[0]) && isOurs(paths[1]) ? renamed(paths[0], paths[1], names) : [];
    case 'unlink':
    case 'unlinkat':
      if (!isOurs(paths[0])) return [];
      names.delete(paths[0]);
      return [{ kind: 'name', path: paths[0], file: undefined }];
    default: {
      if (file === undefined) return [];
      const bytes = Number(result);
      const position = name.startsWith('pwrite') ? /, (\d+)(?:, 0)?$/.exec(args)?.[1] : undefined;
      const end = position === undefined ? 'append' : Number(position) + bytes;
      return [{ kind: 'write', file, end, bytes }];
    }
  }
}

function renamed(from: string, to: string, names: Map<string, TracedFile>): readonly Event[] {
  const moved = names.get(from) ?? fileThere(from);
  names.delete(from);
  names.set(to, moved);
  return [
    { kind: 'name', path: from, file: undefined },
    { kind: 'name', path: to, file: moved },
  ];
}

function opened(
  path: string,
  args: string,
  descriptor: string,
  names: Map<string, TracedFile>,
  open: Map<string, TracedFile>,
): readonly Event[] {
  const known = names.get(path);
  const isNew = args.includes('O_CREAT') && (known === undefined || args.includes('O_TRUNC'));
  const file = isNew ? { madeAt: path, length: 0, synced: 0 } : (known ?? fileThere(path));
  names.set(path, file);
  open.set(descriptor, file);
  return isNew ? [{ kind: 'name', path, file }] : [];
}

function fileThere(path: string): TracedFile {
  return { madeAt: path, length: undefined, synced: undefined };
}

type Length = {
  length: number;
  synced: number;
  /** What it was after each write, by the moment at which that ended. */
  readonly history: [atMs: number, length: number][];
};

/** Goes through all that had ended by then. */
function imageAt(events: readonly TimedEvent[], atMs: number, fate: NameFate): DiskImage {
  const past = events.filter((each) => each.atMs <= atMs);
  const lastSync = past.findLastIndex(({ event }) => event.kind === 'sync');
  const lengths = lengthsBefore(events);
  const names = new Map<string, TracedFile | undefined>();
  for (const file of lengths.keys()) names.set(file.madeAt, file);
  for (const [index, { atMs: endedAtMs, event }] of past.entries()) {
    if (event.kind !== 'name') apply(lengths, event, endedAtMs);
    else if (index < lastSync || fate === 'kept') names.set(event.path, event.file);
  }
  const image = new Map<string, { readonly madeAt: string; readonly synced: number | undefined }>();
  for (const [path, file] of names) {
    if (file === undefined) continue;
    image.set(path, { madeAt: file.madeAt, synced: lengths.get(file)?.synced ?? file.synced });
  }
  return image;
}

/** Of files that were there before the recording: the first write tells where they ended. */
function lengthsBefore(events: readonly TimedEvent[]): Map<TracedFile, Length> {
  const lengths = new Map<TracedFile, Length>();
  for (const { event } of events) {
    if (event.kind !== 'write' || event.file.length !== undefined || lengths.has(event.file))
      continue;
    const start = event.end === 'append' ? 0 : event.end - event.bytes;
    lengths.set(event.file, { length: start, synced: start, history: [] });
  }
  return lengths;
}

function apply(
  lengths: Map<TracedFile, Length>,
  event: Exclude<Event, { kind: 'name' }>,
  endedAtMs: number,
): void {
  const { kind, file } = event;
  if (file === undefined) return;
  const state = lengths.get(file) ?? { length: 0, synced: 0, history: [] };
  lengths.set(file, state);
  if (kind === 'sync') {
    // What another thread wrote while it was under way may not be part of it.
    const written = state.history.findLast(([at]) => at <= event.beganAtMs);
    if (written !== undefined) [, state.synced] = written;
    return;
  }
  if (kind === 'cut') {
    state.length = event.length;
    state.synced = Math.min(state.synced, event.length);
  } else {
    const end = event.end === 'append' ? state.length + event.bytes : event.end;
    state.length = Math.max(state.length, end);
  }
  state.history.push([endedAtMs, state.length]);
}
