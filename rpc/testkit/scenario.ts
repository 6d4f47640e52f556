/** A small history that the tests of the methods share: transfers, a creation, a token and its logs. */
import { createHash } from 'node:crypto';
import { privateKeyToAccount } from 'viem/accounts';
import {
  type Address,
  asAddress,
  asHash,
  bytesToHex,
  decodeTransaction,
  type Hash,
  hexToBytes,
  invariant,
  keyOf,
  type Log,
  type Transaction,
} from '../../ledger/model/index.ts';
import { addressOfByte, createMemoryChain, hashOfByte } from './memory-chain.ts';
import { CHAIN_ID, createMemoryNode, type MemoryNode } from './memory-node.ts';

/** First account of the well-known development mnemonic. */
const KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';
const signer = privateKeyToAccount(KEY);

export const ALICE: Address = asAddress(hexToBytes(signer.address));
export const BOB: Address = addressOfByte(0xb0);
export const TOKEN: Address = addressOfByte(0x70);
/** keccak256("Transfer(address,address,uint256)") */
export const TRANSFER_TOPIC: Hash = asHash(
  hexToBytes('0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'),
);
export const ONE_COIN: bigint = 10n ** 18n;

type Wish = {
  readonly nonce: number;
  readonly to?: Address;
  readonly value?: bigint;
  readonly chainId?: number;
  readonly kind?: 'legacy' | 'eip1559' | 'eip2930';
};

/** A transaction of Alice, signed by viem. */
export async function signed(wish: Wish): Promise<Transaction> {
  const decoded = decodeTransaction(hexToBytes(await signedRaw(wish)));
  invariant(decoded.ok, 'what viem signs, we decode');
  return decoded.transaction;
}

/** The same as `signed`, still encoded. */
export async function signedRaw(wish: Wish): Promise<`0x${string}`> {
  const { nonce, to, value = 1n, chainId = Number(CHAIN_ID), kind = 'eip1559' } = wish;
  const common = {
    chainId,
    nonce,
    gas: 100_000n,
    value,
    data: '0x' as const,
    ...(to === undefined ? {} : { to: bytesToHex(to) }),
  };
  if (kind === 'legacy') {
    return signer.signTransaction({ ...common, type: 'legacy', gasPrice: 10n });
  }
  if (kind === 'eip2930') {
    const accessList = [{ address: bytesToHex(TOKEN), storageKeys: [] }];
    return signer.signTransaction({ ...common, type: 'eip2930', gasPrice: 10n, accessList });
  }
  return signer.signTransaction({
    ...common,
    type: 'eip1559',
    maxFeePerGas: 10n,
    maxPriorityFeePerGas: 2n,
  });
}

/** `Transfer(from, to, amount)` of the token. */
export function transferLog(from: Address, to: Address, amount: number): Log {
  const topic = (address: Address): Hash =>
    asHash(Uint8Array.from([...new Uint8Array(12), ...address]));
  const data = new Uint8Array(32);
  data[31] = amount;
  return { address: TOKEN, topics: [TRANSFER_TOPIC, topic(from), topic(to)], data };
}

/**
 * Block 1: a transfer and a creation. Block 2: a token transfer with two logs, one without. Block 3: empty.
 * Alice's next nonce is 4.
 */
export async function createScenario(): Promise<MemoryNode> {
  const chain = createMemoryChain([{ address: ALICE, balance: 1000n * ONE_COIN }]);
  chain.append([
    { transaction: await signed({ nonce: 0, to: BOB, value: ONE_COIN, kind: 'legacy' }) },
    { transaction: await signed({ nonce: 1, kind: 'eip2930' }), gasUsed: 60_000n },
  ]);
  chain.append([
    {
      transaction: await signed({ nonce: 2, to: TOKEN, value: 0n }),
      gasUsed: 50_000n,
      logs: [transferLog(ALICE, BOB, 5), transferLog(BOB, ALICE, 6)],
    },
    {
      transaction: await signed({ nonce: 3, to: TOKEN, value: 0n }),
      gasUsed: 50_000n,
      logs: [transferLog(ALICE, BOB, 7)],
    },
  ]);
  chain.append([]);
  const code = Uint8Array.of(0x60, 0x00);
  const hash = asHash(createHash('sha256').update(code).digest());
  const storage = new Map([[keyOf(hashOfByte(0)), Uint8Array.of(0x2a)]]);
  chain.set(TOKEN, { code: { hash, bytes: code }, storage });
  return createMemoryNode(chain);
}
