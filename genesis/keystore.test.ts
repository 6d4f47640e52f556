/** Keystores against the public test vectors and other programs, and everything that is none. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ethers } from 'ethers';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addressOf, keccak256 } from '#crypto';
import { bytesToHex } from '../ledger/model/index.ts';
import { temporaryDirectory } from '../ledger/model/testkit/temporary-directory.ts';
import { decryptKey, encryptKey, isKeystore } from './keystore.ts';

const test = suite('genesis/keystore');
const CAST = fileURLToPath(new URL('../node_modules/.bin/cast', import.meta.url));
const VECTORS = join(
  process.env['EHB_FIXTURES'] ?? '../shared/fixtures',
  'ethereum-tests',
  'KeyStoreTests.ndjson',
);
const KEY = keccak256(new TextEncoder().encode('a key'));
const PASSWORD = 'correct horse: battery';
/** Of scrypt: nothing depends on these keys. */
const CHEAP = 2 ** 10;

/** The key, or the code of the refusal. */
async function opened(text: string, password: string): Promise<string> {
  const result = await decryptKey(text, password);
  return result.ok ? bytesToHex(result.key) : result.code;
}

type Json = { [key: string]: unknown };
type Keystore = Json & { readonly crypto: Json & { readonly kdfparams: Json } };

/** A keystore with other values at some paths (`crypto.kdfparams.n`). */
async function altered(changes: Json): Promise<string> {
  const keystore = JSON.parse(await encryptKey(KEY, PASSWORD, CHEAP)) as Keystore;
  for (const [path, value] of Object.entries(changes)) {
    const names = path.split('.');
    const last = names.pop() as string;
    let at: Json = keystore;
    for (const name of names) at = at[name] as Json;
    at[last] = value;
  }
  return JSON.stringify(keystore);
}

test('G-17: a key comes back with its password and with no other', async () => {
  const text = await encryptKey(KEY, PASSWORD, CHEAP);
  assert.ok(isKeystore(text));
  assert.is(text.includes(bytesToHex(KEY).slice(2)), false);
  assert.is(await opened(text, PASSWORD), bytesToHex(KEY));
  for (const wrong of ['', 'correct horse: batterz', `${PASSWORD} `]) {
    assert.is(await opened(text, wrong), 'GENESIS_PASSWORD_WRONG');
  }
  assert.is.not(await encryptKey(KEY, PASSWORD, CHEAP), text, 'another salt each time');
});

test('the parameters are those of go-ethereum: 256 MiB of scrypt, AES-128-CTR', async () => {
  const { version, address, crypto } = JSON.parse(await encryptKey(KEY, PASSWORD)) as Keystore;
  assert.is(version, 3);
  assert.is(`0x${address}`, bytesToHex(addressOf(KEY)));
  assert.is(crypto['cipher'], 'aes-128-ctr');
  assert.is(crypto['kdf'], 'scrypt');
  const { n, r, p, dklen } = crypto.kdfparams;
  assert.equal([n, r, p, dklen], [262_144, 8, 1, 32]);
});

if (existsSync(VECTORS)) {
  type Vector = { readonly json: object; readonly password: string; readonly priv: string };
  const files = readFileSync(VECTORS, 'utf8').trim().split('\n');
  const vectors = files.flatMap((line) =>
    Object.entries((JSON.parse(line) as { content: Record<string, Vector> }).content),
  );
  assert.ok(vectors.length > 0);
  for (const [name, { json, password, priv }] of vectors) {
    test(`the public vector ${name} opens`, async () => {
      assert.is(await opened(JSON.stringify(json), password), `0x${priv}`);
    });
  }
} else console.log('fixtures absent');

test('ethers opens ours, and we open what it writes', async () => {
  for (const password of [PASSWORD, 'ﬁne ① pässwörd']) {
    const ours = await ethers.Wallet.fromEncryptedJson(
      await encryptKey(KEY, password.normalize('NFKC'), CHEAP),
      password,
    );
    assert.is(ours.privateKey, bytesToHex(KEY));
    const account = { address: ours.address, privateKey: ours.privateKey };
    const theirs = ethers.encryptKeystoreJsonSync(account, password, { scrypt: { N: CHEAP } });
    assert.is(await opened(theirs, password), bytesToHex(KEY), password);
  }
});

