/**
 * The composition of a node, the same in production and in simulations: pool, chain, consensus and
 * catching up, over a store, a log, a network and a clock that were made elsewhere.
 */
import { qbftRulesAt, transitionAt } from '../consensus/index.ts';
import {
  type BlockHeader,
  bytesToHex,
  CodedError,
  type Hash,
  type Height,
} from '../ledger/model/index.ts';
import type { ChainStore } from '../ledger/store/index.ts';
import type { Members, Network, NetworkModules, NetworkOptions } from '../p2p/index.ts';
import type { GovernancePort } from '../rpc/index.ts';
import type { Engine } from '../vm/index.ts';
import type { Allowlist } from './allowlist.ts';
import { type BlockWorkshop, createBlockWorkshop } from './block-workshop.ts';
import { createBodySource } from './body-source.ts';
import { type CatchUp, createCatchUp, DEFAULT_CATCH_UP } from './catch-up.ts';
import { type Chain, createChain } from './chain.ts';
import type { Clock } from './clock.ts';
import type { NodeConfig } from './config.ts';
import { type ConsensusDriver, createConsensusDriver } from './consensus-driver.ts';
import type { ConsensusObserver } from './consensus-observer.ts';
import { createEvidenceKeeper, type EvidenceKeeper } from './evidence.ts';
import { type FormerValidators, openFormerValidators } from './former-validators.ts';
import { createGovernance } from './governance.ts';
import { consensusConfig, heightContext } from './height-context.ts';
import { createIdleTimer } from './idle-timer.ts';
import { openOwnVotes } from './own-votes.ts';
import { createPeerHandlers } from './peer-handlers.ts';
import { poolHeadOf, poolStateOf } from './pool-view.ts';
import { createEvents, type Events } from './rpc-ports.ts';
import { createSenderRecovery } from './sender-recovery.ts';
import type { Signer } from './signer.ts';
import type { SmallFile } from './small-file.ts';
import type { SnapshotService } from './snapshot-service.ts';
import { createPool, type Pool } from './txpool/index.ts';
import { openValidatorSets, type ValidatorSets } from './validator-sets.ts';
import { type Voter, type VotingReport, votingReport } from './voter.ts';

/** What the composition needs of the configuration. */
export type ComposeConfig = Pick<
  NodeConfig,
  'genesis' | 'nodeKey' | 'logger' | 'keepsRevertReasons'
> & {
  readonly p2p: Omit<NodeConfig['p2p'], 'allowlistPath'>;
};

/** What touches the world. They belong to the caller, who closes store and log after the node. */
export type NodeParts = {
  readonly clock: Clock;
  /** From 0 to below 1; nothing secret. */
  readonly random: () => number;
  readonly store: ChainStore;
  readonly engine: Engine;
  /** Undefined for a node without a validator key. */
  readonly signer: Signer | undefined;
  /** Undefined for a node that does not vote. */
  readonly voter: Voter | undefined;
  /** Small files of the node's own, by name. */
  readonly fileOf: (name: string) => SmallFile;
  readonly allowlist: Allowlist;
  readonly openNetwork: (options: NetworkOptions, modules: NetworkModules) => Promise<Network>;
  /** The node cannot go on by itself; the owner closes it. */
  readonly onFatal: (error: unknown) => void;
  readonly observer?: ConsensusObserver | undefined;
  /** Given to peers that ask for it. */
  readonly snapshot?: Pick<SnapshotService, 'serve'> | undefined;
};

export type ComposedNode = {
  readonly store: ChainStore;
  readonly sets: ValidatorSets;
  readonly pool: Pool;
  readonly network: Network;
  /** What RPC subscriptions listen to. */
  readonly events: Events;
  readonly evidence: EvidenceKeeper;
  readonly governance: GovernancePort;
  /** Height and round that consensus works on. */
  consensus(): { readonly height: Height; readonly round: number };
  voting(): VotingReport;
  progress(): ReturnType<CatchUp['progress']>;
  setAllowlist(list: Allowlist): void;
  close(): Promise<void>;
};

/** What has to be undone, last first. */
type Closers = (() => Promise<void> | void)[];

/**
 * Puts a node together; resolves when it takes part in the network.
 * @throws CodedError of any part that cannot start; what had started by then is closed again
 */
