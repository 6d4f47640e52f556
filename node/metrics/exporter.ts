/** A node's metrics from first to last: the observer before it runs, its counts while it does, the page. */
import type { ComposedNode } from '../compose-node.ts';
import type { ConsensusObserver } from '../consensus-observer.ts';
import type { Logger } from '../logger.ts';
import { CONSENSUS_METRICS } from './consensus-metrics.ts';
import { createConsensusRecorder } from './consensus-recorder.ts';
import { createMetricsServer, type MetricsServer } from './metrics-server.ts';
import { measureNetwork } from './network-metrics.ts';
import { measureNode } from './node-metrics.ts';
import { createMetricsRegistry } from './registry.ts';

export type Exporter = {
  /** For the consensus driver. */
  readonly observer: ConsensusObserver;
  /**
   * Serves the metrics of a node that was made with the observer.
   * @throws CodedError `NODE_METRICS_PORT_IN_USE`, `NODE_METRICS_LISTEN_FAILED`
   */
  serve(
    address: { readonly host: string; readonly port: number },
    node: ComposedNode,
    options: { readonly version: string; readonly logger: Logger },
  ): Promise<MetricsServer>;
};

/** @param now monotonic, in milliseconds */
export function createExporter(now: () => number): Exporter {
  const registry = createMetricsRegistry({ withProcess: true });
  const consensus = registry.add(CONSENSUS_METRICS);
  return {
    observer: createConsensusRecorder(consensus, now),
    serve: (address, node, { version, logger }) => {
      measureNode(registry, node, version);
      measureNetwork(registry, node.network);
      registry.onScrape(() => {
        const { height, round } = node.consensus();
        consensus.height.set(Number(height));
        consensus.round.set(round);
        for (const [kind, count] of node.evidence.found())
          consensus.evidence.total(count, { kind });
      });
      return createMetricsServer(address, { registry, logger });
    },
  };
}
