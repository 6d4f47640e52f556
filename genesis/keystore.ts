/**
 * Private keys under a password: the Web3 Secret Storage, version 3, as go-ethereum, ethers and cast write and
 * read it. The key that scrypt (or PBKDF2) makes of the password encrypts by AES-128-CTR with its first 16 bytes;
 * Keccak-256 over its second 16 and the ciphertext tells a wrong password from a right one.
 */
import {
  createCipheriv,
  createDecipheriv,
  pbkdf2,
  randomBytes,
  randomUUID,
  scrypt,
  timingSafeEqual,
} from 'node:crypto';
import { scryptAsync } from '@noble/hashes/scrypt.js';
import { addressOf, isPrivateKey, keccak256 } from '#crypto';
import {
  bytesToHex,
  concatBytes,
  hexToBytes,
  refuse,
  type Verdict,
} from '../ledger/model/index.ts';

/** Why a keystore does not give its key. */
export type KeystoreCode =
  | 'GENESIS_KEYSTORE_INVALID'
  | 'GENESIS_KEYSTORE_UNSUPPORTED'
  | 'GENESIS_PASSWORD_WRONG';

export type OpenedKey = Verdict<{ readonly key: Uint8Array }, KeystoreCode>;

/** What go-ethereum and ethers take: 256 MiB, and some half a second for whoever guesses. */
const SCRYPT_N = 2 ** 18;
const SCRYPT_R = 8;
const SCRYPT_P = 1;
/** Of a keystore made elsewhere: more memory or rounds than any program writes. */
const MOST_SCRYPT_BYTES = 2 ** 29;
const MOST_SCRYPT_P = 16;
const MOST_PBKDF2_ROUNDS = 10_000_000;
/** A keystore has some 500. */
const MOST_TEXT = 16_384;
const DERIVED_LENGTH = 32;

/**
 * The JSON text of a keystore of that key.
 * @param cost N of scrypt, a power of two; lower only where nothing depends on it
 */
export async function encryptKey(
  key: Uint8Array,
  password: string,
  cost: number = SCRYPT_N,
): Promise<string> {
  const [salt, iv] = [randomBytes(32), randomBytes(16)];
  const derived = await scryptKey(password, salt, { N: cost, r: SCRYPT_R, p: SCRYPT_P });
  const cipher = createCipheriv('aes-128-ctr', derived.subarray(0, 16), iv);
  const ciphertext = concatBytes(cipher.update(key), cipher.final());
  const keystore = {
    version: 3,
    id: randomUUID(),
    address: digits(addressOf(key)),
    crypto: {
      cipher: 'aes-128-ctr',
      cipherparams: { iv: digits(iv) },
      ciphertext: digits(ciphertext),
      kdf: 'scrypt',
      kdfparams: {
        dklen: DERIVED_LENGTH,
        n: cost,
        r: SCRYPT_R,
        p: SCRYPT_P,
        salt: digits(salt),
      },
      mac: digits(macOf(derived, ciphertext)),
    },
  };
  return `${JSON.stringify(keystore, undefined, 2)}\n`;
}

/** Whether a key file's text is a keystore rather than the digits of a key. */
export function isKeystore(text: string): boolean {
  return text.trimStart().startsWith('{');
}

/** The key of a keystore. No message shows a part of key or password. */
export async function decryptKey(text: string, password: string): Promise<OpenedKey> {
  const parsed = parse(text);
  if (!parsed.ok) return parsed;
  const { keystore } = parsed;
  // ethers normalises passwords, go-ethereum and cast do not; most have nothing to normalise.
  for (const candidate of new Set([password, password.normalize('NFKC')])) {
    const derived = await keystore.derive(candidate);
    if (!timingSafeEqual(macOf(derived, keystore.ciphertext), keystore.mac)) continue;
    const decipher = createDecipheriv('aes-128-ctr', derived.subarray(0, 16), keystore.iv);
    const key = concatBytes(decipher.update(keystore.ciphertext), decipher.final());
    if (!isPrivateKey(key)) return invalid('what it holds is no private key');
    const own = digits(addressOf(key));
    if (keystore.address !== undefined && keystore.address !== own) {
      return invalid(`it says that it is of ${keystore.address} and holds the key of ${own}`);
    }
    return { ok: true, key };
  }
  return refuse('GENESIS_PASSWORD_WRONG', 'the password does not open it');
}

type Keystore = {
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly mac: Uint8Array;
  /** 40 digits in lower case, where the file says whose key it is. */
  readonly address: string | undefined;
  derive(password: string): Promise<Uint8Array>;
};

