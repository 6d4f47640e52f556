/**
 * One validator with everything around the core in miniature: driver, signer, synced log, block
 * store, pool, block builder. What a crash loses and keeps is what it loses and keeps in reality.
 */
import { sign } from '#crypto';
import { type Address, type BlockHeader, type Hash, headerHash } from '../../ledger/model/index.ts';
import { decodeMessage, encodeMessage } from '../codec.ts';
import type { Effect, LogEntry } from '../effect.ts';
import { verifyHeader } from '../header-rules.ts';
import { initialState } from '../initial-state.ts';
import type { ConsensusConfig, HeightContext, Input, InputBody, Timer } from '../input.ts';
import { decodeLogRecord, encodeLogRecord, heightOf, type LogRecord } from '../log-record.ts';
import type { QbftMessage, ReportMessage, UnsignedMessage, UnsignedReport } from '../messages.ts';
import { completeMessage, completeReport, reportHash, signingHashes } from '../signing.ts';
import type { ConsensusState } from '../state.ts';
import type { Statement } from '../statement.ts';
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
import { createToyWorkshop, includes, type ToyWorkshop } from './toy-workshop.ts';

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
  readonly onEvidence: (first: Statement, second: Statement) => void;
};

export type SimNodeOptions = {
  readonly identity: Identity;
  readonly validators: readonly Address[];
  readonly genesis: BlockHeader;
  readonly config: Omit<ConsensusConfig, 'self' | 'life'>;
  readonly pace: Pick<HeightContext, 'baseTimeoutMs' | 'maxTimeoutMs' | 'periodSeconds'>;
  readonly gapMs: number;
  /** Longest time of a synced write, and of an execution. */
  readonly diskMs: number;
  readonly executeMs: number;
};

type Of<Kind extends Effect['kind']> = Extract<Effect, { kind: Kind }>;

export type Disk = { readonly chain: readonly ToyBody[]; readonly log: readonly Uint8Array[] };

/** All that a process holds in memory: a crash drops it, and what it scheduled does nothing. */
type Life = {
  state: ConsensusState;
  readonly workshop: ToyWorkshop;
  readonly timers: Map<Timer['name'], object>;
  inputs: Input[];
  effects: Effect[];
  isBusy: boolean;
};

export class SimNode {
  /** Final blocks, sealed, from the genesis on. On disk. */
  readonly chain: ToyBody[];
  readonly address: Address;
  readonly #options: SimNodeOptions;
  readonly #ports: SimNodePorts;
  #config: ConsensusConfig;
  /** On disk. */
  #log: Uint8Array[] = [];
  #life: Life | undefined;

  constructor(options: SimNodeOptions, ports: SimNodePorts) {
    this.#options = options;
    this.#ports = ports;
    this.#config = { ...options.config, self: options.identity.address, life: 0n };
    this.address = options.identity.address;
    this.chain = [{ header: options.genesis, transactionHashes: [] }];
  }

  isAlive(): boolean {
    return this.#life !== undefined;
  }

