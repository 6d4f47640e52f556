/**
 * One core against scripted peers: messages by any validator, and a core whose signatures and
 * validations are done at once, so that a test reads as a list of what happens.
 */
import { sign } from '#crypto';
import { type Address, commitSealHash, type Hash, headerHash } from '../../ledger/model/index.ts';
import type { Effect, LogEntry } from '../effect.ts';
import { initialState } from '../initial-state.ts';
import type { ConsensusConfig, HeightContext, InputBody } from '../input.ts';
import type { LogRecord } from '../log-record.ts';
import type {
  CommitMessage,
  PeerMessage,
  PreparedCertificate,
  PrepareMessage,
  ProposalMessage,
  QbftMessage,
  ReportMessage,
  RoundChangeMessage,
  SignedPrepare,
  UnsignedMessage,
  UnsignedReport,
} from '../messages.ts';
import { completeMessage, completeReport, reportHash, signingHashes } from '../signing.ts';
import type { ConsensusState, StepVerdict } from '../state.ts';
import { step } from '../step.ts';
import {
  buildToyBlock,
  genesisHeader,
  type Identity,
  identities,
  START_MS,
  TOY_PACE,
  type ToyBody,
} from './toy-chain.ts';

export type Script = {
  readonly validators: readonly Address[];
  readonly config: ConsensusConfig;
  readonly context: HeightContext;
  /** A block as validator `by` would build it for `round`. */
  block(by: number, round?: number, transactionHashes?: readonly Hash[]): ToyBody;
  sign(by: number, unsigned: UnsignedMessage): QbftMessage;
  proposal(by: number, round: number, parts?: ProposalParts): ProposalMessage;
  prepare(by: number, round: number, digest: Hash): PrepareMessage;
  commit(by: number, round: number, digest: Hash): CommitMessage;
  roundChange(by: number, round: number, certificate?: PreparedCertificate): RoundChangeMessage;
  /** Of a validator that is not lost, at height 1, unless `parts` say otherwise. */
  report(by: number, parts?: Partial<UnsignedReport>): ReportMessage;
  /** A quorum of Prepares, of the validators given. */
  certificate(round: number, digest: Hash, by: readonly number[]): PreparedCertificate;
};

export type ProposalParts = {
  readonly body?: ToyBody;
  readonly roundChanges?: readonly RoundChangeMessage[];
  readonly prepares?: readonly SignedPrepare[];
  readonly height?: bigint;
};

/** @param self index of the core under test; undefined for an observer */
export function createScript(
  count: number,
  self: number | undefined,
  changes: Partial<ConsensusConfig> = {},
): Script {
  const keys: readonly Identity[] = identities(count);
  const validators = keys.map((key) => key.address);
  const parent = genesisHeader(validators);
  const genesisHash = headerHash(parent, 'qbft');
  const at = (index: number): Identity => {
    const key = keys[index];
    if (key === undefined) throw new RangeError(`no validator ${index}`);
    return key;
  };
  const config: ConsensusConfig = {
    genesisHash,
    self: self === undefined ? undefined : at(self).address,
    life: 1n,
    timestamps: 'ehb',
    ...changes,
  };
  const context: HeightContext = {
    height: 1n,
    parent,
    parentHash: genesisHash,
    validators,
    validatorSource: 'headers',
    gapEndsAtMs: START_MS,
    ...TOY_PACE,
  };
  const { height } = context;

  const script: Script = {
    validators,
    config,
    context,
    block: (by, round = 0, transactionHashes = []) =>
      buildToyBlock({
        parent,
        parentHash: genesisHash,
        validators,
        beneficiary: at(by).address,
        round,
        timestamp: parent.timestamp + 1n,
        transactionHashes,
      }),
    sign: (by, unsigned) => {
      const { address, privateKey } = at(by);
      const hashes = signingHashes(genesisHash, unsigned);
      const seal = hashes.seal && sign(hashes.seal, privateKey);
      return completeMessage(unsigned, address, sign(hashes.message, privateKey), seal);
    },
    proposal: (by, round, parts = {}) => {
      const { header, transactionHashes } = parts.body ?? script.block(by, round);
      return script.sign(by, {
        kind: 'proposal',
        height: parts.height ?? height,
        round,
        digest: commitSealHash(header),
        header,
        transactionHashes,
        roundChanges: parts.roundChanges?.map((message) => message.signed) ?? [],
        prepares: parts.prepares ?? [],
      }) as ProposalMessage;
    },
    prepare: (by, round, digest) =>
      script.sign(by, { kind: 'prepare', height, round, digest }) as PrepareMessage,
    commit: (by, round, digest) =>
      script.sign(by, { kind: 'commit', height, round, digest }) as CommitMessage,
    roundChange: (by, round, certificate) =>
      script.sign(by, {
        kind: 'round-change',
        height,
        round,
        prepared: certificate && { round: certificate.round, digest: certificate.digest },
        prepares: certificate?.prepares ?? [],
      }) as RoundChangeMessage,
    report: (by, parts = {}) => {
      const { address, privateKey } = at(by);
      const unsigned: UnsignedReport = {
        height,
        closed: undefined,
        loss: undefined,
        heard: [],
        prepared: undefined,
        asks: false,
        prepares: [],
        ...parts,
      };
      return completeReport(unsigned, address, sign(reportHash(genesisHash, unsigned), privateKey));
    },
    certificate: (round, digest, by) => ({
      round,
      digest,
      prepares: by.map((i) => script.prepare(i, round, digest).signed),
    }),
  };
  return script;
}

