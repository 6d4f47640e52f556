/** Something that is loaded when it is first asked for, and kept. */
export type Lazy<T> = {
  /** Undefined as long as it is not loaded, or if it cannot be. */
  current(): T | undefined;
  /** Undefined if there is nothing to wait for; never rejects. */
  load(): Promise<void> | undefined;
};

export function createLazy<T>(create: () => Promise<T>): Lazy<T> {
  let state: { readonly value: T | undefined } | Promise<void> | undefined;
  return {
    current: () => (state !== undefined && 'value' in state ? state.value : undefined),
    load() {
      if (state !== undefined && 'value' in state) return undefined;
      state ??= create().then(
        (value) => {
          state = { value };
        },
        () => {
          state = { value: undefined };
        },
      );
      return state as Promise<void>;
    },
  };
}