  /** @throws TypeError while the node is down */
  state(): ConsensusState {
    if (this.#life === undefined) throw new TypeError('the node is down');
    return this.#life.state;
  }

  head(): BlockHeader {
    return (this.chain.at(-1) as ToyBody).header;
  }

  hasIncluded(transaction: Hash): boolean {
    return this.chain.some((block) => includes(block, transaction));
  }

  body(digest: Hash): ToyBody | undefined {
    return this.#life?.workshop.body(digest);
  }

  log(): readonly LogRecord[] {
    return this.#log.map((bytes) => {
      const decoded = decodeLogRecord(bytes);
      if (!decoded.ok) throw new TypeError(decoded.message);
      return decoded.record;
    });
  }

  start(): void {
    const recovered = this.log();
    const workshop = createToyWorkshop();
    for (const record of recovered) {
      if (record.kind === 'block') workshop.keep(decodeToyBlock(record.block));
    }
    const nowMs = this.#ports.nowMs();
    this.#config = { ...this.#config, life: BigInt(this.#ports.random.between(0, 2 ** 48)) };
    const { state, effects } = initialState(this.#config, this.#context(), recovered, nowMs);
    const timers = new Map<Timer['name'], object>();
    this.#life = { state, workshop, timers, inputs: [], effects: [...effects], isBusy: false };
    this.#pump();
  }

  crash(): void {
    this.#life = undefined;
  }

  /** What is on disk now, to be restored later. */
  snapshot(): Disk {
    return { chain: [...this.chain], log: [...this.#log] };
  }

  /** Puts an old copy back while the node is down. */
  restore(disk: Disk): void {
    this.chain.splice(0, this.chain.length, ...disk.chain);
    this.#log = [...disk.log];
  }

  /** Crashes and loses the log, the blocks or both. The next start finds out. */
  wipe(what: 'log' | 'blocks' | 'all'): void {
    this.crash();
    if (what !== 'blocks') {
      this.#log = [encodeLogRecord({ kind: 'lost', least: 1n, bound: undefined })];
    }
    if (what !== 'log') this.chain.length = 1;
  }

  /** Takes a transaction into the pool. */
  submit(transaction: Hash): void {
    if (this.#life === undefined || this.hasIncluded(transaction)) return;
    this.#life.workshop.add(transaction);
    this.#offerWork();
  }

  receive(bytes: Uint8Array): void {
    const decoded = decodeMessage(bytes);
    if (decoded.ok) this.#put({ kind: 'message', message: decoded.message });
  }

  peerJoined(validator: Address): void {
    this.#put({ kind: 'peer-joined', validator });
  }

  peerLeft(validator: Address): void {
    this.#put({ kind: 'peer-left', validator });
  }

  /** Takes blocks above the own head from a peer. @throws RangeError if one does not verify */
  catchUp(blocks: readonly ToyBody[]): void {
    const { validators } = this.#options;
    for (const block of blocks) {
      const parent = this.head();
      if (block.header.number !== parent.number + 1n) continue;
      const context = this.#context();
      const isGood =
        verifyHeader(block.header, context).ok &&
        verifySealedHeader(block.header, validators).ok &&
        isToyBlockValid(parent, block);
      if (!isGood) throw new RangeError('a peer served a block that does not verify');
      this.#append(block);
    }
  }

  #context(): HeightContext {
    const parent = this.head();
    return {
      height: parent.number + 1n,
      parent,
      parentHash: headerHash(parent, 'qbft'),
      validators: this.#options.validators,
      validatorSource: 'headers',
      gapEndsAtMs: this.#ports.nowMs() + this.#options.gapMs,
      ...this.#options.pace,
    };
  }

  #put(input: InputBody): void {
    this.#life?.inputs.push({ ...input, nowMs: this.#ports.nowMs() });
    this.#pump();
  }

  #offerWork(): void {
    if (this.#life === undefined || this.#life.workshop.waiting().length === 0) return;
    this.#put({ kind: 'work', height: this.head().number + 1n });
  }

  /** Effects before inputs, one at a time, none while a write is under way. */
  #pump(): void {
    for (let life = this.#life; life !== undefined && !life.isBusy; life = this.#life) {
      const effect = life.effects.shift();
      if (effect !== undefined) {
        this.#run(life, effect);
        continue;
      }
      const input = life.inputs.shift();
      if (input === undefined) return;
      const { state, effects } = step(life.state, input);
      life.state = state;
      life.effects = [...effects];
    }
  }

  /** Does nothing if the node has crashed meanwhile. */
  #later(life: Life, delayMs: number, action: () => void): void {
    this.#ports.after(delayMs, () => {
      if (life === this.#life) action();
    });
  }

  #write(life: Life, action: () => void): void {
    life.isBusy = true;
    this.#later(life, this.#ports.random.between(0, this.#options.diskMs), () => {
      action();
      life.isBusy = false;
      this.#pump();
    });
  }

  /** Reports a moment; false if it was the last one of this life. */
  #survives(life: Life, boundary: Boundary): boolean {
    this.#ports.onBoundary(boundary);
    return life === this.#life;
  }

  #run(life: Life, effect: Effect): void {
    const executeMs = this.#ports.random.between(0, this.#options.executeMs);
    switch (effect.kind) {
      case 'set-timer':
        this.#setTimer(life, effect);
        return;
      case 'build-block':
        this.#later(life, executeMs, () => this.#build(life, effect));
        return;
      case 'validate-block':
        this.#validate(life, effect, executeMs);
        return;
      case 'sign':
        this.#sign(life, effect.unsigned, effect.durable);
        return;
      case 'send':
        for (const message of effect.messages) this.#ports.send(effect.to, encodeMessage(message));
        return;
      case 'log':
        this.#write(life, () => this.#record(effect));
        return;
      case 'report':
        this.#ports.send(effect.to, encodeMessage(this.#signReport(effect.report)));
        return;
      case 'finalise':
        this.#write(life, () => this.#store(life, effect));
        return;
      case 'evidence':
        this.#ports.onEvidence(effect.first, effect.second);
        return;
    }
  }

  #setTimer(life: Life, { timer, afterMs }: Of<'set-timer'>): void {
    const token = {};
    life.timers.set(timer.name, token);
    this.#later(life, afterMs, () => {
      if (life.timers.get(timer.name) === token) this.#put({ kind: 'timer', timer });
    });
  }

  #build(life: Life, { height, round }: Of<'build-block'>): void {
    const { parent, parentHash, validators, ...context } = this.#context();
    if (context.height !== height) return;
    const earliest = parent.timestamp + BigInt(this.#options.pace.periodSeconds);
    const clock = BigInt(Math.floor(this.#ports.nowMs() / 1000));
    const body = buildToyBlock({
      parent,
      parentHash,
      validators,
      beneficiary: this.address,
      round,
      timestamp: clock > earliest ? clock : earliest,
      transactionHashes: life.workshop.waiting(),
    });
    life.workshop.keep(body);
    this.#put({ kind: 'block-built', height, round, ...body });
  }

  #validate(life: Life, effect: Of<'validate-block'>, executeMs: number): void {
    const { height, round, digest, from } = effect;
    const answer = (body: ToyBody): void => {
      if (life !== this.#life || height !== this.head().number + 1n) return;
      const result = life.workshop.validate(this.head(), body);
      this.#put({ kind: 'block-validated', height, round, digest, result });
    };
    const body = life.workshop.complete(effect);
    if (body !== undefined) {
      this.#later(life, executeMs, () => answer(body));
      return;
    }
    for (const peer of from) this.#ports.fetch(peer, digest, answer);
  }

  #sign(life: Life, unsigned: UnsignedMessage, durable: readonly LogEntry[]): void {
    // Blocks came in by catching up while this waited: the height needs no vote any more.
    if (unsigned.height <= this.head().number) return;
    const { privateKey } = this.#options.identity;
    const hashes = signingHashes(this.#config.genesisHash, unsigned);
    const seal = hashes.seal && sign(hashes.seal, privateKey);
    const signature = sign(hashes.message, privateKey);
    const message = completeMessage(unsigned, this.address, signature, seal);
    const records = durable.map((entry) => recordOf(entry, life.workshop));
    this.#write(life, () => {
      if (!this.#survives(life, { at: 'before-log', message })) return;
      this.#log.push(...[...records, { kind: 'message', message } as const].map(encodeLogRecord));
      if (!this.#survives(life, { at: 'after-log', message })) return;
      this.#ports.send('all', encodeMessage(message));
      if (!this.#survives(life, { at: 'after-send', message })) return;
      this.#put({ kind: 'signed', message });
    });
  }

  #record({ entries }: Of<'log'>): void {
    const workshop = this.#life?.workshop;
    if (workshop === undefined) return;
    this.#log.push(...entries.map((entry) => encodeLogRecord(recordOf(entry, workshop))));
  }

  #signReport(report: UnsignedReport): ReportMessage {
    const { privateKey } = this.#options.identity;
    const hash = reportHash(this.#config.genesisHash, report);
    return completeReport(report, this.address, sign(hash, privateKey));
  }

  #store(life: Life, { header, digest }: Of<'finalise'>): void {
    if (header.number !== this.head().number + 1n) return;
    if (!this.#survives(life, { at: 'before-store', header })) return;
    const body = life.workshop.body(digest);
    if (body === undefined) throw new TypeError('a block to store was never seen');
    this.#append({ header, transactionHashes: body.transactionHashes });
    this.#survives(life, { at: 'after-store', header });
  }

  #append(block: ToyBody): void {
    this.chain.push(block);
    this.#log = this.#log.filter((bytes) => {
      const decoded = decodeLogRecord(bytes);
      // As a node does: the newest votes stay.
      return decoded.ok && (heightOf(decoded.record) ?? block.header.number) >= block.header.number;
    });
    this.#life?.workshop.forget(block);
    this.#put({ kind: 'new-height', context: this.#context() });
    this.#offerWork();
  }
}

function recordOf(entry: LogEntry, workshop: ToyWorkshop): LogRecord {
  switch (entry.kind) {
    case 'block': {
      const body = workshop.body(entry.digest);
      if (body === undefined) throw new TypeError('a block to log was never seen');
      return { ...entry, block: encodeToyBlock(body) };
    }
    case 'proposal':
      return { kind: 'message', message: entry.message };
    case 'certificate':
    case 'lost':
    case 'closed':
    case 'released':
      return entry;
  }
}
