/**
 * The one owner of the consensus state: input -> step -> effects -> inputs (design D2).
 *
 * Effects of a step run in their order. A signature is made durable before it is sent and before it
 * counts: log entries and the signed message go into one synced append, then to the peers, then back
 * into the queue. Building and validating run beside the loop; their results come back as inputs.
 * Nothing here decides: every rule is in `consensus`.
 */
import {
  type ConsensusConfig,
  type ConsensusState,
  completeMessage,
  completeReport,
  decodeLogRecord,
  decodeMessage,
  type Effect,
  encodeLogRecord,
  encodeMessage,
  type HeightContext,
  heightOf,
  type Input,
  type InputBody,
  initialState,
  isMute,
  type LogEntry,
  type LogRecord,
  type PeerMessage,
  reportHash,
  type Statement,
  signingHashes,
  step,
  type Timer,
  type UnsignedMessage,
  type UnsignedReport,
} from '../consensus/index.ts';
import {
  type Address,
  type BlockHeader,
  CodedError,
  type Hash,
  type Height,
  invariant,
} from '../ledger/model/index.ts';
import type { ConsensusLog } from '../ledger/store/index.ts';
import type { BlockWorkshop } from './block-workshop.ts';
import type { Clock, TimerHandle } from './clock.ts';
import { type ConsensusObserver, nobody } from './consensus-observer.ts';
import type { Logger } from './logger.ts';
import type { Signer } from './signer.ts';

export type ConsensusDriverModules = {
  /** Undefined: this node does not vote. */
  readonly voter: { readonly signer: Signer; readonly log: ConsensusLog } | undefined;
  readonly workshop: BlockWorkshop;
  readonly send: (to: Address | 'all', message: Uint8Array) => void;
  /** Stores a block that has its quorum of seals. Resolves when it is durable. */
  readonly finalise: (digest: Hash, header: BlockHeader) => Promise<void>;
  /** One validator signed both and may not have. */
  readonly onEvidence: (first: Statement, second: Statement) => void;
  /** Round, or whether it votes, has changed. */
  readonly onStatus: () => void;
  /** The loop cannot go on: a failed write or a broken invariant. */
  readonly onFatal: (error: unknown) => void;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly observer?: ConsensusObserver | undefined;
};

export type ConsensusStatus = {
  readonly height: Height;
  readonly round: number;
  /** The log is lost and nothing is signed, through block `until` if that is known. QBFT */
  readonly loss: { readonly until: Height | undefined } | undefined;
};

export type ConsensusDriver = {
  /** A message from a connected peer, still encoded. */
  receive(encoded: Uint8Array): 'accepted' | 'malformed';
  /** A validator has (re)connected. */
  peerJoined(validator: Address): void;
  peerLeft(validator: Address): void;
  /** There is something to include at `height`. */
  work(height: Height): void;
  /** The head has moved: by this driver's own finalise or by catching up. */
  newHeight(context: HeightContext): void;
  status(): ConsensusStatus;
  close(): Promise<void>;
};

/**
 * Folds the log into a state and starts the loop.
 * @throws CodedError `NODE_LOG_UNREADABLE`
 */
