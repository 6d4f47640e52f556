/**
 * The network above a transport: who is connected, who is to be, and what goes to whom. The same for
 * libp2p and for the network in memory.
 */
import { keccak256 } from '#crypto';
import {
  type Address,
  bytesToHex,
  equalBytes,
  type Hash,
  invariant,
  keyOf,
} from '../ledger/model/index.ts';
import { checkHello, createAdmission } from './admission.ts';
import { type Connection, openConnection } from './connection.ts';
import { createDialer } from './dialer.ts';
import { p2pError } from './errors.ts';
import { frame } from './frames.ts';
import { guardHandlers } from './guard-handlers.ts';
import { transactionKey } from './known-transactions.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { createCounters } from './metrics.ts';
import type {
  Members,
  Network,
  NetworkModules,
  NetworkOptions,
  PeerInfo,
  PeerStatus,
} from './network.ts';
import { createProver } from './proof.ts';
import { createRefusalPauses } from './refusal-pauses.ts';
import type { RequestMessage } from './requests.ts';
import { createSession, type Session } from './session.ts';
import type { Link, Transport, TransportEvents } from './transport.ts';
import { encodeWire, type Hello, MAX_VERSION, MIN_VERSION } from './wire.ts';

/** Addresses that a hello carries. */
const OWN_ADDRESSES = 8;
const KNOWN_ADDRESSES = 128;

/** These ends say nothing against the peer: it is heard again at once. */
const WITHOUT_PAUSE: ReadonlySet<string> = new Set([
  'P2P_DUPLICATE',
  'P2P_REPLACED',
  'P2P_CLOSING',
  'P2P_PING_TIMEOUT',
  'P2P_STALLED',
]);

