/**
 * The proof of a validator address in the hello (W-7): the validator key signs
 * keccak(domain, chain id, genesis hash, PeerId, expiry). The PeerId is authenticated by noise, so a
 * proof is of use to nobody else, and one proof serves all connections until it expires.
 */
import { keccak256, recoverAddress } from '#crypto';
import {
  bigintToBytes,
  concatBytes,
  equalBytes,
  type Hash,
  refuse,
  type Verdict,
} from '../ledger/model/index.ts';
import type { ChainIdentity } from './admission.ts';
import type { Clock, ValidatorIdentity } from './network.ts';
import type { Proof } from './wire.ts';

const DOMAIN = new TextEncoder().encode('EHB validator proof v1');
/** A proof that is valid for longer is refused: it could not be withdrawn. */
const MAX_LIFETIME_SECONDS = 86_400n;

/** What the validator key signs. `expiry` in Unix seconds. */
function proofDigest(chain: ChainIdentity, peerId: string, expiry: bigint): Hash {
  return keccak256(
    concatBytes(
      DOMAIN,
      padTo32(bigintToBytes(chain.chainId)),
      chain.genesisHash,
      padTo32(bigintToBytes(expiry)),
      new TextEncoder().encode(peerId),
    ),
  );
}

export function checkProof(
  proof: Proof,
  peerId: string,
  chain: ChainIdentity,
  nowMs: number,
): Verdict<object> {
  const now = BigInt(Math.floor(nowMs / 1000));
  if (proof.expiry <= now || proof.expiry > now + MAX_LIFETIME_SECONDS) {
    return refuse('P2P_PROOF_EXPIRED', 'the proof of the validator address is out of date');
  }
  const digest = proofDigest(chain, peerId, proof.expiry);
  const signer = recoverAddress(digest, proof.signature, proof.yParity);
  if (signer === undefined || !equalBytes(signer, proof.address)) {
    return refuse('P2P_PROOF_INVALID', 'the proof is not signed by the key of its address');
  }
  return { ok: true };
}

/** Signs when the last proof is past half of its life; rejects with the signer's error. */
export function createProver(
  options: {
    readonly chain: ChainIdentity;
    readonly peerId: string;
    readonly validator: ValidatorIdentity | undefined;
    readonly lifetimeMs: number;
  },
  clock: Pick<Clock, 'now'>,
): () => Promise<Proof | undefined> {
  const { chain, peerId, validator, lifetimeMs } = options;
  let last: { readonly proof: Promise<Proof>; readonly renewAtMs: number } | undefined;

  const prove = async (signer: ValidatorIdentity): Promise<Proof> => {
    const expiry = BigInt(Math.floor((clock.now() + lifetimeMs) / 1000));
    const signed = await signer.sign(proofDigest(chain, peerId, expiry));
    return { address: signer.address, expiry, ...signed };
  };

  return async () => {
    if (validator === undefined) return undefined;
    if (last === undefined || last.renewAtMs <= clock.now()) {
      last = { proof: prove(validator), renewAtMs: clock.now() + lifetimeMs / 2 };
    }
    try {
      return await last.proof;
    } catch (error) {
      last = undefined;
      throw error;
    }
  };
}

function padTo32(bytes: Uint8Array): Uint8Array {
  return concatBytes(new Uint8Array(32 - bytes.length), bytes);
}
