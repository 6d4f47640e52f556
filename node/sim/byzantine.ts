/**
 * Validators that keep no rule: a whole node runs as it should, and what it sends is replaced on its
 * way out, for each receiver by itself. They know every message of the network, and no key but theirs.
 */
import { encodeMessage, type QbftMessage, quorumOf } from '../../consensus/index.ts';
import type { Random } from '../../consensus/testkit/random.ts';
import { type Address, equalBytes, type Hash, type Height } from '../../ledger/model/index.ts';
import type { PeerStatus } from '../../p2p/index.ts';
import { createForge, type Forge, type MessageOf, type View, withVanity } from './forge.ts';
import type { SimIdentity } from './sim-chain.ts';

export type Byzantine = {
  /** What `receiver` gets in place of that message, encoded. */
  replace(message: QbftMessage, receiver: number): readonly Uint8Array[];
  /** What is told of the own head. */
  announce(status: PeerStatus): PeerStatus;
  /** What whoever asks for blocks from `from` on gets; `bodyOf` knows proposed ones. */
  serve(
    from: Height,
    blocks: readonly Uint8Array[],
    bodyOf: (digest: Hash) => Uint8Array | undefined,
  ): readonly Uint8Array[];
};

export type ByzantineTools = {
  readonly self: SimIdentity;
  readonly validators: readonly Address[];
  readonly genesisHash: Hash;
  readonly random: Random;
  /** The newest messages that anybody sent, oldest first. */
  readonly overheard: () => readonly QbftMessage[];
  /** Counts each misdeed by its name. */
  readonly onMisdeed: (name: Misdeed) => void;
};

export const MISDEEDS = [
  'silence',
  'withheld-proposal',
  'equivocation',
  'fickle-proposal',
  'double-vote',
  'forged-certificate',
  'early-forgery',
  'forged-justification',
  'invalid-block',
  'wrong-root',
  'bad-seal',
  'impersonation',
  'stale-flood',
  'future-flood',
  'garbage',
  'unsealed-blocks',
] as const;

export type Misdeed = (typeof MISDEEDS)[number];

type Context = {
  readonly forge: Forge;
  readonly tools: ByzantineTools;
  readonly quorum: number;
  /** The other of two blocks for one view, by view. */
  readonly variants: Map<string, MessageOf<'proposal'>>;
};

/** Undefined: that misdeed does not apply to this message. */
type Act = (
  context: Context,
  message: QbftMessage,
  receiver: number,
) => readonly (QbftMessage | Uint8Array)[] | undefined;

/** `misdeeds`: those it commits, each message at random; one that does not apply leaves it as it is. */
export function createByzantine(misdeeds: readonly Misdeed[], tools: ByzantineTools): Byzantine {
  const context: Context = {
    forge: createForge(tools.genesisHash, tools.self),
    tools,
    quorum: quorumOf(tools.validators.length),
    variants: new Map(),
  };
  const isForger = misdeeds.includes('unsealed-blocks');
  return {
    announce: (status) => (isForger ? { ...status, height: status.height + 1n } : status),
    serve: (from, blocks, bodyOf) => {
      if (!isForger || blocks.length > 0) return blocks;
      const proposal = tools
        .overheard()
        .findLast(({ kind, signed }) => kind === 'proposal' && signed.height === from);
      const body = proposal?.kind === 'proposal' ? bodyOf(proposal.signed.digest) : undefined;
      if (body === undefined) return blocks;
      tools.onMisdeed('unsealed-blocks');
      return [body];
    },
    replace: (message, receiver) => {
      const misdeed = tools.random.pick(misdeeds);
      const replaced = ACTS[misdeed](context, message, receiver);
      if (replaced === undefined) return [encodeMessage(message)];
      tools.onMisdeed(misdeed);
      return replaced.map((each) => (each instanceof Uint8Array ? each : encodeMessage(each)));
    },
  };
}

