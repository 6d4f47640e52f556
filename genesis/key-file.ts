/**
 * Files that hold one private key: its 64 hexadecimal digits, or a keystore under a password (G-17). What is
 * in a key file is never shown: it may be a key with a slip in it.
 */
import { readFile, stat } from 'node:fs/promises';
import { addressOf, isPrivateKey } from '#crypto';
import { type Address, bytesToHex, CodedError, hexToBytes } from '../ledger/model/index.ts';
import { replaceDurably } from '../ledger/store/index.ts';
import type { GenesisFileCode } from './errors.ts';
import { decryptKey, encryptKey, isKeystore } from './keystore.ts';

export type KeyFileError = CodedError<{ readonly code: GenesisFileCode; readonly path: string }>;

export type StoredKey = {
  /** 32 bytes. */
  readonly key: Uint8Array;
  readonly isEncrypted: boolean;
};

/** No key file and no password file is longer. */
const MOST_BYTES = 16_384;

/** G-17: the text of a key file; a keystore if there is a password. */
export async function keyText(key: Uint8Array, password: string | undefined): Promise<string> {
  return password === undefined ? `${bytesToHex(key)}\n` : await encryptKey(key, password);
}

/**
 * The key of a key file.
 * @throws CodedError `GENESIS_NODE_DIRECTORY_INCOMPLETE`, `GENESIS_KEY_INVALID`, `GENESIS_PASSWORD_NEEDED`,
 * `GENESIS_PASSWORD_WRONG`, `GENESIS_KEYSTORE_INVALID`, `GENESIS_KEYSTORE_UNSUPPORTED`
 */
export async function readKeyFile(path: string, password?: string): Promise<Uint8Array> {
  return (await readStoredKey(path, password)).key;
}

/** The same, with how it is stored. */
export async function readStoredKey(
  path: string,
  password: string | undefined,
): Promise<StoredKey> {
  const text = await readSmallFile(path);
  if (isKeystore(text)) return { key: await openKeystore(path, text, password), isEncrypted: true };
  const digits = text.trim();
  const key = /^(0x)?[0-9a-fA-F]{64}$/.test(digits) ? hexToBytes(digits) : new Uint8Array(0);
  if (isPrivateKey(key)) return { key, isEncrypted: false };
  const message = `${path} holds neither 64 hexadecimal digits of a key nor a keystore`;
  throw failure('GENESIS_KEY_INVALID', path, message);
}

async function openKeystore(
  path: string,
  text: string,
  password: string | undefined,
): Promise<Uint8Array> {
  if (password === undefined) {
    throw failure(
      'GENESIS_PASSWORD_NEEDED',
      path,
      `${path} is encrypted, and no password is given`,
    );
  }
  const opened = await decryptKey(text, password);
  if (opened.ok) return opened.key;
  throw failure(opened.code, path, `${path}: ${opened.message}`);
}

/**
 * Puts a keystore in place of a key file, whole or not at all; one that is a keystore already gets the new password.
 * @param before the password that opens it now, if it is a keystore
 * @throws CodedError as `readKeyFile`, `GENESIS_DIRECTORY_UNWRITABLE`
 */
export async function encryptKeyFile(
  path: string,
  password: string,
  before?: string,
): Promise<Address> {
  const key = await readKeyFile(path, before);
  await replaceKeyFile(path, await encryptKey(key, password));
  return addressOf(key);
}

/** Puts the digits of the key in place of a keystore. @throws CodedError as `encryptKeyFile` */
export async function decryptKeyFile(path: string, password: string): Promise<Address> {
  const key = await readKeyFile(path, password);
  await replaceKeyFile(path, await keyText(key, undefined));
  return addressOf(key);
}

async function replaceKeyFile(path: string, text: string): Promise<void> {
  try {
    await replaceDurably(path, new TextEncoder().encode(text));
  } catch (cause) {
    throw failure('GENESIS_DIRECTORY_UNWRITABLE', path, `${path} cannot be written`, cause);
  }
}

/**
 * The password in a file: its first line.
 * @throws CodedError `GENESIS_PASSWORD_FILE`
 */
export async function readPasswordFile(path: string): Promise<string> {
  let text: string;
  try {
    text = await readSmallFile(path);
  } catch (cause) {
    throw failure('GENESIS_PASSWORD_FILE', path, `the password file ${path} cannot be read`, cause);
  }
  const [password = ''] = text.split(/\r?\n/, 1);
  if (password !== '') return password;
  throw failure(
    'GENESIS_PASSWORD_FILE',
    path,
    `the password file ${path} begins with an empty line`,
  );
}

async function readSmallFile(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size <= MOST_BYTES) return await readFile(path, 'utf8');
  } catch (cause) {
    const isAbsent = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const message = `${path} ${isAbsent ? 'does not exist' : 'cannot be read'}`;
    throw failure('GENESIS_NODE_DIRECTORY_INCOMPLETE', path, message, cause);
  }
  throw failure('GENESIS_KEY_INVALID', path, `${path} is longer than ${MOST_BYTES} bytes`);
}

function failure(
  code: GenesisFileCode,
  path: string,
  message: string,
  cause?: unknown,
): KeyFileError {
  return new CodedError(message, { code, path }, cause === undefined ? undefined : { cause });
}
