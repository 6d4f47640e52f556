/**
 * The channel between `ehb dev` and each validator process.
 *
 * It is also the leash: when `ehb dev` ends in whatever way, the channel closes and the validator
 * shuts down. Signals of the terminal reach the whole process group, so a validator leaves them to
 * `ehb dev`.
 */
export type ValidatorMessage =
  | {
      readonly kind: 'ready';
      readonly rpcUrl: string;
      readonly peerId: string;
      readonly address: string | undefined;
    }
  | { readonly kind: 'error'; readonly message: string }
  /** It could not start, or stopped by itself; the exit code follows. */
  | { readonly kind: 'failed'; readonly lines: readonly string[] };

/** The end of a validator: `report` says things, `stop` aborts when the other side is gone. */
export type Leash = {
  /** Resolves when the message is on its way, or can no longer be. */
  report(message: ValidatorMessage): Promise<void>;
  readonly stop: AbortSignal;
};

/** @throws RangeError if this process was not started by `ehb dev` */
export function holdLeash(): Leash {
  if (process.send === undefined) throw new RangeError('--supervised is for `ehb dev` alone');
  const stop = new AbortController();
  process.once('disconnect', () => stop.abort());
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
  process.once('SIGTERM', () => stop.abort());
  // Whoever read it may be gone; that is no reason to die before the store is closed.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  return {
    report: (message) =>
      new Promise((done) => {
        if (process.send === undefined || !process.connected) done();
        else process.send(message, undefined, undefined, () => done());
      }),
    stop: stop.signal,
  };
}

/** A message of the channel, checked. */
export function readValidatorMessage(value: unknown): ValidatorMessage | undefined {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return undefined;
  const { kind } = value;
  // Both ends are this program in one version.
  return kind === 'ready' || kind === 'error' || kind === 'failed'
    ? (value as ValidatorMessage)
    : undefined;
}