const ACTS: Readonly<Record<Misdeed, Act>> = {
  silence: () => [],
  'withheld-proposal': (_, message, receiver) =>
    message.kind === 'proposal' && receiver % 2 === 0 ? [] : undefined,
  equivocation: equivocate,
  'fickle-proposal': changeMind,
  'double-vote': voteTwice,
  'forged-certificate': (context, message) =>
    message.kind === 'round-change' ? [claim(context, message.signed)] : undefined,
  'early-forgery': forgeEarly,
  'forged-justification': forgeJustification,
  'invalid-block': breakBlock,
  'wrong-root': ({ forge, tools }, message) => {
    if (message.kind !== 'proposal' || !isOwn(tools, message)) return undefined;
    const stateRoot = message.header.stateRoot.map((byte) => byte ^ 1) as Hash;
    return [forge.proposal(message, { header: { ...message.header, stateRoot } })];
  },
  'bad-seal': ({ forge }, message) =>
    message.kind === 'commit' ? [forge.badSeal(message.signed, message.signed.digest)] : undefined,
  impersonation: ({ tools }, message) => [
    message,
    ...tools.validators.map((author) => named(message, author)),
  ],
  'stale-flood': ({ tools }, message) => {
    const known = tools.overheard();
    if (known.length === 0) return undefined;
    return [message, ...Array.from({ length: 8 }, () => tools.random.pick(known))];
  },
  'future-flood': floodFuture,
  garbage: ({ tools }, message) => {
    if (!tools.random.chance(0.1)) return undefined;
    const bytes = encodeMessage(message);
    return [bytes.slice(0, tools.random.between(0, bytes.length - 1))];
  },
  // In what it announces and serves, not in its messages.
  'unsealed-blocks': () => undefined,
};

function isOwn({ self }: ByzantineTools, { signed }: QbftMessage): boolean {
  return equalBytes(signed.author, self.signer.address);
}

/** The same message, naming another author. */
function named(message: QbftMessage, author: Address): QbftMessage {
  switch (message.kind) {
    case 'proposal':
      return { ...message, signed: { ...message.signed, author } };
    case 'prepare':
      return { ...message, signed: { ...message.signed, author } };
    case 'commit':
      return { ...message, signed: { ...message.signed, author } };
    case 'round-change':
      return { ...message, signed: { ...message.signed, author } };
  }
}

/** Half of the others get one block, half another, each with the votes that suit it. */
function equivocate(
  { forge, tools, variants }: Context,
  message: QbftMessage,
  receiver: number,
): readonly QbftMessage[] | undefined {
  const { height, round } = message.signed;
  const key = `${height} ${round}`;
  if (message.kind === 'proposal' && isOwn(tools, message)) {
    const other = variants.get(key) ?? otherProposal(forge, message);
    variants.set(key, other);
    const chosen = receiver % 2 === 0 ? message : other;
    const { digest } = chosen.signed;
    return [chosen, forge.prepare(message.signed, digest), forge.commit(message.signed, digest)];
  }
  const other = variants.get(key);
  if (other === undefined || receiver % 2 === 0) return undefined;
  if (message.kind === 'prepare') return [forge.prepare(message.signed, other.signed.digest)];
  if (message.kind === 'commit') return [forge.commit(message.signed, other.signed.digest)];
  return undefined;
}

/** One of two blocks, another one each time: whoever forgets which it has seen accepts both. */
function changeMind(
  { forge, tools, variants }: Context,
  message: QbftMessage,
): readonly QbftMessage[] | undefined {
  if (message.kind !== 'proposal' || !isOwn(tools, message)) return undefined;
  const key = `${message.signed.height} ${message.signed.round}`;
  const other = variants.get(key) ?? otherProposal(forge, message);
  variants.set(key, other);
  return [tools.random.pick([message, other])];
}

function otherProposal(forge: Forge, message: MessageOf<'proposal'>): MessageOf<'proposal'> {
  const header = withVanity(message.header, 0xee);
  return forge.proposal(message, { header }) as MessageOf<'proposal'>;
}

/** Prepares and Commits for two digests of one view, in any order. */
function voteTwice(
  { forge, tools }: Context,
  message: QbftMessage,
): readonly QbftMessage[] | undefined {
  if (message.kind !== 'prepare' && message.kind !== 'commit') return undefined;
  const { signed } = message;
  const digest = otherDigest(tools, signed);
  const second =
    message.kind === 'prepare' ? forge.prepare(signed, digest) : forge.commit(signed, digest);
  return tools.random.chance(0.5) ? [message, second] : [second, message];
}

/** Of another block of that height, or of none. */
function otherDigest({ overheard, random }: ByzantineTools, view: View): Hash {
  const digests = overheard().flatMap(({ kind, signed }) =>
    kind !== 'round-change' && signed.height === view.height ? [signed.digest] : [],
  );
  if (digests.length > 0 && random.chance(0.7)) return random.pick(digests);
  return Uint8Array.from({ length: 32 }, () => random.between(0, 255)) as Hash;
}

/** In place of its Proposal, and of each RoundChange, the one for the round after: it is there before all others. */
function forgeEarly(context: Context, message: QbftMessage): readonly QbftMessage[] | undefined {
  const { height, round } = message.signed;
  const isProposal = message.kind === 'proposal' && isOwn(context.tools, message);
  if (!isProposal && message.kind !== 'round-change') return undefined;
  return [claim(context, { height, round: round + 1 })];
}

