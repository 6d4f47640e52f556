/** Sealed headers over real tries, for proofs: few blocks, no execution. */
import * as assert from 'uvu/assert';
import { keccak256, sign } from '#crypto';
import {
  type Address,
  type BlockHeader,
  commitSealHash,
  concatBytes,
  EMPTY_CODE_HASH,
  encodeAccount,
  encodeExtraData,
  encodeReceipt,
  encodeRlp,
  type Hash,
  headerHash,
  keyOf,
  logsBloom,
  proveOrdered,
  proveTrie,
  type Receipt,
  receiptsRoot,
  signTransaction,
  type TrieEntry,
  transactionsRoot,
  trieRoot,
  withSeals,
} from '../../ledger/model/index.ts';
import { seededRandom } from '../../ledger/model/testkit/seeded-random.ts';
import type { ProofSubject, SealedStep } from '../proof-bundle.ts';
import type { QbftOptions } from '../schedule.ts';
import type { TrustAnchor } from '../trust-path.ts';
import { verifyProofBundle } from '../verify-bundle.ts';
import { genesisHeader, type Identity, identities } from './toy-chain.ts';

export const HOLDER: Address = keccak256(Uint8Array.of(1)).slice(0, 20) as Uint8Array as Address;
export const SLOT: Uint8Array = new Uint8Array(32).fill(3);
const KEY: Uint8Array = new Uint8Array(32).fill(9);

const transactions = Array.from({ length: 20 }, (_, nonce) =>
  signTransaction(
    {
      type: 2,
      chainId: 1n,
      nonce: BigInt(nonce),
      gasLimit: 21_000n,
      maxFeePerGas: 1n,
      maxPriorityFeePerGas: 0n,
      to: HOLDER,
      value: 1n,
      data: new Uint8Array(0),
      accessList: [],
    },
    KEY,
  ),
);
const logs = [{ address: HOLDER, topics: [], data: Uint8Array.of(1, 2, 3) }];
const receipts: readonly Receipt[] = transactions.map((_, index) => ({
  type: 2,
  status: 1,
  cumulativeGasUsed: BigInt(index + 1) * 21_000n,
  logs,
  logsBloom: logsBloom(logs),
}));

export type Trie = {
  readonly root: Hash;
  readonly prove: (key: Uint8Array) => readonly Uint8Array[];
};

export function trieOf(entries: readonly TrieEntry[]): Trie {
  const nodes = new Map<string, Uint8Array>();
  const root = trieRoot(entries, (path, depth, encoded) => {
    if (encoded !== undefined) nodes.set(keyOf(path.slice(0, depth)), encoded);
  });
  return { root, prove: (key) => proveTrie(root, (path) => nodes.get(keyOf(path)), key) };
}

const storage = trieOf(
  Array.from({ length: 30 }, (_, index) => ({
    key: keccak256(new Uint8Array(32).fill(index)),
    value: encodeRlp(Uint8Array.of(index + 1)),
  })),
);
export const ACCOUNTS: readonly TrieEntry[] = Array.from({ length: 50 }, (_, index) => ({
  key: keccak256(keccak256(Uint8Array.of(index)).slice(0, 20)),
  value: encodeAccount({
    nonce: 1n,
    balance: BigInt(index) * 10n ** 18n,
    storageRoot: storage.root,
    codeHash: EMPTY_CODE_HASH,
  }),
}));
const state = trieOf(ACCOUNTS);

export const ACCOUNT_SUBJECT: ProofSubject = {
  kind: 'account',
  address: HOLDER,
  proof: state.prove(keccak256(HOLDER)),
  slots: [{ slot: SLOT, proof: storage.prove(keccak256(SLOT)) }],
};

const raws = transactions.map(({ raw }) => raw);
export const TRANSACTION_SUBJECT: ProofSubject = {
  kind: 'transaction',
  index: 7,
  proof: proveOrdered(raws, 7),
};
export const RECEIPT_SUBJECT: ProofSubject = {
  kind: 'receipt',
  index: 7,
  proof: proveOrdered(receipts.map(encodeReceipt), 7),
  transactionProof: proveOrdered(raws, 7),
};

const KEYS = identities(12);

/** Some of twelve validators. */
export function set(...members: readonly number[]): readonly Identity[] {
  return KEYS.filter((_, index) => members.includes(index));
}

/** `proved`, or the code of the refusal. */
export function verdictOf(bundle: Uint8Array, anchor: TrustAnchor): string {
  const verdict = verifyProofBundle(bundle, anchor);
  return verdict.ok ? 'proved' : verdict.code;
}

/** A bit of each byte is altered, without a new checksum and with one; and the bundle is cut, each `step` bytes. */
export function assertNoAlteredHolds(
  bundle: Uint8Array,
  anchor: TrustAnchor,
  { seed, step }: { readonly seed: string; readonly step: number },
): void {
  const random = seededRandom(seed);
  for (let at = 0; at < bundle.length; at += 1) {
    const altered = Uint8Array.from(bundle);
    altered[at] = (altered[at] as number) ^ (1 << random.below(8));
    assert.is.not(verdictOf(altered, anchor), 'proved', `byte ${at}`);
    if (at >= bundle.length - 32) continue;
    const body = altered.subarray(0, altered.length - 32);
    const resealed = verdictOf(concatBytes(body, keccak256(body)), anchor);
    assert.is.not(resealed, 'proved', `byte ${at} with a new checksum`);
  }
  for (let length = 0; length < bundle.length; length += step) {
    assert.is(verdictOf(bundle.subarray(0, length), anchor), 'CONSENSUS_MALFORMED');
  }
}

/** A header at that height that lists `set` and carries seals of `sealers`. */
export function sealedHeader(
  number: bigint,
  set: readonly Identity[],
  sealers: readonly Identity[] = set,
  fields: Partial<BlockHeader> = {},
): BlockHeader {
  const addresses = set.map(({ address }) => address);
  const header: BlockHeader = {
    ...genesisHeader(addresses),
    number,
    stateRoot: state.root,
    transactionsRoot: transactionsRoot(raws),
    receiptsRoot: receiptsRoot(receipts),
    extraData: encodeExtraData({
      vanity: new Uint8Array(32),
      validators: addresses,
      vote: undefined,
      round: 0,
      seals: [],
    }),
    ...fields,
  };
  const digest = commitSealHash(header);
  const seals = sealers.map(({ privateKey }) => {
    const { signature, yParity } = sign(digest, privateKey);
    return concatBytes(signature, Uint8Array.of(yParity));
  });
  return withSeals(header, seals);
}

/** Headers alone, as a proof carries them where no contract names anybody. */
export function steps(headers: readonly BlockHeader[]): readonly SealedStep[] {
  return headers.map((header) => ({ header, namedBy: undefined }));
}

export function anchorOf(
  set: readonly Identity[],
  transitions: QbftOptions['transitions'] = [],
): TrustAnchor {
  const validators = set.map(({ address }) => address);
  const header = genesisHeader(validators);
  const pace = {
    blockPeriodMs: 0,
    emptyBlockPeriodMs: 0,
    requestTimeoutMs: 1,
    maxRequestTimeoutMs: 1,
  };
  const source = { kind: 'headers' } as const;
  return {
    hash: headerHash(header, 'qbft'),
    validators,
    qbft: { ...pace, source, besuTimestamps: false, epochLength: 30_000n, transitions },
  };
}
