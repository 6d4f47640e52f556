/** Accounts of a run, made from its seed, and the transfers that they sign. */
import { addressOf, keccak256 } from '#crypto';
import { type Address, bytesToHex, hexToBytes, signTransaction } from '../../ledger/model/index.ts';

export type Account = {
  readonly address: Address;
  /** The next nonce: a transfer of one wei to oneself, each fourth time a contract that stores and logs. */
  sign(): SignedTransfer;
  /** The same with that nonce, which does not count. */
  signAt(nonce: bigint): SignedTransfer;
};

export type SignedTransfer = { readonly hash: string; readonly raw: string };

const TRANSFER_GAS = 21_000n;
const NOTE_GAS = 150_000n;
/** Each so manieth transaction is a note. */
const NOTE_EVERY = 4n;
/** Init code: slot 0 becomes the block number, which is logged under the sender; no code is left. */
const NOTE: Uint8Array = hexToBytes('0x43600055436000523360206000a100');

export function createAccount(seed: number, name: string, chainId: bigint): Account {
  const key = keccak256(new TextEncoder().encode(`${seed} ${name}`));
  const address = addressOf(key);
  const signAt = (nonce: bigint): SignedTransfer => {
    const isNote = nonce % NOTE_EVERY === NOTE_EVERY - 1n;
    const { hash, raw } = signTransaction(
      {
        type: 2,
        chainId,
        nonce,
        gasLimit: isNote ? NOTE_GAS : TRANSFER_GAS,
        to: isNote ? undefined : address,
        value: isNote ? 0n : 1n,
        data: isNote ? NOTE : new Uint8Array(0),
        accessList: [],
        maxFeePerGas: 0n,
        maxPriorityFeePerGas: 0n,
      },
      key,
    );
    return { hash: bytesToHex(hash), raw: bytesToHex(raw) };
  };
  let next = 0n;
  return {
    address,
    signAt,
    sign() {
      const transfer = signAt(next);
      next += 1n;
      return transfer;
    },
  };
}
