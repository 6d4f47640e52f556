/**
 * Blocks without an EVM: a transaction is its hash, the state root is a hash over all that came
 * before. Enough for consensus: a block can be built, executed, wrong, and missing.
 */
import { addressOf, keccak256 } from '#crypto';
import {
  type Address,
  asHash,
  type BlockHeader,
  compareBytes,
  concatBytes,
  decodeHeader,
  decodeRlp,
  encodeExtraData,
  encodeHeader,
  encodeRlp,
  equalBytes,
  type Hash,
  QBFT_MIX_HASH,
} from '../../ledger/model/index.ts';
import { emptyHeader } from '../../ledger/model/testkit/empty-header.ts';
import { digestOfHashes } from '../signing.ts';

export type ToyBody = { readonly header: BlockHeader; readonly transactionHashes: readonly Hash[] };
export type Identity = { readonly address: Address; readonly privateKey: Uint8Array };

/** Unix milliseconds at which simulations begin. */
export const START_MS = 1_760_000_000_000;

/** Of every height, unless a test asks for another. */
export const TOY_PACE = { baseTimeoutMs: 1000, maxTimeoutMs: 8000, periodSeconds: 0 } as const;

/** The same `count` keys always, ascending by address. */
export function identities(count: number): readonly Identity[] {
  return Array.from({ length: count }, (_, i) => {
    const privateKey = keccak256(Uint8Array.of(i + 1));
    return { address: addressOf(privateKey), privateKey };
  }).sort((a, b) => compareBytes(a.address, b.address));
}

/** Block 0: no beneficiary, so that the lowest address proposes block 1. */
export function genesisHeader(validators: readonly Address[]): BlockHeader {
  return emptyHeader({
    transactionsRoot: digestOfHashes([]),
    timestamp: BigInt(START_MS / 1000 - 10),
    extraData: extraDataOf(validators, 0),
    mixHash: QBFT_MIX_HASH,
  });
}

export function buildToyBlock(args: {
  readonly parent: BlockHeader;
  readonly parentHash: Hash;
  readonly validators: readonly Address[];
  readonly beneficiary: Address;
  readonly round: number;
  readonly timestamp: bigint;
  readonly transactionHashes: readonly Hash[];
}): ToyBody {
  const { parent, parentHash, validators, beneficiary, round, timestamp, transactionHashes } = args;
  const header: BlockHeader = {
    ...parent,
    parentHash,
    beneficiary,
    stateRoot: toyStateRoot(parent.stateRoot, transactionHashes),
    transactionsRoot: digestOfHashes(transactionHashes),
    number: parent.number + 1n,
    timestamp,
    gasUsed: 21_000n * BigInt(transactionHashes.length),
    extraData: extraDataOf(validators, round),
  };
  return { header, transactionHashes };
}

/** Whether header and body fit each other and the parent. */
export function isToyBlockValid(parent: BlockHeader, body: ToyBody): boolean {
  const { header, transactionHashes } = body;
  return (
    equalBytes(header.stateRoot, toyStateRoot(parent.stateRoot, transactionHashes)) &&
    equalBytes(header.transactionsRoot, digestOfHashes(transactionHashes))
  );
}

export function encodeToyBlock(body: ToyBody): Uint8Array {
  return encodeRlp([encodeHeader(body.header), concatBytes(...body.transactionHashes)]);
}

/** @throws TypeError on anything that `encodeToyBlock` did not make */
export function decodeToyBlock(bytes: Uint8Array): ToyBody {
  const decoded = decodeRlp(bytes);
  const [headerBytes, hashes] = decoded.ok && Array.isArray(decoded.item) ? decoded.item : [];
  if (!(headerBytes instanceof Uint8Array && hashes instanceof Uint8Array)) {
    throw new TypeError('not a toy block');
  }
  const header = decodeHeader(headerBytes);
  if (!header.ok) throw new TypeError('not the header of a toy block');
  const transactionHashes = Array.from({ length: hashes.length / 32 }, (_, i) =>
    asHash(hashes.slice(i * 32, i * 32 + 32)),
  );
  return { header: header.header, transactionHashes };
}

function extraDataOf(validators: readonly Address[], round: number): Uint8Array {
  return encodeExtraData({
    vanity: new Uint8Array(32),
    validators,
    vote: undefined,
    round,
    seals: [],
  });
}

function toyStateRoot(parentRoot: Hash, hashes: readonly Hash[]): Hash {
  return hashes.length === 0 ? parentRoot : keccak256(concatBytes(parentRoot, ...hashes));
}
