/**
 * extraData of a QBFT header, as Hyperledger Besu writes it: an RLP list of vanity, validators,
 * vote, round and commit seals.
 *
 * Decoding is strict (one form for one value, five items), so what decodes encodes to the same bytes:
 * that is what lets a header be hashed by decoding, changing and encoding its extraData.
 */
import { type Address, numberToBytes, plainBytes } from './bytes.ts';
import { refuse, type Verdict } from './errors.ts';
import { encodeRlp } from './rlp.ts';
import { RlpReader } from './rlp-reader.ts';

export type QbftExtraData = {
  /** 32 bytes of the proposer's choice. */
  readonly vanity: Uint8Array;
  /** Ascending; empty where a contract names the validators. Order is not checked here. */
  readonly validators: readonly Address[];
  /** The proposer's vote to add or remove a validator. */
  readonly vote: { readonly recipient: Address; readonly add: boolean } | undefined;
  /** From 0 to 2^31 - 1. */
  readonly round: number;
  /** 65 bytes each: r, s, yParity. In order of arrival, which differs between nodes. */
  readonly seals: readonly Uint8Array[];
};

const ADD = 0xff;
const MAX_ROUND = 0x7fffffff;

/** Refuses with `MODEL_EXTRA_DATA_MALFORMED`. Byte fields are views of `bytes`. */
export function decodeExtraData(bytes: Uint8Array): Verdict<{ extraData: QbftExtraData }> {
  const reader = new RlpReader(plainBytes(bytes));
  const end = reader.enterList();
  const vanity = reader.fixed(32);
  const validators = readFixedList(reader, 20) as Address[];
  const vote = readVote(reader);
  const round = reader.smallInteger(4);
  const seals = readFixedList(reader, 65);
  reader.leaveList(end);
  reader.finish();
  if (round > MAX_ROUND) reader.fail('MODEL_RLP_INTEGER');
  if (reader.fault !== undefined) {
    const where = `near byte ${reader.position} (${reader.fault})`;
    return refuse('MODEL_EXTRA_DATA_MALFORMED', `extraData is not QBFT's ${where}`);
  }
  return { ok: true, extraData: { vanity, validators, vote, round, seals } };
}

/** The encoding that `decodeExtraData` accepts. */
export function encodeExtraData(extraData: QbftExtraData): Uint8Array {
  const { vanity, validators, vote, round, seals } = extraData;
  const voteItem =
    vote === undefined ? [] : [vote.recipient, vote.add ? Uint8Array.of(ADD) : new Uint8Array(0)];
  return encodeRlp([vanity, validators, voteItem, numberToBytes(round), seals]);
}

function readFixedList(reader: RlpReader, length: number): Uint8Array[] {
  const items: Uint8Array[] = [];
  const end = reader.enterList();
  while (reader.hasMore(end)) items.push(reader.fixed(length));
  reader.leaveList(end);
  return items;
}

function readVote(reader: RlpReader): QbftExtraData['vote'] {
  const end = reader.enterList();
  let vote: QbftExtraData['vote'];
  if (reader.hasMore(end)) {
    const recipient = reader.fixed(20) as Address;
    const kind = reader.fixedOrEmpty(1);
    if (kind !== undefined && kind[0] !== ADD) reader.fail('MODEL_RLP_INTEGER');
    vote = { recipient, add: kind !== undefined };
  }
  reader.leaveList(end);
  return vote;
}
