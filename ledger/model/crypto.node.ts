/**
 * `#crypto` in Node: the system's libsecp256k1, else the package's native build, else noble;
 * Keccak in WebAssembly. What it took is in `cryptoBackend`; nothing here can fail to load.
 */
import { hash } from 'node:crypto';
import { createKeccak } from 'hash-wasm';
import { plainBytes } from './bytes.ts';
import { type Crypto, createCrypto } from './crypto-door.ts';
import { createNobleCurve } from './curve-noble.ts';
import { createPackageCurve } from './curve-package.ts';
import { createSystemCurve } from './curve-system.ts';
import { createNobleKeccak, type Keccak } from './keccak.ts';

const door: Crypto = createCrypto(
  createSystemCurve() ?? createPackageCurve() ?? createNobleCurve(),
  (await createWasmKeccak()) ?? createNobleKeccak(),
  // A copy, so that nobody holds a view of Node's shared buffer pool.
  (bytes) => plainBytes(hash('sha256', bytes, 'buffer')).slice(),
);

export const keccak256: Crypto['keccak256'] = door.keccak256;
export const sha256: Crypto['sha256'] = door.sha256;
export const recoverAddress: Crypto['recoverAddress'] = door.recoverAddress;
export const recoverPublicKey: Crypto['recoverPublicKey'] = door.recoverPublicKey;
export const sign: Crypto['sign'] = door.sign;
export const addressOf: Crypto['addressOf'] = door.addressOf;
export const publicKeyOf: Crypto['publicKeyOf'] = door.publicKeyOf;
export const isPrivateKey: Crypto['isPrivateKey'] = door.isPrivateKey;
export const cryptoBackend: Crypto['cryptoBackend'] = door.cryptoBackend;

/** Undefined where WebAssembly cannot be had. About ten times noble (`npm run bench -- model`). */
async function createWasmKeccak(): Promise<Keccak | undefined> {
  try {
    const hasher = await createKeccak(256);
    return {
      name: 'hash-wasm (WebAssembly)',
      digest: (bytes) => hasher.init().update(bytes).digest('binary'),
    };
  } catch {
    return undefined;
  }
}
