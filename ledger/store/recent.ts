/** The values of the block numbers that were asked for last. */
import type { Height } from '../model/index.ts';

export type Recent<T> = {
  /** The value kept, or else the one that `read` gives, which is kept from then on. */
  get(number: Height, read: () => T | undefined): T | undefined;
  set(number: Height, value: T): void;
};

export function createRecent<T>(capacity: number): Recent<T> {
  // A Map lists its keys in the order of their insertion: the first is the one unused for longest.
  const kept = new Map<Height, T>();
  const set = (number: Height, value: T): void => {
    kept.delete(number);
    kept.set(number, value);
    for (const oldest of kept.keys()) {
      if (kept.size <= capacity) break;
      kept.delete(oldest);
    }
  };
  return {
    get: (number, read) => {
      const value = kept.get(number) ?? read();
      if (value !== undefined) set(number, value);
      return value;
    },
    set,
  };
}
