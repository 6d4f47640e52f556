/** `#crypto` outside Node (a browser, a bundler): noble for everything. */
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { type Crypto, createCrypto } from './crypto-door.ts';
import { createNobleCurve } from './curve-noble.ts';
import { createNobleKeccak } from './keccak.ts';

const door: Crypto = createCrypto(createNobleCurve(), createNobleKeccak(), (bytes) =>
  nobleSha256(bytes),
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
