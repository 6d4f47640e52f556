/** What a link between two validators can suffer, and how a pump of bytes suffers it. */
import type { Clock } from '../../p2p/index.ts';

export type LinkFault =
  | { readonly kind: 'none' }
  /** Every byte arrives later, by up to `jitterMs` more or less; order is kept, as TCP keeps it. */
  | { readonly kind: 'delay'; readonly delayMs: number; readonly jitterMs: number }
  /** Connections stay open and nothing passes; what was sent arrives when the fault ends. */
  | { readonly kind: 'stall' }
  | { readonly kind: 'throttle'; readonly bytesPerSecond: number }
  /** Open connections are reset and new ones too. */
  | { readonly kind: 'cut' };

export const NO_FAULT: LinkFault = { kind: 'none' };

/** Bytes on their way in one direction before the sender has to wait, as in a network's own buffers. */
const WINDOW_BYTES = 1024 * 1024;

export type PumpPorts = {
  readonly clock: Clock;
  /** From 0 to below 1. */
  random(): number;
  /** False: no more until `drained`. */
  write(bytes: Uint8Array): boolean;
  /** Nothing follows: all that came before was written. */
  finish(): void;
  /** Whether the source shall be read. */
  setReading(reading: boolean): void;
};

/** One direction of one connection. */
export type Pump = {
  push(bytes: Uint8Array): void;
  /** The source has ended. */
  end(): void;
  drained(): void;
  setFault(fault: LinkFault): void;
  close(): void;
};

type Parcel = { readonly bytes: Uint8Array; readonly dueMs: number };

export function createPump(initial: LinkFault, ports: PumpPorts): Pump {
  const { clock } = ports;
  const parcels: Parcel[] = [];
  let fault = initial;
  let queuedBytes = 0;
  let lastDueMs = 0;
  let freeAtMs = 0;
  let ended = false;
  let finished = false;
  let full = false;
  let reading = true;
  let timer: object | undefined;

  const setReading = (): void => {
    const wanted = queuedBytes < WINDOW_BYTES;
    if (wanted === reading) return;
    reading = wanted;
    ports.setReading(wanted);
  };

  const delayMs = (): number => {
    if (fault.kind !== 'delay') return 0;
    return Math.max(0, fault.delayMs + fault.jitterMs * (2 * ports.random() - 1));
  };

  const wake = (afterMs: number): void => {
    timer ??= clock.setTimeout(() => {
      timer = undefined;
      run();
    }, afterMs);
  };

  const run = (): void => {
    if (finished || full || timer !== undefined || fault.kind === 'stall') return;
    for (let next = parcels[0]; next !== undefined; next = parcels[0]) {
      const nowMs = clock.now();
      const waitMs = Math.max(next.dueMs, freeAtMs) - nowMs;
      if (waitMs > 0) {
        wake(waitMs);
        return;
      }
      parcels.shift();
      queuedBytes -= next.bytes.length;
      if (fault.kind === 'throttle') {
        freeAtMs = nowMs + (1_000 * next.bytes.length) / fault.bytesPerSecond;
      }
      full = !ports.write(next.bytes);
      setReading();
      if (full) return;
    }
    if (!ended) return;
    finished = true;
    ports.finish();
  };

  return {
    push(bytes) {
      if (finished) return;
      lastDueMs = Math.max(lastDueMs, clock.now() + delayMs());
      parcels.push({ bytes, dueMs: lastDueMs });
      queuedBytes += bytes.length;
      setReading();
      run();
    },
    end() {
      ended = true;
      run();
    },
    drained() {
      full = false;
      run();
    },
    setFault(next) {
      fault = next;
      freeAtMs = 0;
      run();
    },
    close() {
      finished = true;
      if (timer !== undefined) clock.clearTimeout(timer);
    },
  };
}
