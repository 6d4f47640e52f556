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

const TOKEN: Address = asAddress(new Uint8Array(20).fill(0x70));
/** `Transfer(address,address,uint256)`. */
const TRANSFER: Hash = asHash(
  keccak256(new TextEncoder().encode('Transfer(address,address,uint256)')),
);

const ISSUED_A_BLOCK = 10_000;

export type TokenBlock = {
  readonly changes: readonly AccountChange[];
  readonly transactions: readonly Transaction[];
  readonly receipts: readonly Receipt[];
  readonly senders: readonly Address[];
};

export type Token = {
  /** Account changes, block by block, that give every holder an account and a balance of the token. */
  issue(): Iterable<readonly AccountChange[]>;
  /** A block of transfers between holders drawn at random; each sends once at most. */
  transfers(count: number): TokenBlock;
  anyone(): Address;
};

export function createToken(random: TestRandom, holderCount: number): Token {
  const holders = Array.from({ length: holderCount }, (_, index) => holderOf(random, index));
  const anyone = (): Address => holders[random.below(holders.length)] as Address;
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
      for (let start = 0; start < holders.length; start += ISSUED_A_BLOCK) {
        const part = holders.slice(start, start + ISSUED_A_BLOCK);
        const slots = new Map(part.map((holder) => [keyOf(holder), slotOf(holder)]));
        yield sorted([
          tokenChange(slots, () => 10n ** 20n),
          ...part.map((holder) => funded(holder, 0n)),
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

function holderOf(random: TestRandom, index: number): Address {
  const address = random.bytes(20);
  new DataView(address.buffer).setUint32(0, index);
  return asAddress(address);
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
