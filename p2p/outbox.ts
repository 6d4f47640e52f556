/**
 * Frames on their way to one peer, in order and bounded in bytes (W-11). What does not fit is
 * dropped and counted; a peer that takes nothing for `stalledMs` is reported once.
 */
import type { Clock } from './network.ts';
import type { Channel } from './transport.ts';

export type OutboxOptions = {
  readonly maxBytes: number;
  readonly stalledMs: number;
  /** Which frame gives way: old votes are superseded by new ones, transactions are not. */
  readonly drop: 'oldest' | 'newest';
};

export type OutboxPorts = {
  readonly clock: Clock;
  /** `items` as given to `send`. */
  onDropped(items: number): void;
  onStalled(): void;
};

export type Outbox = {
  /** `items`: how many messages the frame stands for in `onDropped`. */
  send(framed: Uint8Array, items: number): void;
  /** Gives the channel once it is open; frames wait for it. */
  attach(channel: Channel): void;
  /** Everything sent so far was taken. */
  drained(): void;
  close(): void;
};

export function createOutbox(options: OutboxOptions, ports: OutboxPorts): Outbox {
  const waiting: { readonly framed: Uint8Array; readonly items: number }[] = [];
  let waitingBytes = 0;
  let channel: Channel | undefined;
  let blocked = true;
  let closed = false;
  let stalled: object | undefined;

  const watch = (): void => {
    stalled ??= ports.clock.setTimeout(ports.onStalled, options.stalledMs);
  };

  const unwatch = (): void => {
    if (stalled !== undefined) ports.clock.clearTimeout(stalled);
    stalled = undefined;
  };

  const flush = (): void => {
    while (!blocked && channel !== undefined) {
      const next = waiting.shift();
      if (next === undefined) break;
      waitingBytes -= next.framed.length;
      blocked = !channel.send(next.framed);
    }
    if (blocked && (waiting.length > 0 || channel !== undefined)) watch();
    else unwatch();
  };

  const makeRoom = (bytes: number): void => {
    while (waitingBytes + bytes > options.maxBytes && waiting.length > 0) {
      const oldest = waiting.shift();
      if (oldest === undefined) break;
      waitingBytes -= oldest.framed.length;
      ports.onDropped(oldest.items);
    }
  };

  return {
    send(framed, items) {
      if (closed) return;
      if (blocked && options.drop === 'oldest') makeRoom(framed.length);
      if (waitingBytes + framed.length > options.maxBytes) {
        ports.onDropped(items);
        return;
      }
      waiting.push({ framed, items });
      waitingBytes += framed.length;
      flush();
    },
    attach(opened) {
      if (closed) return;
      channel = opened;
      blocked = false;
      unwatch();
      flush();
    },
    drained() {
      if (closed) return;
      blocked = false;
      unwatch();
      flush();
    },
    close() {
      closed = true;
      waiting.length = 0;
      waitingBytes = 0;
      unwatch();
    },
  };
}
