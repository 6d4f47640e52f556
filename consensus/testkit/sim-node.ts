/**
 * One validator with everything around the core in miniature: driver, signer, synced log, block
 * store, pool, block builder. What a crash loses and keeps is what it loses and keeps in reality.
 */
import { sign } from '#crypto';
import {
  type Address,
  type BlockHeader,
  equalBytes,
  type Hash,
  headerHash,
  keyOf,
} from '../../ledger/model/index.ts';
import { decodeMessage, encodeMessage } from '../codec.ts';
import type { Effect, LogEntry } from '../effect.ts';
import { verifyHeader } from '../header-rules.ts';
import { initialState } from '../initial-state.ts';
import type { ConsensusConfig, HeightContext, Input, InputBody, Timer } from '../input.ts';
import { decodeLogRecord, encodeLogRecord, heightOf, type LogRecord } from '../log-record.ts';
import type { QbftMessage } from '../messages.ts';
import { completeMessage, signingHashes } from '../signing.ts';
import type { ConsensusState } from '../state.ts';
import { step } from '../step.ts';
import { verifySealedHeader } from '../verify-seals.ts';
import type { Random } from './random.ts';
import {
  buildToyBlock,
  decodeToyBlock,
  encodeToyBlock,
  type Identity,
  isToyBlockValid,
  type ToyBody,
} from './toy-chain.ts';

/** The moments between which a crash makes a difference. */
export type Boundary =
  | { readonly at: 'before-log' | 'after-log' | 'after-send'; readonly message: QbftMessage }
  | { readonly at: 'before-store' | 'after-store'; readonly header: BlockHeader };

export type SimNodePorts = {
  readonly random: Random;
  readonly nowMs: () => number;
  readonly after: (delayMs: number, action: () => void) => void;
  readonly send: (to: Address | 'all', message: Uint8Array) => void;
  /** Asks a peer for a body; `reply` is called if it has one and the network is kind. */
  readonly fetch: (from: Address, digest: Hash, reply: (body: ToyBody) => void) => void;
  readonly onBoundary: (boundary: Boundary) => void;
  readonly onEvidence: (first: QbftMessage, second: QbftMessage) => void;
};

export type SimNodeOptions = {
  readonly identity: Identity;
  readonly validators: readonly Address[];
  readonly genesis: BlockHeader;
  readonly config: Omit<ConsensusConfig, 'self'>;
  readonly gapMs: number;
  /** Longest time of a synced write, and of an execution. */
  readonly diskMs: number;
  readonly executeMs: number;
};

export type SimNode = {
  readonly address: Address;
  isAlive(): boolean;
  state(): ConsensusState;
  /** Final blocks, sealed, from the genesis on. */
  readonly chain: readonly ToyBody[];
  /** What is on disk. */
  readonly log: () => readonly LogRecord[];
  head(): BlockHeader;
  start(): void;
  crash(): void;
  /** Takes a transaction into the pool. */
  submit(transaction: Hash): void;
  hasIncluded(transaction: Hash): boolean;
  receive(message: Uint8Array): void;
  peerJoined(peer: Address): void;
  /** Takes blocks above the own head from a peer, after checking their seals. */
  catchUp(blocks: readonly ToyBody[]): void;
  body(digest: Hash): ToyBody | undefined;
};

