/** Who signs in tests. */
import { addressOf, keccak256 } from '#crypto';
import type { Address } from '../bytes.ts';

export type Party = { readonly key: Uint8Array; readonly address: Address };

/** A key pair made of a name. */
export function party(name: string): Party {
  const key = keccak256(new TextEncoder().encode(name));
  return { key, address: addressOf(key) };
}
