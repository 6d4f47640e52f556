/**
 * `#crypto` in Node: the system's libsecp256k1, else the package's native build, else noble;
 * Keccak in WebAssembly; P256 by the OpenSSL that Node carries. What it took is in `cryptoBackend`; nothing here
 * can fail to load.
 */
import { hash } from 'node:crypto';
import { plainBytes } from './bytes.ts';
import { type Crypto, createCrypto } from './crypto-door.ts';
import { createNobleCurve } from './curve-noble.ts';
import { createPackageCurve } from './curve-package.ts';
import { createSystemCurve } from './curve-system.ts';
import { createNobleKeccak } from './keccak.ts';
import { createWasmKeccak } from './keccak-wasm.ts';
import { createOpensslP256 } from './p256-openssl.ts';

const door: Crypto = createCrypto(
  createSystemCurve() ?? createPackageCurve() ?? createNobleCurve(),
  createWasmKeccak() ?? createNobleKeccak(),
  // A copy, so that nobody holds a view of Node's shared buffer pool.
  (bytes) => plainBytes(hash('sha256', bytes, 'buffer')).slice(),
  createOpensslP256(),
);

export const keccak256: Crypto['keccak256'] = door.keccak256;
export const keccak256Into: Crypto['keccak256Into'] = door.keccak256Into;
export const sha256: Crypto['sha256'] = door.sha256;
export const recoverAddress: Crypto['recoverAddress'] = door.recoverAddress;
export const recoverPublicKey: Crypto['recoverPublicKey'] = door.recoverPublicKey;
export const sign: Crypto['sign'] = door.sign;
export const addressOf: Crypto['addressOf'] = door.addressOf;
export const publicKeyOf: Crypto['publicKeyOf'] = door.publicKeyOf;
export const isPrivateKey: Crypto['isPrivateKey'] = door.isPrivateKey;
export const verifyP256: Crypto['verifyP256'] = door.verifyP256;
export const cryptoBackend: Crypto['cryptoBackend'] = door.cryptoBackend;
