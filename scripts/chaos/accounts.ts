/** Accounts of a run, made from its seed, and the transfers that they sign. */
import { addressOf, keccak256 } from '#crypto';
import { type Address, bytesToHex, signTransaction } from '../../ledger/model/index.ts';

export type Account = {
  readonly address: Address;
  /** A transfer of one wei to oneself with the next nonce. */
  sign(): SignedTransfer;
};

export type SignedTransfer = { readonly hash: string; readonly raw: string };

const TRANSFER_GAS = 21_000n;

export function createAccount(seed: number, name: string, chainId: bigint): Account {
  const key = keccak256(new TextEncoder().encode(`${seed} ${name}`));
  const address = addressOf(key);
  let nonce = 0n;
  return {
    address,
    sign() {
      const transaction = signTransaction(
        {
          type: 2,
          chainId,
          nonce,
          gasLimit: TRANSFER_GAS,
          to: address,
          value: 1n,
          data: new Uint8Array(0),
          accessList: [],
          maxFeePerGas: 0n,
          maxPriorityFeePerGas: 0n,
        },
        key,
      );
      nonce += 1n;
      return { hash: bytesToHex(transaction.hash), raw: bytesToHex(transaction.raw) };
    },
  };
}