/** A RoundChange that claims what no quorum has prepared. */
function claim({ forge, tools, quorum }: Context, { height, round }: View): QbftMessage {
  const { random, validators } = tools;
  const digest = otherDigest(tools, { height, round });
  const prepared = { round: random.chance(0.7) ? round - 1 : random.between(0, round - 1), digest };
  const own = forge.prepare({ height, round: prepared.round }, digest).signed;
  const named = validators.slice(0, quorum).map((author) => ({ ...own, author }));
  const real = tools
    .overheard()
    .flatMap((each) =>
      each.kind === 'prepare' && each.signed.height === height ? [each.signed] : [],
    );
  const prepares = random.pick([
    named,
    named,
    named,
    Array.from({ length: quorum }, () => own),
    byAuthor(real).slice(0, quorum),
    byAuthor([...real, own]).slice(0, quorum),
  ]);
  return forge.sign({ kind: 'round-change', height, round, prepared, prepares });
}

/** One of each author, ascending: what a certificate looks like. */
function byAuthor<T extends { readonly author: Address }>(signed: readonly T[]): readonly T[] {
  const newest = new Map(signed.map((each) => [Buffer.from(each.author).toString('hex'), each]));
  return [...newest].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
}

/** Above round 0: a block of its own, whatever was prepared, with a justification that hides it; and its votes. */
function forgeJustification(
  { forge, tools, variants }: Context,
  message: QbftMessage,
): readonly QbftMessage[] | undefined {
  const key = `${message.signed.height} ${message.signed.round}`;
  const digest = variants.get(key)?.signed.digest;
  if (message.kind === 'prepare' && digest) return [forge.prepare(message.signed, digest)];
  if (message.kind === 'commit' && digest) return [forge.commit(message.signed, digest)];
  if (message.kind !== 'proposal' || message.signed.round === 0) return undefined;
  if (!isOwn(tools, message)) return undefined;
  const known = variants.get(key);
  if (known !== undefined) return [known];
  const { address } = tools.self.signer;
  const { roundChanges: all, prepares: real } = message;
  const header = { ...withVanity(message.header, 0xdd), beneficiary: address };
  const bare = all.filter(({ prepared }) => prepared === undefined);
  const own = all.filter(({ author }) => equalBytes(author, address));
  const roundChanges = tools.random.pick([all, all, all, bare, [], [...bare, ...own]]);
  const prepares = tools.random.pick([real, real, [], real.slice(1)]);
  const forged = forge.proposal(message, { header, roundChanges, prepares });
  if (forged.kind === 'proposal') variants.set(key, forged);
  return [forged];
}

/** What execution or the header rules must refuse. */
function breakBlock(
  { forge, tools }: Context,
  message: QbftMessage,
): readonly QbftMessage[] | undefined {
  if (message.kind !== 'proposal' || !isOwn(tools, message)) return undefined;
  const { header, transactionHashes } = message;
  const wrongRoot = header.stateRoot.map((byte) => byte ^ 1) as Hash;
  return [
    forge.proposal(
      message,
      tools.random.pick([
        { header: { ...header, stateRoot: wrongRoot } },
        { header: { ...header, receiptsRoot: wrongRoot } },
        { header: { ...header, gasUsed: header.gasUsed + 1n } },
        { header: { ...header, timestamp: header.timestamp + 3600n } },
        { header: { ...header, number: header.number + 1n } },
        { transactionHashes: [...transactionHashes, wrongRoot] },
        { transactionHashes: transactionHashes.slice(1) },
      ]),
    ),
  ];
}

/** Heights and rounds that nobody has reached. */
function floodFuture({ forge, tools }: Context, message: QbftMessage): readonly QbftMessage[] {
  const { random } = tools;
  const { height, round } = message.signed;
  const digest = otherDigest(tools, message.signed);
  const flood = Array.from({ length: 6 }, (): QbftMessage => {
    const far: View = random.chance(0.5)
      ? { height: height + BigInt(random.between(1, 12)), round: random.between(0, 3) }
      : { height, round: round + random.between(1, 60) };
    switch (random.between(0, 2)) {
      case 0:
        return forge.prepare(far, digest);
      case 1:
        return forge.commit(far, digest);
      default:
        return forge.sign({
          kind: 'round-change',
          height: far.height,
          round: Math.max(1, far.round),
          prepared: undefined,
          prepares: [],
        });
    }
  });
  return [...flood, message];
}
