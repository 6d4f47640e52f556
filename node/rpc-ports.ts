/** Fits the node's parts to what the JSON-RPC server asks for. */
import { cryptoBackend } from '#crypto';
import type { Address, BlockHeader, Height } from '../ledger/model/index.ts';
import type { Network, PeerInfo } from '../p2p/index.ts';
import type { EventPort, FeePort, NodePort, NodeReport, PeerReport } from '../rpc/index.ts';
import {
  baseFeeAfter,
  blobBaseFee,
  blobGasLimit,
  type ChainRules,
  excessBlobGasAfter,
  type ForkName,
  forkAt,
} from '../vm/index.ts';
import type { ValidatorSets } from './validator-sets.ts';

export function createFees(rules: ChainRules): FeePort {
  const forkOf = ({ number, timestamp }: BlockHeader): ForkName => forkAt(rules, number, timestamp);
  return {
    nextBaseFee: (parent) =>
      baseFeeAfter(parent, rules, forkAt(rules, parent.number + 1n, parent.timestamp)),
    blobBaseFee: (header) =>
      header.excessBlobGas === undefined ? undefined : blobBaseFee(header, rules, forkOf(header)),
    nextBlobBaseFee: (parent) => {
      if (parent.excessBlobGas === undefined) return undefined;
      const { timestamp } = parent;
      const excessBlobGas = excessBlobGasAfter(parent, timestamp, rules, forkOf(parent));
      return blobBaseFee({ timestamp, excessBlobGas }, rules, forkOf(parent));
    },
    blobGasLimit: (header) =>
      header.excessBlobGas === undefined
        ? 0n
        : blobGasLimit(header.timestamp, rules, forkOf(header)),
    minimumPriorityFeePerGas: 0n,
  };
}

export type NodeFacts = {
  readonly version: string;
  readonly chainId: bigint;
  readonly keep: NodePort['keep'];
  readonly forks: NodePort['forks'];
  readonly network: Network;
  readonly sets: Pick<ValidatorSets, 'next' | 'at'>;
  readonly validatorAddress: Address | undefined;
  readonly voting: () => NodeReport['voting'];
  readonly consensus: () => NodeReport['consensus'];
  readonly progress: () => { from: Height; current: Height; highest: Height } | undefined;
  readonly startedAtMs: number;
};

export function createNodePort(facts: NodeFacts): NodePort {
  const { network, sets } = facts;
  return {
    clientVersion: clientVersion(facts.version),
    chainId: facts.chainId,
    keep: facts.keep,
    forks: facts.forks,
    report: () => ({
      peerId: network.peerId,
      addresses: network.addresses,
      validatorAddress: facts.validatorAddress,
      voting: facts.voting(),
      consensus: facts.consensus(),
      validators: sets.next().validators,
      peers: network.peers().map(peerReport),
      cryptoBackend,
      startedAtMs: facts.startedAtMs,
    }),
    peerCount: () => network.peers().length,
    syncing: () => {
      const progress = facts.progress();
      return progress === undefined
        ? undefined
        : {
            startingBlock: progress.from,
            currentBlock: progress.current,
            highestBlock: progress.highest,
          };
    },
    validatorsAt: (number) => sets.at(number),
    readiness: () => {
      const progress = facts.progress();
      if (progress !== undefined) {
        return {
          ready: false,
          reason: `catching up: block ${progress.current} of ${progress.highest}`,
        };
      }
      return { ready: true };
    },
  };
}

/** As `web3_clientVersion` has it. */
export function clientVersion(version: string): string {
  return `ehb/v${version}/${process.platform}-${process.arch}/node${process.versions.node}`;
}

function peerReport(peer: PeerInfo): PeerReport {
  return {
    peerId: peer.peerId,
    address: peer.address,
    kind: peer.kind,
    direction: peer.direction,
    height: peer.status.height,
    connectedAtMs: peer.connectedAtMs,
  };
}

export type Events = EventPort & {
  block(number: Height): void;
  pending(transactions: Parameters<Parameters<EventPort['onPendingTransactions']>[0]>[0]): void;
};

/** The stream outwards: listeners are called in the order in which they came. */
export function createEvents(): Events {
  const blocks = new Set<(number: Height) => void>();
  const pending = new Set<Parameters<EventPort['onPendingTransactions']>[0]>();
  return {
    onBlock: (listener) => {
      blocks.add(listener);
      return () => blocks.delete(listener);
    },
    onPendingTransactions: (listener) => {
      pending.add(listener);
      return () => pending.delete(listener);
    },
    block: (number) => {
      for (const listener of blocks) listener(number);
    },
    pending: (transactions) => {
      for (const listener of pending) listener(transactions);
    },
  };
}
