/** Handlers that cannot throw into the network: a failure costs the message and is logged. */
import type { Counters } from './metrics.ts';
import type { Logger, NetworkHandlers } from './network.ts';

export function guardHandlers(
  handlers: NetworkHandlers,
  counters: Counters,
  logger: Logger,
): NetworkHandlers {
  const guard =
    <Args extends readonly unknown[], Result>(
      name: keyof NetworkHandlers,
      handler: (...args: Args) => Result,
      otherwise: Result,
    ) =>
    (...args: Args): Result => {
      try {
        return handler(...args);
      } catch (error) {
        counters.add('handlerFailures');
        logger.error('a handler of the network failed', { name, error });
        return otherwise;
      }
    };
  return {
    onConsensus: guard('onConsensus', (...args) => handlers.onConsensus(...args), undefined),
    onTransactions: guard(
      'onTransactions',
      (...args) => handlers.onTransactions(...args),
      undefined,
    ),
    onStatus: guard('onStatus', (...args) => handlers.onStatus(...args), undefined),
    onPeerJoined: guard('onPeerJoined', (...args) => handlers.onPeerJoined(...args), undefined),
    onPeerLeft: guard('onPeerLeft', (...args) => handlers.onPeerLeft(...args), undefined),
    serveBlocks: guard('serveBlocks', (...args) => handlers.serveBlocks(...args), []),
    serveBody: guard('serveBody', (...args) => handlers.serveBody(...args), undefined),
    serveSnapshot: guard('serveSnapshot', (offset) => handlers.serveSnapshot(offset), undefined),
    serveTransactions: guard(
      'serveTransactions',
      (...args) => handlers.serveTransactions(...args),
      [],
    ),
  };
}