/** A core at work. */
export type Actor = {
  state(): ConsensusState;
  /** Every effect so far. */
  readonly effects: readonly Effect[];
  /** Messages signed so far, as `kind height/round`. */
  signed(): readonly string[];
  /** Effects of this input and of all that came of it at once. */
  give(input: InputBody): readonly Effect[];
  receive(...messages: readonly PeerMessage[]): readonly Effect[];
  /** Code with which the newest input was refused. */
  refusal(): string | undefined;
  /** Lets the clock run. */
  wait(ms: number): void;
  timeout(): readonly Effect[];
  /** What the log holds. */
  readonly log: readonly LogRecord[];
};

export type ActorOptions = {
  readonly recovered?: readonly LogRecord[];
  /** Block bodies are known and valid unless this says otherwise; undefined: no answer. */
  readonly answer?: (effect: Extract<Effect, { kind: 'validate-block' }>) => InputBody | undefined;
  /** Sign requests stay unanswered. */
  readonly isSignerDown?: boolean;
};

function recordOf(entry: LogEntry): LogRecord {
  switch (entry.kind) {
    case 'block':
      return { ...entry, block: new Uint8Array(0) };
    case 'proposal':
      return { kind: 'message', message: entry.message };
    case 'certificate':
    case 'lost':
    case 'closed':
    case 'released':
      return entry;
  }
}

/** @param self index of the validator whose key the actor has */
export function createActor(script: Script, self: number, options: ActorOptions = {}): Actor {
  const { config, context } = script;
  const all: Effect[] = [];
  const log: LogRecord[] = [...(options.recovered ?? [])];
  let nowMs = START_MS;
  let verdict: StepVerdict = { ok: true };

  const run = (effects: readonly Effect[]): readonly Effect[] => {
    const caused: Effect[] = [];
    const queue = [...effects];
    for (let effect = queue.shift(); effect !== undefined; effect = queue.shift()) {
      caused.push(effect);
      const input = answerTo(effect);
      if (input === undefined) continue;
      const result = step(state, { ...input, nowMs });
      state = result.state;
      queue.push(...result.effects);
    }
    all.push(...caused);
    return caused;
  };

  const answerTo = (effect: Effect): InputBody | undefined => {
    switch (effect.kind) {
      case 'sign': {
        if (options.isSignerDown === true) return undefined;
        const message = script.sign(self, effect.unsigned);
        for (const entry of effect.durable) {
          log.push(recordOf(entry));
        }
        log.push({ kind: 'message', message });
        return { kind: 'signed', message };
      }
      case 'log':
        log.push(...effect.entries.map(recordOf));
        return undefined;
      case 'build-block': {
        const { height, round } = effect;
        return { kind: 'block-built', height, round, ...script.block(self, round) };
      }
      case 'validate-block': {
        if (options.answer !== undefined) return options.answer(effect);
        const { height, round, digest, proposal } = effect;
        if (proposal === undefined) return undefined;
        const { header, transactionHashes } = proposal;
        const result = { ok: true, header, transactionHashes } as const;
        return { kind: 'block-validated', height, round, digest, result };
      }
      case 'set-timer':
      case 'send':
      case 'finalise':
      case 'evidence':
      case 'report':
        return undefined;
    }
  };

  const begun = initialState(config, context, options.recovered ?? [], nowMs);
  let state = begun.state;
  run(begun.effects);

  const give = (input: InputBody): readonly Effect[] => {
    const result = step(state, { ...input, nowMs });
    state = result.state;
    verdict = result.verdict;
    return run(result.effects);
  };

  return {
    state: () => state,
    effects: all,
    log,
    signed: () =>
      all
        .filter((effect) => effect.kind === 'sign')
        .map(({ unsigned }) => `${unsigned.kind} ${unsigned.height}/${unsigned.round}`),
    give,
    receive: (...messages) => messages.flatMap((message) => give({ kind: 'message', message })),
    refusal: () => (verdict.ok ? undefined : verdict.code),
    wait: (ms) => {
      nowMs += ms;
    },
    timeout: () => {
      const { height, round } = state;
      return give({ kind: 'timer', timer: { name: 'round', height, round } });
    },
  };
}
