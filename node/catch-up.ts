/**
 * Follows the peers' heads: whenever one has announced a higher block, the blocks between are fetched
 * in ranges, verified and stored. One block behind waits a moment first, since consensus itself is
 * usually about to deliver it.
 */
import type { Height } from '../ledger/model/index.ts';
import type { Chain } from './chain.ts';
import type { Clock, TimerHandle } from './clock.ts';
import type { Logger } from './logger.ts';

export type CatchUpOptions = {
  /** How long a node that is one block behind waits before it asks. */
  readonly graceMs: number;
  /** Blocks per request. */
  readonly rangeSize: number;
  /** After a failed or useless answer that peer is left alone for so long. */
  readonly penaltyMs: number;
};

export const DEFAULT_CATCH_UP: CatchUpOptions = { graceMs: 150, rangeSize: 64, penaltyMs: 2000 };

export type CatchUpModules = {
  readonly chain: Pick<Chain, 'head' | 'import'>;
  /** Encoded blocks `from`, `from + 1`, ... as many as the peer gives. Rejects on failure. */
  readonly requestBlocks: (
    peerId: string,
    from: Height,
    count: number,
    options: { readonly signal: AbortSignal },
  ) => Promise<readonly Uint8Array[]>;
  readonly onFatal: (error: unknown) => void;
  readonly clock: Clock;
  readonly logger: Logger;
};

export type CatchUp = {
  peerAt(peerId: string, height: Height): void;
  peerLeft(peerId: string): void;
  /** Undefined when no peer is known to be more than one block ahead. */
  progress(): { from: Height; current: Height; highest: Height } | undefined;
  close(): Promise<void>;
};

type Peer = { height: Height; quietUntilMs: number };

export function createCatchUp(options: CatchUpOptions, modules: CatchUpModules): CatchUp {
  const { chain, clock, logger } = modules;
  const peers = new Map<string, Peer>();
  const abort = new AbortController();
  let timer: TimerHandle | undefined;
  let running: Promise<void> | undefined;
  let startedAt: Height | undefined;
  /** The head at which a peer had no blocks for us: said once. */
  let missedAt: Height | undefined;

  const head = (): Height => chain.head().header.number;

  const highest = (): Height => {
    let height = head();
    for (const peer of peers.values()) if (peer.height > height) height = peer.height;
    return height;
  };

  const look = (): void => {
    if (abort.signal.aborted || running !== undefined) return;
    const behind = highest() - head();
    if (behind === 0n) return;
    if (behind === 1n) wait(options.graceMs);
    else start();
  };

  const wait = (afterMs: number): void => {
    timer ??= clock.setTimeout(() => {
      timer = undefined;
      if (highest() > head()) start();
    }, afterMs);
  };

  const start = (): void => {
    if (abort.signal.aborted || running !== undefined) return;
    startedAt = head();
    running = follow()
      .catch((error: unknown) => modules.onFatal(error))
      .finally(() => {
        running = undefined;
        startedAt = undefined;
        if (highest() > head()) wait(options.penaltyMs);
      });
  };

  const follow = async (): Promise<void> => {
    for (let peer = choose(); peer !== undefined; peer = choose()) {
      if (!(await fetchFrom(peer)) && !abort.signal.aborted) punish(peer);
    }
  };

  /** The peer with the highest head among those that are not left alone just now. */
  const choose = (): string | undefined => {
    if (abort.signal.aborted) return undefined;
    let best: string | undefined;
    let bestHeight = head();
    for (const [peerId, peer] of peers) {
      if (peer.height <= bestHeight || peer.quietUntilMs > clock.now()) continue;
      best = peerId;
      bestHeight = peer.height;
    }
    return best;
  };

  /** Whether the peer brought the head forward. */
  const fetchFrom = async (peerId: string): Promise<boolean> => {
    const before = head();
    let blocks: readonly Uint8Array[];
    try {
      blocks = await modules.requestBlocks(peerId, before + 1n, options.rangeSize, {
        signal: abort.signal,
      });
    } catch (error) {
      logger.debug('a peer did not answer a request for blocks', { peerId, error });
      return false;
    }
    if (blocks.length === 0 && missedAt !== before) {
      missedAt = before;
      const from = (before + 1n).toString();
      logger.warn('a peer has none of the next blocks: it may have pruned them', { peerId, from });
    }
    for (const encoded of blocks) {
      if (abort.signal.aborted) break;
      const verdict = await chain.import(encoded);
      if (verdict.ok) continue;
      logger.warn('a block from a peer was refused', { peerId, code: verdict.code });
      return false;
    }
    return head() > before;
  };

  const punish = (peerId: string): void => {
    const peer = peers.get(peerId);
    if (peer !== undefined) peer.quietUntilMs = clock.now() + options.penaltyMs;
  };

  return {
    peerAt: (peerId, height) => {
      const peer = peers.get(peerId);
      if (peer === undefined) peers.set(peerId, { height, quietUntilMs: 0 });
      else peer.height = height;
      look();
    },
    peerLeft: (peerId) => {
      peers.delete(peerId);
    },
    progress: () => {
      const [current, top] = [head(), highest()];
      return top > current + 1n ? { from: startedAt ?? current, current, highest: top } : undefined;
    },
    close: async () => {
      abort.abort();
      if (timer !== undefined) clock.clearTimeout(timer);
      await running;
    },
  };
}
