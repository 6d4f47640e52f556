/** PeerIds that were refused just now and are not heard for a moment (W-13); bounded. */
import type { Clock } from './network.ts';

const CAPACITY = 1024;

export type RefusalPauses = {
  isPaused(peerId: string): boolean;
  pause(peerId: string): void;
  clear(): void;
};

export function createRefusalPauses(pauseMs: number, clock: Pick<Clock, 'now'>): RefusalPauses {
  /** In order of expiry, because each pause is as long as the others. */
  const untilMs = new Map<string, number>();
  const isPaused = (peerId: string): boolean => (untilMs.get(peerId) ?? 0) > clock.now();
  return {
    isPaused,
    pause(peerId) {
      untilMs.delete(peerId);
      untilMs.set(peerId, clock.now() + pauseMs);
      for (const [oldest] of untilMs) {
        if (untilMs.size <= CAPACITY && isPaused(oldest)) break;
        untilMs.delete(oldest);
      }
    },
    clear: () => untilMs.clear(),
  };
}