export async function composeNode(config: ComposeConfig, parts: NodeParts): Promise<ComposedNode> {
  const closers: Closers = [];
  const close = async (): Promise<void> => {
    for (let undo = closers.pop(); undo !== undefined; undo = closers.pop()) await undo();
  };
  try {
    return { ...(await connectParts(config, parts, closers)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function connectParts(
  config: ComposeConfig,
  parts: NodeParts,
  closers: Closers,
): Promise<Omit<ComposedNode, 'close'>> {
  const { genesis, logger } = config;
  const { rules, qbft } = genesis;
  const { clock, store, engine, signer, voter, fileOf, onFatal } = parts;
  const stopped = new AbortController();
  closers.push(() => stopped.abort());

  const sets = await openValidatorSets(qbft, { store, engine });
  const self = voter === undefined ? undefined : signer?.address;
  const votes = await openOwnVotes(fileOf('votes.json'), self);
  const recoverSenders = createSenderRecovery(clock);
  const events = createEvents();
  const pool = createPool(
    { rules, head: poolHeadOf(store, rules), state: poolStateOf(store) },
    {
      recoverSenders,
      now: clock.now,
      accepted: (transactions) => {
        events.pending(transactions);
        network.gossipTransactions(transactions.map(({ transaction }) => transaction.raw));
      },
      executable: () => driver?.work(nextHeight(store)),
    },
  );
  const chain = createChain(
    {
      genesis,
      self: signer?.address,
      keepsRevertReasons: config.keepsRevertReasons ?? true,
    },
    { store, engine, sets, votes, pool, recoverSenders, clock, logger: logger.child('chain') },
  );
  const catchUp = createCatchUp(DEFAULT_CATCH_UP, {
    chain,
    requestBlocks: (peerId, from, count, options) =>
      network.requestBlocks(peerId, from, count, options),
    onFatal,
    clock,
    logger: logger.child('catch-up'),
  });
  closers.push(() => catchUp.close());

  let { allowlist } = parts;
  const former = await openFormerValidators({
    file: fileOf('former-validators.json'),
    store,
    breathe: clock.breathe,
    onFatal,
  });
  closers.push(() => former.close());
  const setMembers = (): void => {
    former.follow(store.head().header.number, sets.next().validators);
    network.setMembers(membersOf(sets, former, allowlist));
  };
  let driver: ConsensusDriver | undefined;
  const statusNow = () => ({
    height: store.head().header.number,
    hash: store.head().hash,
    round: driver?.status().round ?? 0,
    lost: driver?.status().loss !== undefined,
  });
  const handlers = createPeerHandlers({
    store,
    pool,
    catchUp,
    workshop: () => workshop,
    driver: () => driver,
    network: () => network,
    onFatal,
    snapshot: parts.snapshot,
  });
  const network = await parts.openNetwork(
    {
      listen: { host: config.p2p.host, port: config.p2p.port },
      bootPeers: config.p2p.bootPeers,
      ...(config.p2p.announce === undefined ? {} : { announce: config.p2p.announce }),
      nodeKey: config.nodeKey,
      chainId: genesis.chainId,
      genesisHash: genesis.hash,
      validator: signer,
      members: membersOf(sets, former, allowlist),
      status: statusNow(),
    },
    { handlers, logger: logger.child('p2p'), clock, random: parts.random },
  );
  closers.push(() => network.close());

  const evidence = createEvidenceKeeper(genesis.hash, {
    book: store.evidence,
    onFatal,
    logger: logger.child('evidence'),
  });
  closers.push(evidence.settled);

  const workshop = createBlockWorkshop({
    chain,
    pool,
    source: createBodySource(network, { signal: stopped.signal }, logger.child('bodies')),
    recoverSenders,
    logger: logger.child('workshop'),
  });
  driver = createConsensusDriver(
    consensusConfig(config, self, parts.random),
    heightContext(store, sets, qbft, clock.now()),
    {
      voter,
      workshop,
      send: (to, message) => network.sendConsensus(to, message),
      finalise: (digest, header) => finalise({ chain, workshop }, digest, header),
      onEvidence: evidence.keep,
      onStatus: () => network.announce(statusNow()),
      onFatal,
      clock,
      logger: logger.child('consensus'),
      observer: parts.observer,
    },
  );
  const { close: closeDriver, status: consensus } = driver;
  closers.push(closeDriver);
  if (consensus().loss !== undefined) network.announce(statusNow());

  /** QBFT: an own vote and a transition due in the next block wake an idle chain, too. */
  const offerWork = (): void => {
    const height = nextHeight(store);
    const set = sets.next();
    const hasVote = set.source === 'headers' && votes.toCast(set.tally).length > 0;
    if (pool.hasWork() || hasVote || transitionAt(qbft, height) !== undefined) {
      driver?.work(height);
    }
  };
  const governance = createGovernance({ qbft, self }, { sets, votes, network, onWork: offerWork });
  const settleVotes = (): void => {
    const set = sets.next();
    if (set.source === 'headers') votes.settle(set.tally).catch(onFatal);
  };
  const wakeWhenIdle = createIdleTimer(clock, () => driver?.work(nextHeight(store)));
  const restartIdleTimer = (): void =>
    wakeWhenIdle.restart(qbftRulesAt(qbft, nextHeight(store)).emptyBlockPeriodMs);
  closers.push(wakeWhenIdle.close);
  chain.onHead((executed, hash) => {
    const { block } = executed;
    pool.onHead(executed, poolHeadOf(store, rules), poolStateOf(store));
    setMembers();
    driver?.newHeight(heightContext(store, sets, qbft, clock.now()));
    settleVotes();
    offerWork();
    restartIdleTimer();
    network.announce(statusNow());
    events.block(block.header.number);
    logger.debug('block final', {
      number: block.header.number.toString(),
      hash: bytesToHex(hash),
      transactions: block.transactions.length,
    });
  });
  for (const peer of network.peers()) handlers.onPeerJoined(peer);
  former.readHeaders(setMembers);
  offerWork();
  restartIdleTimer();

  return {
    store,
    sets,
    pool,
    network,
    events,
    evidence,
    governance,
    consensus,
    voting: () => votingReport(voter, consensus().loss, sets.next().validators),
    progress: () => catchUp.progress(),
    setAllowlist: (list) => {
      allowlist = list;
      setMembers();
    },
  };
}

async function finalise(
  { chain, workshop }: { readonly chain: Chain; readonly workshop: BlockWorkshop },
  digest: Hash,
  header: BlockHeader,
): Promise<void> {
  const executed = workshop.executed(digest);
  if (executed !== undefined) return await chain.finalise(executed, header);
  // Catching up was faster, and what consensus knew of the height is dropped.
  if (chain.head().header.number >= header.number) return;
  throw new CodedError(`block ${header.number} is final and was not executed here`, {
    code: 'NODE_FINAL_BLOCK_INVALID',
  });
}

function nextHeight(store: ChainStore): Height {
  return store.head().header.number + 1n;
}

function membersOf(sets: ValidatorSets, former: FormerValidators, list: Allowlist): Members {
  return {
    validators: sets.next().validators,
    formerValidators: former.list(),
    allowlist: list.allow,
    denylist: list.deny,
  };
}
