/** Fits the node's parts to what the JSON-RPC server asks for. */
import { cryptoBackend } from '#crypto';
import { type Address, type Height, invariant } from '../ledger/model/index.ts';
import type { ChainStore } from '../ledger/store/index.ts';
import type { Network, PeerInfo } from '../p2p/index.ts';
import type {
  CallerPort,
  CallRequest,
  EventPort,
  FeePort,
  NodePort,
  NodeReport,
  PeerReport,
} from '../rpc/index.ts';
import {
  baseFeeAfter,
  type ChainRules,
  createAccessList,
  type Engine,
  type CallRequest as EngineRequest,
  environmentOf,
  estimateGas,
  forkAt,
} from '../vm/index.ts';
import type { ValidatorSets } from './validator-sets.ts';

const NOBODY = new Uint8Array(20) as Address;

/**
 * Calls on the state after a final block, in that block's environment.
 * @param pause awaited inside long calls, which may take seconds
 */
export function createCaller(
  store: Pick<ChainStore, 'header' | 'stateAt'>,
  rules: ChainRules,
  blockEngine: Engine,
  pause: () => Promise<void>,
): CallerPort {
  const engine: Engine = {
    ...blockEngine,
    call: (request, environment, state, options) =>
      blockEngine.call(request, environment, state, { pause, ...options }),
  };
  const at = (number: Height) => {
    const header = store.header(number);
    const state = store.stateAt(number);
    invariant(header !== undefined && state !== undefined, 'calls name a final block');
    return { environment: environmentOf(header), state };
  };
  const requestOf = (request: CallRequest, gasLimit: bigint): EngineRequest => ({
    from: request.from ?? NOBODY,
    to: request.to,
    data: request.data ?? new Uint8Array(0),
    value: request.value ?? 0n,
    gas: request.gas ?? gasLimit,
    gasPrice: request.gasPrice ?? request.maxFeePerGas ?? 0n,
    ...(request.accessList !== undefined && { accessList: request.accessList }),
    ...(request.authorizationList !== undefined && {
      authorizationList: request.authorizationList,
    }),
  });
  return {
    call: async (request, number) => {
      const { environment, state } = at(number);
      const result = await engine.call(
        requestOf(request, environment.gasLimit),
        environment,
        state,
      );
      switch (result.kind) {
        case 'returned':
          return {
            ok: true,
            outcome: { kind: 'success', output: result.returnData, gasUsed: result.gasUsed },
          };
        case 'reverted':
          return {
            ok: true,
            outcome: { kind: 'reverted', output: result.returnData, gasUsed: result.gasUsed },
          };
        case 'halted':
          return {
            ok: true,
            outcome: { kind: 'failed', message: result.reason, gasUsed: result.gasUsed },
          };
        case 'refused':
          return { ok: false, code: result.code, message: result.message };
      }
    },
    estimateGas: async (request, number) => {
      const { environment, state } = at(number);
      const result = await estimateGas(
        requestOf(request, environment.gasLimit),
        environment,
        rules,
        engine,
        state,
      );
      switch (result.kind) {
        case 'estimated':
          return { ok: true, outcome: { kind: 'success', gas: result.gas } };
        case 'reverted':
          return { ok: true, outcome: { kind: 'reverted', output: result.returnData } };
        case 'halted':
          return { ok: true, outcome: { kind: 'failed', message: result.reason } };
        case 'refused':
          return { ok: false, code: result.code, message: result.message };
      }
    },
    createAccessList: async (request, number) => {
      const { environment, state } = at(number);
      const result = await createAccessList(
        requestOf(request, environment.gasLimit),
        environment,
        engine,
        state,
      );
      if (!result.ok) return result;
      const { accessList, gasUsed, error } = result;
      return { ok: true, outcome: { accessList, gasUsed, error } };
    },
  };
}

export function createFees(rules: ChainRules): FeePort {
  return {
    nextBaseFee: (parent) =>
      baseFeeAfter(parent, rules, forkAt(rules, parent.number + 1n, parent.timestamp)),
    // Blocks here hold no blobs: the price stays at EIP-4844's minimum.
    blobBaseFee: (header) => (header.excessBlobGas === undefined ? undefined : 1n),
    minimumPriorityFeePerGas: 0n,
  };
}

export type NodeFacts = {
  readonly version: string;
  readonly chainId: bigint;
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
    clientVersion: `ehb/v${facts.version}/${process.platform}-${process.arch}/node${process.versions.node}`,
    chainId: facts.chainId,
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