test('cast opens ours, and we open what it writes', async () => {
  const run = promisify(execFile);
  const directory = temporaryDirectory();
  const key = bytesToHex(KEY);
  await run(process.execPath, [
    ...[CAST, 'wallet', 'import', 'theirs', '--keystore-dir', directory],
    ...['--private-key', key, '--unsafe-password', PASSWORD],
  ]);
  assert.equal(await readdir(directory), ['theirs']);
  assert.is(await opened(readFileSync(join(directory, 'theirs'), 'utf8'), PASSWORD), key);
  const file = join(directory, 'ours');
  await writeFile(file, await encryptKey(KEY, PASSWORD, CHEAP));
  const options = ['--keystore', file, '--password', PASSWORD];
  const { stdout } = await run(process.execPath, [CAST, 'wallet', 'address', ...options]);
  assert.is(stdout.trim().toLowerCase(), bytesToHex(addressOf(KEY)));
});

const INVALID = 'GENESIS_KEYSTORE_INVALID';
const UNSUPPORTED = 'GENESIS_KEYSTORE_UNSUPPORTED';
const SLOW = { 'crypto.kdf': 'pbkdf2', 'crypto.kdfparams.prf': 'hmac-sha256' };

const REFUSED: readonly (readonly [title: string, code: string, changes: Json])[] = [
  ['version 1', UNSUPPORTED, { version: 1 }],
  ['a list for crypto', INVALID, { crypto: [] }],
  ['another cipher', UNSUPPORTED, { 'crypto.cipher': 'rc4' }],
  ['a short iv', INVALID, { 'crypto.cipherparams.iv': '00' }],
  ['no ciphertext', INVALID, { 'crypto.ciphertext': '' }],
  ['a mac of words', INVALID, { 'crypto.mac': 'mac' }],
  ['a number for a salt', INVALID, { 'crypto.kdfparams.salt': 7 }],
  ['argon2', UNSUPPORTED, { 'crypto.kdf': 'argon2' }],
  ['n of 1000', INVALID, { 'crypto.kdfparams.n': 1_000 }],
  ['a negative n', INVALID, { 'crypto.kdfparams.n': -2 }],
  ['n of 2^30', UNSUPPORTED, { 'crypto.kdfparams.n': 2 ** 30 }],
  ['r of 2^30', UNSUPPORTED, { 'crypto.kdfparams.r': 2 ** 30 }],
  ['p of 1000', UNSUPPORTED, { 'crypto.kdfparams.p': 1_000 }],
  ['a long dklen', UNSUPPORTED, { 'crypto.kdfparams.dklen': 64 }],
  ['2^30 rounds of pbkdf2', UNSUPPORTED, { ...SLOW, 'crypto.kdfparams.c': 2 ** 30 }],
  ['pbkdf2 without rounds', UNSUPPORTED, { ...SLOW, 'crypto.kdfparams.c': 0 }],
  ['the address of another key', INVALID, { address: '11'.repeat(20) }],
  ['another ciphertext', 'GENESIS_PASSWORD_WRONG', { 'crypto.ciphertext': '00'.repeat(32) }],
];

for (const [title, code, changes] of REFUSED) {
  test(`a keystore with ${title} is refused with ${code}`, async () => {
    assert.is(await opened(await altered(changes), PASSWORD), code);
  });
}

test('what is no keystore is refused, of any size', async () => {
  for (const text of ['', '{', '[]', 'null', '{"version":3}', `{"a":"${'x'.repeat(20_000)}"}`]) {
    assert.is(await opened(text, PASSWORD), INVALID, text.slice(0, 20));
  }
});

test('a keystore that is cut or changed anywhere never gives another key', async () => {
  const text = await encryptKey(KEY, PASSWORD, CHEAP);
  for (let at = 0; at < text.length; at += 5) {
    assert.is.not(await opened(text.slice(0, at), PASSWORD), bytesToHex(KEY));
    const other = text.slice(0, at) + (text[at] === '0' ? '1' : '0') + text.slice(at + 1);
    const result = await opened(other, PASSWORD);
    assert.ok(/^GENESIS_/.test(result) || result === bytesToHex(KEY), result);
  }
});

test.run();
