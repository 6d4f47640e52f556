/** Messages that a validator without scruples signs with its own key: no other signature is forged. */
import { sign } from '#crypto';
import {
  completeMessage,
  type QbftMessage,
  signingHashes,
  type UnsignedMessage,
} from '../../consensus/index.ts';
import {
  type BlockHeader,
  commitSealHash,
  decodeExtraData,
  encodeExtraData,
  type Hash,
} from '../../ledger/model/index.ts';
import type { SimIdentity } from './sim-chain.ts';

export type MessageOf<Kind extends QbftMessage['kind']> = Extract<QbftMessage, { kind: Kind }>;

export type Forge = {
  sign(unsigned: UnsignedMessage): QbftMessage;
  /** A Proposal like that one, with another header under a signature of its own. */
  proposal(like: MessageOf<'proposal'>, change: Partial<MessageOf<'proposal'>>): QbftMessage;
  prepare(view: View, digest: Hash): MessageOf<'prepare'>;
  commit(view: View, digest: Hash): MessageOf<'commit'>;
  /** A Commit whose seal is over something else. */
  badSeal(view: View, digest: Hash): QbftMessage;
};

export type View = { readonly height: bigint; readonly round: number };

export function createForge(genesisHash: Hash, { validatorKey, signer }: SimIdentity): Forge {
  const signAll = (unsigned: UnsignedMessage): QbftMessage => {
    const hashes = signingHashes(genesisHash, unsigned);
    const seal = hashes.seal && sign(hashes.seal, validatorKey);
    return completeMessage(unsigned, signer.address, sign(hashes.message, validatorKey), seal);
  };
  const commit = ({ height, round }: View, digest: Hash): MessageOf<'commit'> =>
    signAll({ kind: 'commit', height, round, digest }) as MessageOf<'commit'>;
  return {
    sign: signAll,
    proposal: (like, change) => {
      const { header, transactionHashes, roundChanges, prepares } = { ...like, ...change };
      const { height, round } = like.signed;
      const digest = commitSealHash(header);
      return signAll({
        kind: 'proposal',
        height,
        round,
        digest,
        header,
        transactionHashes,
        roundChanges,
        prepares,
      });
    },
    prepare: ({ height, round }, digest) =>
      signAll({ kind: 'prepare', height, round, digest }) as MessageOf<'prepare'>,
    commit,
    badSeal: (view, digest) => {
      const { kind, signed } = commit(view, digest);
      const other = commit(view, signed.digest.map((byte) => byte ^ 1) as Hash);
      return { kind, signed: { ...signed, commitSeal: other.signed.commitSeal } };
    },
  };
}

/** The same block under another hash: its vanity differs, what it does to the state does not. */
export function withVanity(header: BlockHeader, mark: number): BlockHeader {
  const decoded = decodeExtraData(header.extraData);
  if (!decoded.ok) throw new TypeError('a proposed header has QBFT extraData');
  const vanity = new Uint8Array(32).fill(mark);
  return { ...header, extraData: encodeExtraData({ ...decoded.extraData, vanity }) };
}
