/**
 * One validator of `bench consensus`, a process of its own: a whole node that notes when each phase of a
 * height began and what consensus messages it sent. The parent asks for both over IPC.
 */
import { decodeMessage, type PeerMessage } from '../consensus/index.ts';
import { parseGenesis, readNodeDirectory } from '../genesis/index.ts';
import { type NodeModules, type RunningNode, silentLogger, startNode } from '../node/index.ts';
import { createNetwork, type Network } from '../p2p/index.ts';

/** Milliseconds since the process began, by height; a moment that never came is absent. */
export type HeightTimes = {
  readonly height: number;
  /** Round 0 to the end. */
  isStraight: boolean;
  readonly begun: number;
  proposed?: number;
  validated?: number;
  prepared?: number;
  committed?: number;
  imported?: number;
  /** Whether this node proposed it. */
  isOwn: boolean;
};

export type Traffic = Readonly<
  Record<string, { readonly messages: number; readonly bytes: number }>
>;

export type NodeReport = {
  readonly heights: readonly HeightTimes[];
  /** Sent, counted once for each peer that it goes to, by kind. */
  readonly consensus: Traffic;
  /** Everything on this node's connections, in bytes of frames, and transactions sent. */
  readonly bytesSent: number;
  readonly transactionsSent: number;
  /** Processor time of the whole process, in milliseconds. */
  readonly cpuMs: number;
};

export type Command = { readonly kind: 'begin' | 'report' | 'stop' };
export type Answer =
  | { readonly kind: 'ready'; readonly rpcUrl: string }
  | { readonly kind: 'report'; readonly report: NodeReport };

type Observer = NonNullable<NodeModules['observer']>;

function createRecorder(): { readonly observer: Observer; take(): readonly HeightTimes[] } {
  let heights: HeightTimes[] = [];
  let current: HeightTimes | undefined;
  const stepped: Observer['stepped'] = (before, _input, { state: after }) => {
    const now = performance.now();
    if (after.height !== before.height) {
      if (current !== undefined) heights.push(current);
      current = { height: Number(after.height), isStraight: true, begun: now, isOwn: false };
    }
    if (current === undefined) return;
    if (after.round > 0) current.isStraight = false;
    const { kind } = after.phase;
    if (kind === 'signing' || kind === 'building') current.isOwn = true;
    if ('proposal' in after.phase) current.proposed ??= now;
    if (kind === 'accepted') current.validated ??= now;
    if (after.prepared !== undefined) current.prepared ??= now;
    if (kind === 'final') current.committed ??= now;
  };
  return {
    observer: {
      stepped,
      timed: async (work, run) => {
        const result = await run();
        if (work === 'import' && current !== undefined) current.imported ??= performance.now();
        return result;
      },
    },
    take: () => {
      const taken = heights;
      heights = [];
      return taken;
    },
  };
}

async function serve(directory: string): Promise<void> {
  const files = await readNodeDirectory(directory);
  const parsed = parseGenesis(files.genesis);
  if (!parsed.ok) throw new TypeError(parsed.message);
  const { observer, take } = createRecorder();
  let network: Network | undefined;
  let consensus: Record<string, { messages: number; bytes: number }> = {};
  let sentBefore = { bytesSent: 0, transactionsSent: 0 };
  let cpuBefore = process.cpuUsage();
  const count = (kind: PeerMessage['kind'], bytes: number, peers: number): void => {
    const entry = consensus[kind] ?? { messages: 0, bytes: 0 };
    consensus[kind] = {
      messages: entry.messages + peers,
      bytes: entry.bytes + bytes * peers,
    };
  };
  const node: RunningNode = await startNode(
    {
      dataDir: directory,
      genesis: parsed.genesis,
      nodeKey: files.nodeKey,
      validatorKey: files.validatorKey,
      p2p: { ...files.config.p2p, allowlistPath: undefined },
      rpc: { ...files.config.rpc, bodyLimitBytes: 20_000_000 },
      version: '0.0.0',
      logger: silentLogger,
    },
    {
      observer,
      createNetwork: async (...args) => {
        const made = await createNetwork(...args);
        network = made;
        return {
          ...made,
          sendConsensus: (to, bytes) => {
            const decoded = decodeMessage(bytes);
            const peers = to === 'all' ? made.peers().length : 1;
            if (decoded.ok) count(decoded.message.kind, bytes.length, peers);
            made.sendConsensus(to, bytes);
          },
        };
      },
    },
  );
  const answer = (message: Answer): void => {
    process.send?.(message);
  };
  process.on('message', ({ kind }: Command) => {
    if (kind === 'stop') {
      void node.close().then(() => process.exit(0));
      return;
    }
    const heights = take();
    const { bytesSent, transactionsSent } = network?.metrics() ?? sentBefore;
    if (kind === 'report') {
      const traffic = {
        bytesSent: bytesSent - sentBefore.bytesSent,
        transactionsSent: transactionsSent - sentBefore.transactionsSent,
      };
      const { user, system } = process.cpuUsage(cpuBefore);
      const cpuMs = (user + system) / 1_000;
      answer({ kind: 'report', report: { heights, consensus, cpuMs, ...traffic } });
    }
    consensus = {};
    cpuBefore = process.cpuUsage();
    sentBefore = { bytesSent, transactionsSent };
  });
  process.on('disconnect', () => process.exit(1));
  void node.failed.then((error) => {
    console.error(error);
    process.exit(1);
  });
  answer({ kind: 'ready', rpcUrl: node.rpcUrl });
}

if (process.send !== undefined) await serve(process.argv[2] ?? '');
