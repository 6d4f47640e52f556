/** Chains of blocks sealed by keys that a test holds, in the format of QBFT, made as fast as they execute. */
import { sign } from '#crypto';
import type { Genesis } from '../../genesis/index.ts';
import {
  type Address,
  bytesToHex,
  commitSealHash,
  compareBytes,
  concatBytes,
  encodeExtraData,
  type Hash,
  type QbftExtraData,
  signTransaction,
  type Transaction,
  withSeals,
} from '../../ledger/model/index.ts';
import type { Party } from '../../ledger/model/testkit/party.ts';
import { openStore } from '../../ledger/store/index.ts';
import { buildBlock, createEngine } from '../../vm/index.ts';
import { type LedgerPlace, storeOptionsOf } from '../maintenance/ledger-files.ts';

export function byAddress(a: Party, b: Party): number {
  return compareBytes(a.address, b.address);
}

/** A genesis file in Besu's shape: London at block 2, a reward, periods in seconds, no `config.ehb`. */
export function besuFile(
  validators: readonly Party[],
  rich: Party,
): Readonly<Record<string, unknown>> {
  return {
    config: {
      chainId: 4,
      berlinBlock: 0,
      londonBlock: 2,
      qbft: {
        blockperiodseconds: 1,
        epochlength: 30_000,
        requesttimeoutseconds: 5,
        blockreward: '5000000000000000000',
      },
    },
    nonce: '0x0',
    timestamp: '0x58ee40ba',
    extraData: bytesToHex(
      encodeExtraData({
        vanity: new Uint8Array(32),
        validators: validators.map(({ address }) => address),
        vote: undefined,
        round: 0,
        seals: [],
      }),
    ),
    gasLimit: '0x1c9c380',
    difficulty: '0x1',
    mixHash: '0x63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365',
    coinbase: '0x0000000000000000000000000000000000000000',
    alloc: { [bytesToHex(rich.address).slice(2)]: { balance: '0xad78ebc5ac6200000' } },
  };
}

/** 65 bytes: r, s, yParity. */
export function sealOf(digest: Hash, { key }: Party): Uint8Array {
  const { signature, yParity } = sign(digest, key);
  return concatBytes(signature, Uint8Array.of(yParity));
}

export function transfer(from: Party, nonce: number, to: Address): Transaction {
  return signTransaction(
    {
      type: 0,
      chainId: 4n,
      nonce: BigInt(nonce),
      gasPrice: 2n * 10n ** 9n,
      gasLimit: 21_000n,
      to,
      value: 1n,
      data: new Uint8Array(0),
    },
    from.key,
  );
}

export type PlannedBlock = {
  readonly validators: readonly Party[];
  readonly extra?: Partial<Pick<QbftExtraData, 'round' | 'vote' | 'vanity'>>;
  /** Of `rich`. */
  readonly transaction: Transaction;
  /** How many seal it; a quorum unless told. */
  readonly seals?: number;
};

/** Appends blocks to the ledger of a place; a quorum seals each, in descending order. */
export async function forgeBlocks(
  place: LedgerPlace<Genesis>,
  plan: readonly PlannedBlock[],
  rich: Party,
): Promise<void> {
  const { rules } = place.genesis;
  const store = await openStore(storeOptionsOf(place));
  const engine = createEngine('fast', rules);
  for (const { validators, extra = {}, transaction, seals: wanted } of plan) {
    const { header: parent } = store.head();
    const proposer = validators[Number(parent.number) % validators.length] as Party;
    const { executed } = await buildBlock(
      {
        parent,
        rules,
        timestamp: parent.timestamp + 1n + BigInt(extra.round ?? 0) * 5n,
        beneficiary: proposer.address,
        extraData: encodeExtraData({
          vanity: new Uint8Array(32),
          validators: validators.map(({ address }) => address),
          vote: undefined,
          round: 0,
          seals: [],
          ...extra,
        }),
        gasLimit: parent.gasLimit,
        transactions: [{ transaction, sender: rich.address }],
      },
      engine,
      store.state(),
    );
    const { header } = executed.block;
    const count = wanted ?? Math.ceil((2 * validators.length) / 3);
    const seals = validators
      .toReversed()
      .slice(0, count)
      .map((validator) => sealOf(commitSealHash(header), validator));
    await store.write({
      ...executed,
      block: { ...executed.block, header: withSeals(header, seals) },
    });
  }
  await store.close();
}
