/** What follows from a transaction's fields alone: its sender, its contract's address, its price. */
import { keccak256, recoverAddress } from '#crypto';
import { type Address, bigintToBytes, type Wei } from './bytes.ts';
import { encodeRlp } from './rlp.ts';
import type { Transaction } from './transaction.ts';

/** The address whose key signed; undefined if the signature belongs to no key. */
export function recoverSender(
  transaction: Pick<Transaction, 'signingHash' | 'signature' | 'yParity'>,
): Address | undefined {
  return recoverAddress(transaction.signingHash, transaction.signature, transaction.yParity);
}

/** The address of the contract that a creation by `sender` at `nonce` makes. */
export function contractAddress(sender: Address, nonce: bigint): Address {
  return keccak256(encodeRlp([sender, bigintToBytes(nonce)])).slice(12) as Uint8Array as Address;
}

/** What a unit of gas costs in a block with this base fee (undefined before London). */
export function effectiveGasPrice(transaction: Transaction, baseFeePerGas: Wei | undefined): Wei {
  if (transaction.type === 0 || transaction.type === 1) return transaction.gasPrice;
  const withTip = (baseFeePerGas ?? 0n) + transaction.maxPriorityFeePerGas;
  return withTip < transaction.maxFeePerGas ? withTip : transaction.maxFeePerGas;
}