function parse(text: string): Verdict<{ readonly keystore: Keystore }, KeystoreCode> {
  const file = text.length > MOST_TEXT ? undefined : record(parseJson(text));
  if (file === undefined) return invalid(`it is not a JSON object of at most ${MOST_TEXT} bytes`);
  if (file['version'] !== 3) return unsupported('its version is not 3');
  const crypto = record(file['crypto']);
  if (crypto === undefined) return invalid('crypto is not an object');
  if (crypto['cipher'] !== 'aes-128-ctr') return unsupported('its cipher is not aes-128-ctr');
  const iv = bytes(record(crypto['cipherparams'])?.['iv'], 16);
  const ciphertext = bytes(crypto['ciphertext'], 32);
  const mac = bytes(crypto['mac'], 32);
  if (iv === undefined) return invalid('cipherparams.iv is not 16 bytes');
  if (ciphertext === undefined) return invalid('ciphertext is not 32 bytes');
  if (mac === undefined) return invalid('mac is not 32 bytes');
  const derivation = derivationOf(crypto);
  if (!derivation.ok) return derivation;
  const address = bytes(file['address'], 20);
  return {
    ok: true,
    keystore: {
      iv,
      ciphertext,
      mac,
      address: address && digits(address),
      derive: derivation.derive,
    },
  };
}

function derivationOf(
  crypto: Readonly<Record<string, unknown>>,
): Verdict<Pick<Keystore, 'derive'>, KeystoreCode> {
  const parameters = record(crypto['kdfparams']) ?? {};
  const salt = bytes(parameters['salt']);
  if (salt === undefined) return invalid('kdfparams.salt is not hexadecimal');
  if (parameters['dklen'] !== DERIVED_LENGTH) return unsupported('kdfparams.dklen is not 32');
  const { n: N, r, p, c, prf } = parameters;
  if (crypto['kdf'] === 'scrypt') {
    if (!isCount(N) || !isCount(r) || !isCount(p) || N < 2 || (N & (N - 1)) !== 0) {
      return invalid('n, r or p of scrypt is not a number that scrypt takes');
    }
    if (128 * N * r > MOST_SCRYPT_BYTES || p > MOST_SCRYPT_P) {
      return unsupported('scrypt would need more than 512 MiB, or more than 16 rounds');
    }
    return { ok: true, derive: (password) => scryptKey(password, salt, { N, r, p }) };
  }
  if (crypto['kdf'] === 'pbkdf2' && prf === 'hmac-sha256') {
    if (!isCount(c) || c > MOST_PBKDF2_ROUNDS) {
      return unsupported(`c of pbkdf2 is not from 1 to ${MOST_PBKDF2_ROUNDS}`);
    }
    return { ok: true, derive: (password) => pbkdf2Key(password, salt, c) };
  }
  return unsupported('its key derivation is neither scrypt nor pbkdf2 with hmac-sha256');
}

function scryptKey(
  password: string,
  salt: Uint8Array,
  { N, r, p }: { readonly N: number; readonly r: number; readonly p: number },
): Promise<Uint8Array> {
  // RFC 7914 wants N < 2^(16 r), which not every program keeps and OpenSSL insists on.
  if (N >= 2 ** (16 * r)) {
    return scryptAsync(password, salt, { N, r, p, dkLen: DERIVED_LENGTH, maxmem: 2 ** 30 });
  }
  // What OpenSSL counts, with room to spare.
  const maxmem = 128 * r * (N + p + 4) + 2 ** 20;
  return new Promise((resolve, reject) => {
    scrypt(password, salt, DERIVED_LENGTH, { N, r, p, maxmem }, (error, derived) => {
      if (error === null) resolve(derived);
      else reject(error);
    });
  });
}

function pbkdf2Key(password: string, salt: Uint8Array, rounds: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    pbkdf2(password, salt, rounds, DERIVED_LENGTH, 'sha256', (error, derived) => {
      if (error === null) resolve(derived);
      else reject(error);
    });
  });
}

function macOf(derived: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  return keccak256(concatBytes(derived.subarray(16, 32), ciphertext));
}

/** Keys in lower case: go-ethereum reads them in any, and ethers writes `Crypto`. */
function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key.toLowerCase(), each]));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Bytes of hexadecimal digits, of exactly `length` if that is given. */
function bytes(value: unknown, length?: number): Uint8Array | undefined {
  if (typeof value !== 'string' || !/^(0x)?([0-9a-fA-F]{2})*$/.test(value)) return undefined;
  const found = hexToBytes(value);
  return length === undefined || found.length === length ? found : undefined;
}

function digits(value: Uint8Array): string {
  return bytesToHex(value).slice(2);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0 && (value as number) < 2 ** 31;
}

function invalid(message: string): ReturnType<typeof refuse<KeystoreCode>> {
  return refuse('GENESIS_KEYSTORE_INVALID', message);
}

function unsupported(message: string): ReturnType<typeof refuse<KeystoreCode>> {
  return refuse('GENESIS_KEYSTORE_UNSUPPORTED', message);
}
