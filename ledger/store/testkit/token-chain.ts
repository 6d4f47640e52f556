/** A token with many holders, and blocks of transfers between them, as the store sees them. */
import { keccak256 } from '#crypto';
import {
  type AccountChange,
  type Address,
  asAddress,
  asHash,
  bigintToBytes,
  compareBytes,
  EMPTY_CODE_HASH,
  type Hash,
  keyOf,
  logsBloom,
  type Receipt,
  type Transaction,
} from '../../model/index.ts';
import type { TestRandom } from '../../model/testkit/seeded-random.ts';

export const TOKEN: Address = asAddress(new Uint8Array(20).fill(0x70));
/** `Transfer(address,address,uint256)`. */
const TRANSFER: Hash = asHash(
  keccak256(new TextEncoder().encode('Transfer(address,address,uint256)')),
);

const ISSUED_A_BLOCK = 20_000;

export type TokenBlock = {
  readonly changes: readonly AccountChange[];
  readonly transactions: readonly Transaction[];
  readonly receipts: readonly Receipt[];
  readonly senders: readonly Address[];
};

export type Token = {
  /**
   * Account changes, block by block, that give every holder an account and a balance of the token. Each block fills
   * a stretch of both tries, so that it rewrites few nodes of those before.
   */
  issue(): Iterable<readonly AccountChange[]>;
  /** A block of transfers between holders drawn at random; each sends once at most. */
  transfers(count: number): TokenBlock;
  anyone(): Address;
};

export function createToken(random: TestRandom, holderCount: number): Token {
  const holderAt = createHolders(random, holderCount);
  const anyone = (): Address => holderAt(random.below(holderCount));
  let block = 0n;

  const tokenChange = (
    slots: ReadonlyMap<string, Uint8Array>,
    value: () => bigint,
  ): AccountChange => ({
    address: TOKEN,
    account: { nonce: 1n, balance: 0n, codeHash: EMPTY_CODE_HASH },
    storageCleared: false,
    storage: [...slots.values()]
      .map((slot) => ({ slot, value: bigintToBytes(value()) }))
      .sort((a, b) => compareBytes(a.slot, b.slot)),
  });

  const distinct = (count: number): Map<string, Address> => {
    const drawn = new Map<string, Address>();
    while (drawn.size < count) {
      const holder = anyone();
      drawn.set(keyOf(holder), holder);
    }
    return drawn;
  };

  return {
    anyone,
    *issue() {
      const blocks = Math.ceil(holderCount / ISSUED_A_BLOCK);
      const funds = stretchesOf(holderCount, blocks, holderAt);
      const balances = stretchesOf(holderCount, blocks, (index) => slotOf(holderAt(index)));
      for (const [at, stretch] of funds.entries()) {
        const slots = (balances[at] as readonly number[]).map((index) => slotOf(holderAt(index)));
        yield sorted([
          tokenChange(new Map(slots.map((slot) => [keyOf(slot), slot])), () => 10n ** 20n),
          ...stretch.map((index) => funded(holderAt(index), 0n)),
        ]);
      }
    },
    transfers(count) {
      block += 1n;
      const senders = [...distinct(count).values()];
      const recipients = senders.map(anyone);
      const slots = new Map(
        [...senders, ...recipients].map((holder) => [keyOf(holder), slotOf(holder)]),
      );
      return {
        senders,
        changes: sorted([
          tokenChange(slots, () => 10n ** 18n + BigInt(random.below(1e9))),
          ...senders.map((sender) => funded(sender, block)),
        ]),
        transactions: senders.map(
          () =>
            ({
              type: 2,
              raw: random.bytes(180),
              hash: asHash(random.bytes(32)),
            }) as unknown as Transaction,
        ),
        receipts: senders.map((sender, index) =>
          receiptOf(sender, recipients[index] as Address, random),
        ),
      };
    },
  };
}

/** In one block of memory: a million arrays would cost the garbage collector more than what is measured. */
function createHolders(random: TestRandom, count: number): (index: number) => Address {
  const addresses = new Uint8Array(20 * count);
  const seed = random.bytes(36);
  for (let index = 0; index < count; index += 1) {
    new DataView(seed.buffer).setUint32(0, index);
    addresses.set(keccak256(seed).subarray(0, 20), 20 * index);
  }
  return (index) => asAddress(addresses.slice(20 * index, 20 * index + 20));
}

/** The numbers below `count`, grouped by where the hashes of their keys lie. */
function stretchesOf(
  count: number,
  stretches: number,
  keyAt: (index: number) => Uint8Array,
): readonly (readonly number[])[] {
  const grouped: number[][] = Array.from({ length: stretches }, () => []);
  for (let index = 0; index < count; index += 1) {
    const [first, second] = keccak256(keyAt(index)) as unknown as [number, number];
    grouped[Math.floor(((first * 256 + second) * stretches) / 65_536)]?.push(index);
  }
  return grouped;
}

/** Where Solidity keeps the balance of a mapping at slot 0. */
function slotOf(holder: Address): Uint8Array {
  const preimage = new Uint8Array(64);
  preimage.set(holder, 12);
  return keccak256(preimage);
}

function funded(address: Address, nonce: bigint): AccountChange {
  return {
    address,
    account: { nonce, balance: 10n ** 21n, codeHash: EMPTY_CODE_HASH },
    storageCleared: false,
    storage: [],
  };
}

function sorted(changes: AccountChange[]): readonly AccountChange[] {
  return changes.sort((a, b) => compareBytes(a.address, b.address));
}

function receiptOf(from: Address, to: Address, random: TestRandom): Receipt {
  const logs = [
    { address: TOKEN, topics: [TRANSFER, topicOf(from), topicOf(to)], data: random.bytes(32) },
  ];
  return { type: 2, status: 1, cumulativeGasUsed: 1n, logs, logsBloom: logsBloom(logs) };
}

function topicOf(holder: Address): Hash {
  const topic = new Uint8Array(32);
  topic.set(holder, 12);
  return asHash(topic);
}