export async function createHost(
  options: NetworkOptions,
  modules: NetworkModules,
  openTransport: (events: TransportEvents, limits: Limits) => Promise<Transport>,
): Promise<Network> {
  const { clock, logger, random } = modules;
  const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits };
  const counters = createCounters();
  const handlers = guardHandlers(modules.handlers, counters, logger);
  const pauses = createRefusalPauses(limits.refusalPauseMs, clock);
  const instance = Uint8Array.from({ length: 8 }, () => Math.floor(random() * 256));
  /** Admitted peers. */
  const sessions = new Map<string, Session>();
  /** Between connection and hello, with the promise of who dialled. */
  const pending = new Map<Link, (reached: boolean) => void>();
  /** Passed `judge` and waits for our own hello: holds the place of a session. */
  const reserved = new Map<string, { readonly link: Link; readonly instance: string }>();
  let admission = createAdmission(options.members);
  let memberNames = namesOf(options.members);
  let status = options.status;
  let closed = false;
  let links: Link[] = [];
  let early: Link[] | undefined = [];

  const turnAway = (peerId: string): void => {
    counters.dropped('P2P_BUSY');
    logger.debug('turned a connection away', { peerId });
  };

  const inboundPending = (): number =>
    [...pending.keys()].filter((link) => link.direction === 'inbound').length;

  const transport = await openTransport(
    {
      onAttempt: () => counters.add('inboundAttempts'),
      accepts(peerId) {
        const accepted =
          !closed && inboundPending() < limits.unadmittedConnections && !pauses.isPaused(peerId);
        if (!accepted) turnAway(peerId);
        return accepted;
      },
      // Connections may come in before the lines below have run.
      onLink: (link) => (early === undefined ? connect(link, () => {}) : early.push(link)),
    },
    limits,
  );
  const self = transport.peerId;
  for (const address of options.bootPeers) {
    if (transport.peerIdOf(address) !== undefined) continue;
    await transport.close();
    throw p2pError('P2P_BAD_ADDRESS', `no address of a boot peer: ${address}`);
  }
  for (const address of options.announce ?? []) {
    if (transport.peerIdOf(address) === self) continue;
    await transport.close();
    throw p2pError('P2P_BAD_ADDRESS', `no address of this node (${self}): ${address}`);
  }
  const prove = createProver(
    {
      chain: options,
      peerId: self,
      validator: options.validator,
      lifetimeMs: limits.proofLifetimeMs,
    },
    clock,
  );

  const ownAddresses = (): readonly string[] => options.announce ?? transport.addresses;

  /** What each member told of itself: only that is passed on, never hearsay or a boot list (W-14). */
  const announced = new WeakMap<Session, readonly string[]>();

  /** What each peer was told in the hello; it may have changed until the peer answered. */
  const statusSaid = new WeakMap<Link, PeerStatus>();

  const ownHello = async (link: Link): Promise<Hello> => {
    const proof = await prove();
    statusSaid.set(link, status);
    return {
      minVersion: MIN_VERSION,
      maxVersion: MAX_VERSION,
      chainId: options.chainId,
      genesisHash: options.genesisHash,
      instance,
      proof,
      status,
      addresses: ownAddresses().slice(0, OWN_ADDRESSES),
      knownAddresses: [...sessions.values()]
        .filter((session) => session.peer().kind !== 'former')
        .flatMap((session) => announced.get(session) ?? [])
        .slice(0, KNOWN_ADDRESSES),
    };
  };

  const judge: Parameters<typeof openConnection>[1]['judge'] = (link, hello) => {
    const peerId = link.remotePeerId;
    const checked = checkHello(peerId, hello, options, clock);
    if (!checked.ok) return checked;
    const admitted = admission.judge(peerId, hello.proof?.address);
    if (!admitted.ok) return admitted;
    const theirs = keyOf(hello.instance);
    const holder = reserved.get(peerId) ?? sessions.get(peerId);
    // W-9: the smaller PeerId keeps what it has, unless the peer is a new process.
    if (self < peerId && holder?.instance === theirs) {
      return { ok: false, code: 'P2P_DUPLICATE', message: 'connected already' };
    }
    reserved.set(peerId, { link, instance: theirs });
    return checked;
  };

  const admit = (connection: Connection, hello: Hello, version: number): Session => {
    const { link } = connection;
    const peerId = link.remotePeerId;
    const judged = admission.judge(peerId, hello.proof?.address);
    invariant(judged.ok, 'a change of members ends every connection that is not admitted yet');
    const peer: PeerInfo = {
      peerId,
      address: hello.proof?.address,
      kind: judged.kind,
      direction: link.direction,
      status: hello.status,
      connectedAtMs: clock.now(),
    };
    const former = sessions.get(peerId);
    const session = createSession(
      { connection, peer, instance: keyOf(hello.instance), version },
      { limits, clock, counters, logger, handlers, onAddresses: learnFromMember, onEnd: leave },
    );
    sessions.set(peerId, session);
    reserved.delete(peerId);
    counters.add('connectionsOpened');
    if (former !== undefined) {
      counters.add('connectionsReplaced');
      former.connection.drop('P2P_REPLACED');
    }
    const ownOnes = hello.addresses.filter((address) => transport.peerIdOf(address) === peerId);
    announced.set(session, ownOnes);
    dialer.learn(ownOnes, 0);
    learnFromMember(hello.knownAddresses);
    dialer.connected(peerId);
    settle(link, true);
    logger.info('a peer has joined', describe(peer));
    handlers.onPeerJoined(peer);
    if (statusSaid.get(link) !== status) session.sendStatus(status);
    tellOthers(session);
    return session;
  };

  const leave = (session: Session, code: string | undefined): void => {
    const peer = session.peer();
    if (sessions.get(peer.peerId) === session) {
      sessions.delete(peer.peerId);
      dialer.disconnected(peer.peerId, clock.now() - peer.connectedAtMs);
    }
    logger.info('a peer has left', { ...describe(peer), code });
    handlers.onPeerLeft(peer);
  };

  const tellOthers = (joined: Session): void => {
    const { kind } = joined.peer();
    const addresses = announced.get(joined) ?? [];
    if (kind === 'former' || addresses.length === 0) return;
    for (const session of sessions.values())
      if (session !== joined) session.sendAddresses(addresses);
  };

  /** The larger PeerId gives way for a moment, so that two strangers do not dial each other at once. */
  const learnFromMember = (addresses: readonly string[]): void => {
    const isLarger = (address: string): boolean => self > (transport.peerIdOf(address) ?? '');
    dialer.learn(
      addresses.filter((address) => !isLarger(address)),
      0,
    );
    dialer.learn(addresses.filter(isLarger), limits.minBackoffMs);
  };

  const settle = (link: Link, reached: boolean): void => {
    pending.get(link)?.(reached);
    pending.delete(link);
  };

  const connect = (link: Link, onSettled: (reached: boolean) => void): void => {
    if (link.direction === 'inbound' && inboundPending() >= limits.unadmittedConnections) {
      turnAway(link.remotePeerId);
      link.abort();
      return;
    }
    pending.set(link, onSettled);
    links.push(link);
    const connection = openConnection(link, {
      selfPeerId: self,
      limits,
      clock,
      logger,
      counters,
      ownHello: () => ownHello(link),
      judge,
      admit,
      ended(_, code) {
        links = links.filter((other) => other !== link);
        if (reserved.get(link.remotePeerId)?.link === link) reserved.delete(link.remotePeerId);
        if (code !== undefined && !WITHOUT_PAUSE.has(code)) pauses.pause(link.remotePeerId);
        settle(link, false);
      },
    });
    if (closed) connection.drop('P2P_CLOSING');
  };

  const dial = async (peerId: string, addresses: readonly string[]): Promise<boolean> => {
    counters.add('dials');
    try {
      const link = await transport.dial(addresses, abort.signal);
      if (link.remotePeerId === peerId) {
        return await new Promise<boolean>((resolve) => connect(link, resolve));
      }
      link.abort();
    } catch (error) {
      logger.trace('a dial failed', { peerId, error });
    }
    counters.add('dialFailures');
    return false;
  };

  const abort = new AbortController();
  const dialer = createDialer(options.bootPeers, limits, {
    clock,
    random,
    peerIdOf: transport.peerIdOf,
    wants: (peerId) => !closed && peerId !== self && !sessions.has(peerId),
    dial,
  });

  for (const link of early) connect(link, () => {});
  early = undefined;

  const request = async (
    peerId: string,
    message: RequestMessage,
    signal: AbortSignal | undefined,
  ): Promise<readonly Uint8Array[]> => {
    const session = sessions.get(peerId);
    if (session === undefined) throw p2pError('P2P_UNKNOWN_PEER', 'the peer is not connected');
    const answer = await session.request(message, signal);
    if (answer.kind === 'payloads') return answer.items;
    return answer.block === undefined ? [] : [answer.block];
  };

  return {
    peerId: self,
    get addresses() {
      return ownAddresses();
    },
    peers: () => [...sessions.values()].map((session) => session.peer()),
    setMembers(members) {
      const names = namesOf(members);
      if (names === memberNames) return;
      memberNames = names;
      admission = createAdmission(members);
      pauses.clear();
      for (const link of [...pending.keys()]) link.abort();
      for (const session of [...sessions.values()]) {
        const peer = session.peer();
        const verdict = admission.judge(peer.peerId, peer.address);
        if (!verdict.ok) session.connection.drop(verdict.code);
        else if (verdict.kind !== peer.kind) session.setKind(verdict.kind);
      }
      dialer.wake();
    },
    sendConsensus(to, message) {
      if (message.length > limits.consensusFrameBytes - 64) {
        logger.error('a consensus message is too long to send', { bytes: message.length });
        counters.add('consensusDropped');
        return;
      }
      const framed = frame(encodeWire(MAX_VERSION, { kind: 'consensus', message }));
      for (const session of sessions.values()) {
        const { kind, address } = session.peer();
        if (kind === 'validator' && (to === 'all' || isAddress(address, to))) {
          session.sendConsensus(framed);
        }
      }
    },
    gossipTransactions(raws) {
      const receivers = [...sessions.values()].filter(({ peer }) => peer().kind !== 'former');
      if (receivers.length === 0) return;
      for (const raw of raws) {
        const transaction = { key: transactionKey(keccak256(raw)), raw };
        for (const session of receivers) session.offer(transaction);
      }
    },
    announce(changed) {
      status = changed;
      for (const session of sessions.values()) session.sendStatus(changed);
    },
    requestBlocks: (peerId, from, count, { signal } = {}) =>
      request(peerId, { kind: 'blocksRequest', from, count }, signal),
    requestBody: async (peerId, digest, { signal } = {}) =>
      (await request(peerId, { kind: 'bodyRequest', digest }, signal))[0],
    requestTransactions: (peerId, hashes, { signal } = {}) =>
      request(peerId, { kind: 'transactionsRequest', hashes }, signal),
    requestSnapshot: async (peerId, offset, { signal } = {}) =>
      (await request(peerId, { kind: 'snapshotRequest', offset }, signal))[0],
    reportFault(peerId, code) {
      sessions.get(peerId)?.fault(code);
    },
    metrics: () => counters.snapshot(sessions.size),
    async close() {
      closed = true;
      abort.abort();
      dialer.close();
      for (const session of [...sessions.values()]) session.connection.drop('P2P_CLOSING');
      for (const link of [...links]) link.abort();
      await transport.close();
    },
  };
}

function isAddress(address: Address | undefined, other: Address): boolean {
  return address !== undefined && equalBytes(address, other);
}

/** What a log line says of a peer: both names are authenticated. */
function describe(peer: PeerInfo): object {
  const { peerId, kind, direction } = peer;
  return { peerId, kind, direction, address: peer.address && bytesToHex(peer.address) };
}

/** Equal for equal members, so that setting the same again after each block costs nothing. */
function namesOf(members: Members): string {
  const keys = (list: readonly (Address | Hash)[]): readonly string[] => list.map(keyOf).sort();
  return JSON.stringify([
    keys(members.validators),
    keys(members.formerValidators),
    [...members.allowlist].sort(),
    [...members.denylist].sort(),
  ]);
}