export function createConsensusDriver(
  config: ConsensusConfig,
  context: HeightContext,
  modules: ConsensusDriverModules,
): ConsensusDriver {
  const { clock, logger, workshop, observer = nobody } = modules;
  const recovered = recover(modules.voter?.log, context.height);
  for (const record of recovered) {
    if (record.kind === 'block') workshop.remember(record.digest, record.block);
  }
  if (recovered.some((record) => (heightOf(record) ?? 0n) > context.height)) {
    logger.error('blocks on which this validator voted are gone: it follows until they are back', {
      head: (context.height - 1n).toString(),
    });
  }

  const queue: Input[] = [];
  const timers = new Map<Timer['name'], TimerHandle>();
  let closed = false;
  let running: Promise<void> | undefined;

  const start = initialState(config, context, recovered, clock.now());
  let state: ConsensusState = start.state;

  const put = (body: InputBody): void => {
    if (closed) return;
    queue.push({ ...body, nowMs: clock.now() });
    wake();
  };

  const wake = (): void => {
    running ??= pump().finally(() => {
      running = undefined;
      if (queue.length > 0 && !closed) wake();
    });
  };

  const pump = async (): Promise<void> => {
    // Let the caller's stack end first: an input never re-enters the code that put it.
    await undefined;
    try {
      for (let input = queue.shift(); input !== undefined && !closed; input = queue.shift()) {
        const before = state;
        const result = step(state, input);
        state = result.state;
        observer.stepped(before, input, result);
        if (!result.verdict.ok) {
          logger.debug('input refused', { input: input.kind, code: result.verdict.code });
        }
        notice(before);
        for (const effect of result.effects) await run(effect);
      }
    } catch (error) {
      closed = true;
      modules.onFatal(error);
    }
  };

  const notice = (before: ConsensusState): void => {
    const [was, is] = [statusOf(before), statusOf(state)];
    const hasMoved = was.round !== is.round && was.height === is.height;
    if (hasMoved && is.round > 0) {
      logger.info('round changed', { height: is.height, round: is.round });
    }
    const isOther = (was.loss === undefined) !== (is.loss === undefined);
    if (isOther && is.loss !== undefined) {
      logger.error('the consensus log is not up to date: this validator does not vote', is);
    } else if (isOther) {
      logger.info('this validator votes again', { height: is.height, round: is.round });
    } else if (was.loss?.until !== is.loss?.until) {
      logger.info('this validator votes again after block', { block: is.loss?.until });
    }
    if (hasMoved || isOther) modules.onStatus();
  };

  const run = async (effect: Effect): Promise<void> => {
    switch (effect.kind) {
      case 'set-timer':
        return setTimer(effect.timer, effect.afterMs);
      case 'build-block':
        return build(effect);
      case 'validate-block':
        return validate(effect);
      case 'sign':
        return await sign(effect.unsigned, effect.durable);
      case 'send': {
        for (const message of effect.messages) modules.send(effect.to, encodeMessage(message));
        return;
      }
      case 'log':
        return await modules.voter?.log.append(
          effect.entries.map((entry) => encodeLogRecord(recordOf(entry))),
        );
      case 'report':
        return modules.send(effect.to, encodeMessage(await signReport(effect.report)));
      case 'finalise': {
        await observer.timed('import', () => modules.finalise(effect.digest, effect.header));
        return await forgetBefore(effect.height);
      }
      case 'evidence':
        return modules.onEvidence(effect.first, effect.second);
    }
  };

  const setTimer = (timer: Timer, afterMs: number): void => {
    const live = timers.get(timer.name);
    if (live !== undefined) clock.clearTimeout(live);
    const handle = clock.setTimeout(() => {
      timers.delete(timer.name);
      put({ kind: 'timer', timer });
    }, afterMs);
    timers.set(timer.name, handle);
  };

  const build = ({ height, round }: Extract<Effect, { kind: 'build-block' }>): void => {
    workshop.build(height, round).then(
      (built) => {
        if (built !== undefined) put({ kind: 'block-built', height, round, ...built });
      },
      (error) => fail(error),
    );
  };

  const validate = (effect: Extract<Effect, { kind: 'validate-block' }>): void => {
    const { height, round, digest } = effect;
    workshop.validate(effect).then(
      (result) => {
        if (result !== undefined) put({ kind: 'block-validated', height, round, digest, result });
      },
      (error) => fail(error),
    );
  };

  const sign = async (unsigned: UnsignedMessage, durable: readonly LogEntry[]): Promise<void> => {
    const { voter } = modules;
    invariant(voter !== undefined, 'only a voting node is asked to sign');
    const hashes = signingHashes(config.genesisHash, unsigned);
    const { signer } = voter;
    // Both at once: a remote signer answers in one round trip.
    const [signature, seal] = await observer.timed('sign', () =>
      Promise.all([signer.sign(hashes.message), hashes.seal && signer.sign(hashes.seal)]),
    );
    const message = completeMessage(unsigned, signer.address, signature, seal);
    const records = durable.map((entry) => encodeLogRecord(recordOf(entry)));
    records.push(encodeLogRecord({ kind: 'message', message }));
    const durably = observer.timed('log', () => voter.log.append(records));
    // While the disk works; sent only once it has answered.
    const encoded = encodeMessage(message);
    await durably;
    modules.send('all', encoded);
    put({ kind: 'signed', message });
  };

  /** QBFT */
  const signReport = async (report: UnsignedReport): Promise<PeerMessage> => {
    const { voter } = modules;
    invariant(voter !== undefined, 'only a validator reports');
    const hash = reportHash(config.genesisHash, report);
    return completeReport(report, voter.signer.address, await voter.signer.sign(hash));
  };

  const recordOf = (entry: LogEntry): LogRecord => {
    switch (entry.kind) {
      case 'block':
        return { ...entry, block: workshop.encoded(entry.digest) };
      case 'proposal':
        return { kind: 'message', message: entry.message };
      case 'certificate':
      case 'lost':
      case 'closed':
      case 'released':
        return entry;
    }
  };

  /** What a vote at a final height rests on is in the chain; the newest vote itself stays. */
  const forgetBefore = async (final: Height): Promise<void> => {
    workshop.forgetUpTo(final);
    await modules.voter?.log.retain((record) => {
      const decoded = decodeLogRecord(record);
      return decoded.ok && (heightOf(decoded.record) ?? final) >= final;
    });
  };

  const fail = (error: unknown): void => {
    if (closed) return;
    closed = true;
    modules.onFatal(error);
  };

  running = (async () => {
    try {
      for (const effect of start.effects) await run(effect);
    } catch (error) {
      fail(error);
    }
  })().finally(() => {
    running = undefined;
    if (queue.length > 0 && !closed) wake();
  });

  return {
    receive: (encoded) => {
      const decoded = decodeMessage(encoded);
      if (!decoded.ok) return 'malformed';
      put({ kind: 'message', message: decoded.message });
      return 'accepted';
    },
    peerJoined: (validator) => put({ kind: 'peer-joined', validator }),
    peerLeft: (validator) => put({ kind: 'peer-left', validator }),
    work: (height) => put({ kind: 'work', height }),
    newHeight: (next) => put({ kind: 'new-height', context: next }),
    status: () => statusOf(state),
    close: async () => {
      closed = true;
      for (const handle of timers.values()) clock.clearTimeout(handle);
      timers.clear();
      await running;
    },
  };
}

function statusOf(state: ConsensusState): ConsensusStatus {
  const { height, round, lost } = state;
  return { height, round, loss: isMute(state) ? { until: lost.own?.bound } : undefined };
}

/**
 * The records of the height that is being worked on, and of later ones if the chain has lost blocks.
 * @throws CodedError `NODE_LOG_UNREADABLE`
 */
function recover(log: ConsensusLog | undefined, height: Height): readonly LogRecord[] {
  const records: LogRecord[] = [];
  for (const bytes of log?.records() ?? []) {
    const decoded = decodeLogRecord(bytes);
    if (!decoded.ok) {
      throw new CodedError(`a record of the consensus log has no meaning: ${decoded.message}`, {
        code: 'NODE_LOG_UNREADABLE',
        reason: decoded.code,
      });
    }
    if ((heightOf(decoded.record) ?? height) >= height) records.push(decoded.record);
  }
  return records;
}