export function createSimNode(options: SimNodeOptions, ports: SimNodePorts): SimNode {
  const { identity, validators, genesis, random } = { ...options, ...ports };
  const config: ConsensusConfig = { ...options.config, self: identity.address };
  // On disk:
  const chain: ToyBody[] = [{ header: genesis, transactionHashes: [] }];
  let log: Uint8Array[] = [];
  // In memory:
  let state: ConsensusState | undefined;
  /** Counts lives: what one life scheduled does nothing in the next. */
  let life = 0;
  let pool = new Map<string, Hash>();
  let bodies = new Map<string, ToyBody>();
  let timers = new Map<Timer['name'], object>();
  let inputs: Input[] = [];
  let effects: Effect[] = [];
  let isBusy = false;

  const head = (): BlockHeader => (chain.at(-1) as ToyBody).header;
  const later = (delayMs: number, action: () => void): void => {
    const mine = life;
    ports.after(delayMs, () => {
      if (mine === life && state !== undefined) action();
    });
  };
  /** Reports a moment; false if it was the last one of this life. */
  const survives = (boundary: Boundary): boolean => {
    const mine = life;
    ports.onBoundary(boundary);
    return mine === life && state !== undefined;
  };
  const records = (): readonly LogRecord[] =>
    log.map((bytes) => {
      const decoded = decodeLogRecord(bytes);
      if (!decoded.ok) throw new TypeError(decoded.message);
      return decoded.record;
    });

  const contextOf = (): HeightContext => {
    const parent = head();
    const parentHash = headerHash(parent, 'qbft');
    const gapEndsAtMs = ports.nowMs() + options.gapMs;
    return { height: parent.number + 1n, parent, parentHash, validators, gapEndsAtMs };
  };

  const put = (input: InputBody): void => {
    inputs.push({ ...input, nowMs: ports.nowMs() });
    pump();
  };

  const pump = (): void => {
    while (!isBusy && state !== undefined) {
      const effect = effects.shift();
      if (effect !== undefined) {
        run(effect);
        continue;
      }
      const input = inputs.shift();
      if (input === undefined) return;
      const result = step(state, input);
      state = result.state;
      effects = [...result.effects];
    }
  };

  const busyFor = (delayMs: number, action: () => void): void => {
    isBusy = true;
    later(delayMs, () => {
      action();
      if (state === undefined) return;
      isBusy = false;
      pump();
    });
  };

  const run = (effect: Effect): void => {
    switch (effect.kind) {
      case 'set-timer': {
        const token = {};
        timers.set(effect.timer.name, token);
        later(effect.afterMs, () => {
          if (timers.get(effect.timer.name) === token) put({ kind: 'timer', timer: effect.timer });
        });
        return;
      }
      case 'build-block':
        later(random.between(0, options.executeMs), () => build(effect));
        return;
      case 'validate-block':
        validate(effect);
        return;
      case 'sign':
        signAndSend(effect);
        return;
      case 'send':
        for (const message of effect.messages) ports.send(effect.to, encodeMessage(message));
        return;
      case 'finalise':
        busyFor(random.between(0, options.diskMs), () => store(effect));
        return;
      case 'evidence':
        ports.onEvidence(effect.first, effect.second);
        return;
    }
  };

  const build = ({ height, round }: Extract<Effect, { kind: 'build-block' }>): void => {
    const context = contextOf();
    if (context.height !== height) return;
    const { parent, parentHash } = context;
    const earliest = parent.timestamp + BigInt(config.periodSeconds);
    const clock = BigInt(Math.floor(ports.nowMs() / 1000));
    const body = buildToyBlock({
      parent,
      parentHash,
      validators,
      beneficiary: identity.address,
      round,
      timestamp: clock > earliest ? clock : earliest,
      transactionHashes: [...pool.values()],
    });
    remember(body);
    put({ kind: 'block-built', height, round, ...body });
  };

  const remember = (body: ToyBody): void => {
    bodies.set(keyOf(headerHash(body.header, 'qbft')), body);
  };

  const validate = (effect: Extract<Effect, { kind: 'validate-block' }>): void => {
    const { proposal, digest, from } = effect;
    const own = bodyOf(digest);
    const isComplete =
      own !== undefined ||
      proposal?.transactionHashes.every((hash) => pool.has(keyOf(hash)) || isInBody(hash));
    const body = own ?? proposal;
    if (isComplete === true && body !== undefined) {
      later(random.between(0, options.executeMs), () => answer(effect, body));
      return;
    }
    for (const peer of from) {
      const mine = life;
      ports.fetch(peer, digest, (fetched) => {
        if (mine === life && state !== undefined) answer(effect, fetched);
      });
    }
  };

  const answer = (effect: Extract<Effect, { kind: 'validate-block' }>, body: ToyBody): void => {
    const { height, round, digest } = effect;
    const header = effect.proposal?.header ?? headerOfDigest(body, digest);
    if (height !== head().number + 1n) return;
    if (!isToyBlockValid(head(), body)) {
      const result = { ok: false, code: 'TOY_WRONG_ROOT', message: 'wrong root' } as const;
      put({ kind: 'block-validated', height, round, digest, result });
      return;
    }
    remember(body);
    byDigest.set(keyOf(digest), { ...body, header });
    const { transactionHashes } = body;
    const result = { ok: true, header, transactionHashes } as const;
    put({ kind: 'block-validated', height, round, digest, result });
  };

  /** The header with the round that the digest was made with. */
  const headerOfDigest = (body: ToyBody, digest: Hash): BlockHeader =>
    byDigest.get(keyOf(digest))?.header ?? body.header;

  let byDigest = new Map<string, ToyBody>();
  const bodyOf = (digest: Hash): ToyBody | undefined => byDigest.get(keyOf(digest));
  const isInBody = (hash: Hash): boolean =>
    [...bodies.values()].some((body) => body.transactionHashes.some((h) => equalBytes(h, hash)));

  const recordOf = (entry: LogEntry): LogRecord => {
    if (entry.kind !== 'block') return entry;
    const body = bodyOf(entry.digest);
    if (body === undefined) throw new TypeError('a block to log was never seen');
    return { ...entry, block: encodeToyBlock(body) };
  };

  const signAndSend = (effect: Extract<Effect, { kind: 'sign' }>): void => {
    const { unsigned, durable } = effect;
    // Blocks came in by catching up while this waited: the height needs no vote any more.
    if (unsigned.height <= head().number) return;
    const hashes = signingHashes(config.genesisHash, unsigned);
    const signature = sign(hashes.message, identity.privateKey);
    const seal = hashes.seal && sign(hashes.seal, identity.privateKey);
    const message = completeMessage(unsigned, identity.address, signature, seal);
    if (message.kind === 'proposal') {
      const { header, transactionHashes } = message;
      byDigest.set(keyOf(message.signed.digest), { header, transactionHashes });
    }
    const entries: LogRecord[] = [...durable.map(recordOf), { kind: 'message', message }];
    busyFor(random.between(0, options.diskMs), () => {
      if (!survives({ at: 'before-log', message })) return;
      log.push(...entries.map(encodeLogRecord));
      if (!survives({ at: 'after-log', message })) return;
      ports.send('all', encodeMessage(message));
      if (!survives({ at: 'after-send', message })) return;
      inputs.push({ kind: 'message', message, nowMs: ports.nowMs() });
    });
  };

  const store = (effect: Extract<Effect, { kind: 'finalise' }>): void => {
    const { header, digest } = effect;
    if (header.number !== head().number + 1n) return;
    if (!survives({ at: 'before-store', header })) return;
    const body = bodyOf(digest);
    if (body === undefined) throw new TypeError('a block to store was never seen');
    append({ header, transactionHashes: body.transactionHashes });
    survives({ at: 'after-store', header });
  };

  const append = (block: ToyBody): void => {
    chain.push(block);
    for (const hash of block.transactionHashes) pool.delete(keyOf(hash));
    log = log.filter((bytes) => {
      const decoded = decodeLogRecord(bytes);
      return decoded.ok && heightOf(decoded.record) > block.header.number;
    });
    bodies = new Map();
    byDigest = new Map();
    inputs.push({ kind: 'new-height', context: contextOf(), nowMs: ports.nowMs() });
    offerWork();
  };

  const offerWork = (): void => {
    if (pool.size === 0) return;
    inputs.push({ kind: 'work', height: head().number + 1n, nowMs: ports.nowMs() });
  };

  return {
    address: identity.address,
    isAlive: () => state !== undefined,
    state: () => {
      if (state === undefined) throw new TypeError('the node is down');
      return state;
    },
    chain,
    log: records,
    head,
    start: () => {
      life += 1;
      const recovered = records();
      for (const record of recovered) {
        if (record.kind !== 'block') continue;
        const body = decodeToyBlock(record.block);
        byDigest.set(keyOf(record.digest), body);
        remember(body);
      }
      const begun = initialState(config, contextOf(), recovered, ports.nowMs());
      state = begun.state;
      effects = [...begun.effects];
      pump();
    },
    crash: () => {
      life += 1;
      state = undefined;
      pool = new Map();
      bodies = new Map();
      byDigest = new Map();
      timers = new Map();
      inputs = [];
      effects = [];
      isBusy = false;
    },
    submit: (transaction) => {
      if (state === undefined || chain.some((block) => includes(block, transaction))) return;
      pool.set(keyOf(transaction), transaction);
      offerWork();
      pump();
    },
    hasIncluded: (transaction) => chain.some((block) => includes(block, transaction)),
    receive: (bytes) => {
      if (state === undefined) return;
      const decoded = decodeMessage(bytes);
      if (decoded.ok) put({ kind: 'message', message: decoded.message });
    },
    peerJoined: (validator) => {
      if (state !== undefined) put({ kind: 'peer-joined', validator });
    },
    catchUp: (blocks) => {
      if (state === undefined) return;
      for (const block of blocks) {
        const parent = head();
        if (block.header.number !== parent.number + 1n) continue;
        const context = { parent, parentHash: headerHash(parent, 'qbft'), validators };
        const isGood =
          verifyHeader(block.header, context).ok &&
          verifySealedHeader(block.header, validators).ok &&
          isToyBlockValid(parent, block);
        if (!isGood) throw new RangeError('a peer served a block that does not verify');
        append(block);
      }
      pump();
    },
    body: bodyOf,
  };
}

function includes(block: ToyBody, transaction: Hash): boolean {
  return block.transactionHashes.some((hash) => equalBytes(hash, transaction));
}
