/** Processes and ports as Linux shows them under /proc: who listens, who descends, what it costs. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Ticks of `utime` and `stime` a second (USER_HZ, fixed at 100 on Linux). */
const TICKS_PER_SECOND = 100;
const LISTEN = '0A';

export type ProcessUse = {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly peakResidentBytes: number;
};

/** Process ids of all descendants of `pid`, itself left out; empty if it is gone. */
export function descendantsOf(pid: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const candidate of processIds()) {
    const parent = parentOf(candidate);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), candidate]);
  }
  const found: number[] = [];
  const waiting = [...(children.get(pid) ?? [])];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    found.push(next);
    waiting.push(...(children.get(next) ?? []));
  }
  return found;
}

/** The process that listens on a TCP port of this machine, if it is ours to see. */
export function listenerOf(port: number): number | undefined {
  const inodes = new Set(listeningInodes(port));
  if (inodes.size === 0) return undefined;
  return processIds().find((pid) => holdsSocket(pid, inodes));
}

/** Whether a process exists and is no zombie. */
export function isAlive(pid: number): boolean {
  const state = readProc(`/proc/${pid}/stat`)?.split(') ')[1]?.[0];
  return state !== undefined && state !== 'Z' && state !== 'X';
}

/** CPU time and memory of one process since its start. */
export function useOf(pid: number): ProcessUse | undefined {
  const stat = readProc(`/proc/${pid}/stat`)?.split(') ')[1]?.split(' ');
  const status = readProc(`/proc/${pid}/status`);
  if (stat === undefined || status === undefined) return undefined;
  // Fields 14 and 15 of proc(5), counted after the closing parenthesis of field 2.
  const ticks = Number(stat[11]) + Number(stat[12]);
  const kib = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  return {
    cpuSeconds: ticks / TICKS_PER_SECOND,
    residentBytes: kib('VmRSS') * 1_024,
    peakResidentBytes: kib('VmHWM') * 1_024,
  };
}

function processIds(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function parentOf(pid: number): number | undefined {
  const parent = readProc(`/proc/${pid}/stat`)?.split(') ')[1]?.split(' ')[1];
  return parent === undefined ? undefined : Number(parent);
}

function listeningInodes(port: number): readonly string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    (readProc(file) ?? '')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((columns) => columns[1]?.endsWith(`:${wanted}`) && columns[3] === LISTEN)
      .map((columns) => columns[9] ?? ''),
  );
}

function holdsSocket(pid: number, inodes: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1];
      return inode !== undefined && inodes.has(inode);
    });
  } catch {
    return false; // ended meanwhile, or of another user
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
