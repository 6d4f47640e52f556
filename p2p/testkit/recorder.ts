/** What a network tells its node, kept in order, and promises that wait for it without polling. */
import { CodedError } from '../../ledger/model/index.ts';
import type {
  Logger,
  Network,
  NetworkHandlers,
  NetworkOptions,
  PeerInfo,
  PeerStatus,
} from '../network.ts';

const DEADLINE_MS = 15_000;

export type Recorder = {
  readonly handlers: NetworkHandlers;
  readonly logger: Logger;
  readonly consensus: { readonly from: PeerInfo; readonly message: Uint8Array }[];
  readonly transactions: { readonly from: PeerInfo; readonly raw: Uint8Array }[];
  readonly statuses: PeerStatus[];
  readonly joined: PeerInfo[];
  readonly left: PeerInfo[];
  /** Resolves once `condition` holds, asked after each event. Rejects after 15 s. */
  until(what: string, condition: () => boolean): Promise<void>;
};

export type RunningPeer = Recorder & {
  readonly network: Network;
  readonly options: NetworkOptions;
};

export function createRecorder(serve: Partial<NetworkHandlers> = {}): Recorder {
  const waiting = new Set<() => void>();
  const woken = (): void => {
    // Afterwards, so that the state that the event speaks of is complete.
    setImmediate(() => {
      for (const check of [...waiting]) check();
    });
  };
  const recorder: Recorder = {
    consensus: [],
    transactions: [],
    statuses: [],
    joined: [],
    left: [],
    logger: { error: woken, warn: woken, info: woken, debug: woken, trace: woken },
    handlers: {
      onConsensus(from, message) {
        recorder.consensus.push({ from, message });
        woken();
      },
      onTransactions(from, raws) {
        recorder.transactions.push(...raws.map((raw) => ({ from, raw })));
        woken();
      },
      onStatus(_, status) {
        recorder.statuses.push(status);
        woken();
      },
      onPeerJoined(peer) {
        recorder.joined.push(peer);
        woken();
      },
      onPeerLeft(peer) {
        recorder.left.push(peer);
        woken();
      },
      serveBlocks: () => [],
      serveBody: () => undefined,
      serveTransactions: () => [],
      serveSnapshot: () => undefined,
      ...serve,
    },
    until: (what, condition) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (!condition()) return;
          stop();
          resolve();
        };
        const stop = (): void => {
          clearTimeout(deadline);
          waiting.delete(check);
        };
        const deadline = setTimeout(() => {
          stop();
          reject(new CodedError(`waited in vain until ${what}`, { code: 'TEST_DEADLINE' }));
        }, DEADLINE_MS);
        waiting.add(check);
        check();
      }),
  };
  return recorder;
}
