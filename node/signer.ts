/** The validator key behind an asynchronous port, so that it may live in a remote signer. */
import { addressOf, sign } from '#crypto';
import type { Address, Hash } from '../ledger/model/index.ts';

export type Signer = {
  readonly address: Address;
  /** 64 bytes r, s (low s) and the parity of R's y. */
  sign(hash: Hash): Promise<{ readonly signature: Uint8Array; readonly yParity: 0 | 1 }>;
};

/** Signs in process with a 32-byte private key. */
export function createLocalSigner(privateKey: Uint8Array): Signer {
  return {
    address: addressOf(privateKey),
    sign: async (hash) => sign(hash, privateKey),
  };
}
