import assert from 'node:assert/strict';
import { Common, Hardfork, Mainnet } from '@ethereumjs/common';
import { createTxFromRLP } from '@ethereumjs/tx';
import { suite } from 'uvu';
import { addressOf } from '#crypto';
import {
  asAddress,
  asHash,
  bigintToBytes,
  bytesToBigint,
  bytesToHex,
  concatBytes,
  hexToBytes,
} from './bytes.ts';
import { decodeRlp, encodeRlp, type RlpItem } from './rlp.ts';
import { contractAddress, effectiveGasPrice, recoverSender } from './sender.ts';
import { readEthereumTests } from './testkit/fixtures.ts';
import { seededRandom, type TestRandom } from './testkit/seeded-random.ts';
import type { Transaction } from './transaction.ts';
import { decodeTransaction } from './transaction-decoder.ts';
import { signTransaction, type TransactionFields } from './transaction-signer.ts';

const test = suite('ledger/model/transaction');
const KEY = new Uint8Array(32).fill(7);
const GROUP_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

function randomInteger(random: TestRandom, maxBytes: number): bigint {
  return bytesToBigint(random.bytes(random.below(maxBytes + 1)));
}

function randomFields(random: TestRandom, type: Transaction['type']): TransactionFields {
  const creates = type < 3 && random.below(4) === 0;
  const call = {
    chainId: 1n,
    nonce: randomInteger(random, 7),
    gasLimit: randomInteger(random, 8),
    to: creates ? undefined : asAddress(random.bytes(20)),
    value: randomInteger(random, 10),
    data: random.bytes(random.below(3) === 0 ? 0 : random.below(200)),
  };
  const accessList = Array.from({ length: random.below(3) }, () => ({
    address: asAddress(random.bytes(20)),
    storageKeys: Array.from({ length: random.below(3) }, () => random.bytes(32)),
  }));
  const tip = randomInteger(random, 6);
  const fees = { maxPriorityFeePerGas: tip, maxFeePerGas: tip + randomInteger(random, 6) };
  const gasPrice = randomInteger(random, 8);
  if (type === 0) {
    return { ...call, type, gasPrice, chainId: random.below(2) === 0 ? 1n : undefined };
  }
  if (type === 1) return { ...call, type, gasPrice, accessList };
  if (type === 2) return { ...call, ...fees, type, accessList };
  if (type === 3) {
    const versioned = random.bytes(32);
    versioned[0] = 1;
    const blob = { maxFeePerBlobGas: 7n, blobVersionedHashes: [asHash(versioned)] };
    return { ...call, ...fees, ...blob, type, accessList };
  }
  const authorization = {
    chainId: 1n,
    address: asAddress(random.bytes(20)),
    nonce: randomInteger(random, 7),
    yParity: random.below(2),
    r: concatBytes(new Uint8Array(1), random.bytes(31)),
    s: concatBytes(new Uint8Array(1), random.bytes(31)),
  };
  return { ...call, ...fees, type, accessList, authorizationList: [authorization] };
}

/** The items of a signed transaction, for changing one of them. */
function itemsOf(transaction: Transaction): RlpItem[] {
  const list = transaction.type === 0 ? transaction.raw : transaction.raw.subarray(1);
  const decoded = decodeRlp(list);
  assert.ok(decoded.ok && Array.isArray(decoded.item));
  return [...(decoded.item as readonly RlpItem[])];
}

function withItem(transaction: Transaction, index: number, item: RlpItem): Uint8Array {
  const items = itemsOf(transaction);
  items[index] = item;
  return reencode(transaction, items);
}

function reencode(transaction: Transaction, items: readonly RlpItem[]): Uint8Array {
  const list = encodeRlp(items);
  return transaction.type === 0 ? list : concatBytes(Uint8Array.of(transaction.type), list);
}

function codeOf(raw: Uint8Array): string {
  const decoded = decodeTransaction(raw);
  return decoded.ok ? 'ok' : decoded.code;
}

test('the public vectors decode to their hash and sender, or are refused', () => {
  type Result = { hash?: string; sender?: string; exception?: string };
  type Case = { txbytes: string; result: Record<string, Result> };
  /** Valid encodings that the state, a fork's rule or the chain's id refuses later. */
  const later =
    /INTRINSIC_GAS|PRODUCT_OVERFLOW|PRIORITY_GREATER|INITCODE|INVALID_CHAINID|TYPE_1_TX|EC_RECOVERY/;
  for (const { file, content } of readEthereumTests<Case>('TransactionTests')) {
    const result = content.result['Prague'] ?? content.result['Cancun'] ?? content.result['London'];
    assert.ok(result !== undefined, file);
    const decoded = decodeTransaction(hexToBytes(content.txbytes));
    const { exception } = result;
    if (exception === undefined) {
      assert.ok(decoded.ok, file);
      assert.equal(bytesToHex(decoded.transaction.hash), result.hash, file);
      const sender = recoverSender(decoded.transaction);
      assert.equal(sender && bytesToHex(sender), result.sender, file);
    } else if (!later.test(exception)) {
      assert.equal(decoded.ok, false, `${file} ${exception}`);
    } else if (decoded.ok && exception.includes('EC_RECOVERY')) {
      assert.equal(recoverSender(decoded.transaction), undefined, file);
    }
  }
});

test('random transactions of every type agree with @ethereumjs/tx', () => {
  const random = seededRandom('transactions');
  // It asks for a KZG library even where no blob is checked.
  const customCrypto = { kzg: {} as never };
  const common = new Common({ chain: Mainnet, hardfork: Hardfork.Prague, customCrypto });
  for (let i = 0; i < 120; i += 1) {
    const fields = randomFields(random, (i % 5) as Transaction['type']);
    const transaction = signTransaction(fields, KEY);
    const options = { common, allowUnlimitedInitCodeSize: true };
    const oracle = createTxFromRLP(transaction.raw, options);
    assert.deepEqual(transaction.hash, oracle.hash(), random.rerun);
    assert.deepEqual(transaction.signingHash, oracle.getHashedMessageToSign(), random.rerun);
    assert.deepEqual(recoverSender(transaction), addressOf(KEY), random.rerun);
    const { signature, yParity, raw, hash, signingHash, ...rest } = transaction;
    assert.deepEqual(rest, fields, random.rerun);
    assert.deepEqual(decodeTransaction(raw), { ok: true, transaction }, random.rerun);
    assert.equal(oracle.nonce, transaction.nonce);
    assert.equal(signature.length + hash.length + signingHash.length, 128);
    assert.ok(yParity === 0 || yParity === 1);
  }
});

test('a Buffer decodes to plain byte arrays', () => {
  const transaction = signTransaction(randomFields(seededRandom('buffer'), 2), KEY);
  const decoded = decodeTransaction(Buffer.from(transaction.raw));
  assert.deepEqual(decoded, { ok: true, transaction });
});

test('any changed byte changes the hash or is refused, and never throws', () => {
  const random = seededRandom('mutations');
  for (let i = 0; i < 4_000; i += 1) {
    const type = (i % 5) as Transaction['type'];
    const raw = signTransaction(randomFields(random, type), KEY).raw.slice();
    if (random.below(2) === 0) raw[random.below(raw.length)] = random.below(256);
    const cut = random.below(4) === 0 ? raw.subarray(0, random.below(raw.length)) : raw;
    const decoded = decodeTransaction(cut);
    if (!decoded.ok) continue;
    assert.deepEqual(
      reencode(decoded.transaction, itemsOf(decoded.transaction)),
      cut,
      random.rerun,
    );
  }
});

test('each rule about a transaction by itself has its code', () => {
  const random = seededRandom('rules');
  const legacy = signTransaction({ ...randomFields(random, 0), chainId: 5n }, KEY);
  const typed = signTransaction(randomFields(random, 2), KEY);
  const setCode = signTransaction(randomFields(random, 4), KEY);
  const max64 = bigintToBytes(2n ** 64n - 1n);
  const order = bigintToBytes(GROUP_ORDER);
  const highS = bigintToBytes(GROUP_ORDER / 2n + 1n);
  const zero = new Uint8Array(0);
  const cases: readonly (readonly [string, Uint8Array, string])[] = [
    ['nothing', zero, 'MODEL_RLP_TRUNCATED'],
    ['type 0x00', Uint8Array.of(0, 0xc0), 'MODEL_TRANSACTION_TYPE'],
    ['type 5', Uint8Array.of(5, 0xc0), 'MODEL_TRANSACTION_TYPE'],
    ['a string', Uint8Array.of(0x81, 0x80), 'MODEL_TRANSACTION_TYPE'],
    ['trailing byte', concatBytes(legacy.raw, zero, Uint8Array.of(0)), 'MODEL_RLP_TRAILING'],
    ['nonce 2^64 - 1', withItem(legacy, 0, max64), 'MODEL_TRANSACTION_NONCE'],
    ['nonce of 9 bytes', withItem(legacy, 0, new Uint8Array(9).fill(1)), 'MODEL_RLP_INTEGER'],
    ['nonce with a zero', withItem(legacy, 0, Uint8Array.of(0, 1)), 'MODEL_RLP_INTEGER'],
    ['nonce of one zero', withItem(legacy, 0, Uint8Array.of(0)), 'MODEL_RLP_INTEGER'],
    ['price of 33 bytes', withItem(legacy, 1, new Uint8Array(33).fill(1)), 'MODEL_RLP_INTEGER'],
    ['gas of 9 bytes', withItem(legacy, 2, new Uint8Array(9).fill(1)), 'MODEL_RLP_INTEGER'],
    ['to of 19 bytes', withItem(legacy, 3, new Uint8Array(19)), 'MODEL_RLP_LENGTH'],
    ['to is a list', withItem(legacy, 3, []), 'MODEL_RLP_KIND'],
    ['v 26', withItem(legacy, 6, bigintToBytes(26n)), 'MODEL_TRANSACTION_SIGNATURE'],
    ['v 34', withItem(legacy, 6, bigintToBytes(34n)), 'MODEL_TRANSACTION_SIGNATURE'],
    ['v 0', withItem(legacy, 6, zero), 'MODEL_TRANSACTION_SIGNATURE'],
    ['r zero', withItem(legacy, 7, zero), 'MODEL_TRANSACTION_SIGNATURE'],
    ['r the order', withItem(legacy, 7, order), 'MODEL_TRANSACTION_SIGNATURE'],
    ['s zero', withItem(legacy, 8, zero), 'MODEL_TRANSACTION_SIGNATURE'],
    ['s high', withItem(legacy, 8, highS), 'MODEL_TRANSACTION_SIGNATURE'],
    ['eight fields', reencode(legacy, itemsOf(legacy).slice(0, 8)), 'MODEL_RLP_TRUNCATED'],
    ['ten fields', reencode(legacy, [...itemsOf(legacy), zero]), 'MODEL_RLP_LENGTH'],
    ['yParity 2', withItem(typed, 9, Uint8Array.of(2)), 'MODEL_TRANSACTION_SIGNATURE'],
    [
      'key of 31 bytes',
      withItem(typed, 8, [[new Uint8Array(20), [new Uint8Array(31)]]]),
      'MODEL_RLP_LENGTH',
    ],
    ['access list of 3', withItem(typed, 8, [[new Uint8Array(20), [], []]]), 'MODEL_RLP_LENGTH'],
    ['type 4 creates', withItem(setCode, 5, zero), 'MODEL_TRANSACTION_CREATES'],
    ['no authorization', withItem(setCode, 9, []), 'MODEL_TRANSACTION_NO_AUTHORIZATION'],
  ];
  for (const [name, raw, code] of cases) assert.equal(codeOf(raw), code, name);
  assert.equal(codeOf(withItem(legacy, 8, bigintToBytes(GROUP_ORDER / 2n))), 'ok');
});

test('EIP-155: the chain id is read out of v, and signed', () => {
  // The example of EIP-155.
  const fields: TransactionFields = {
    type: 0,
    chainId: 1n,
    nonce: 9n,
    gasPrice: 20_000_000_000n,
    gasLimit: 21_000n,
    to: asAddress(hexToBytes('0x3535353535353535353535353535353535353535')),
    value: 10n ** 18n,
    data: new Uint8Array(0),
  };
  const transaction = signTransaction(fields, new Uint8Array(32).fill(0x46));
  assert.equal(
    bytesToHex(transaction.signingHash),
    '0xdaf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53',
  );
  assert.equal(transaction.raw.at(-67), 37);
  const large = signTransaction({ ...fields, chainId: 2n ** 200n + 1n }, KEY);
  assert.equal(large.chainId, 2n ** 200n + 1n);
  assert.deepEqual(recoverSender(large), addressOf(KEY));
});

test('fields that make no transaction are a RangeError for the signer', () => {
  const fields = randomFields(seededRandom('signer'), 2);
  assert.throws(() => signTransaction({ ...fields, nonce: 2n ** 64n - 1n }, KEY), RangeError);
  assert.throws(() => signTransaction({ ...fields, nonce: -1n }, KEY), RangeError);
  assert.throws(() => signTransaction(fields, new Uint8Array(32)), RangeError);
});

test('contract addresses follow from sender and nonce', () => {
  const sender = asAddress(hexToBytes('0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0'));
  const addresses = [0n, 1n, 128n].map((nonce) => bytesToHex(contractAddress(sender, nonce)));
  assert.equal(addresses[0], '0xcd234a471b72ba2f1ccf0a70fcaba648a5eecd8d');
  assert.equal(addresses[1], '0x343c43a37d37dff08ae8c4a11544c718abb4fcf8');
  assert.equal(new Set(addresses).size, 3);
});

test('the price paid is base fee and tip up to the cap', () => {
  const fields = randomFields(seededRandom('price'), 2);
  const fees = { maxPriorityFeePerGas: 2n, maxFeePerGas: 10n };
  const transaction = signTransaction({ ...fields, ...fees } as TransactionFields, KEY);
  assert.equal(effectiveGasPrice(transaction, 5n), 7n);
  assert.equal(effectiveGasPrice(transaction, 9n), 10n);
  assert.equal(effectiveGasPrice(transaction, undefined), 2n);
  const legacy = signTransaction(randomFields(seededRandom('price'), 0), KEY);
  assert.ok(legacy.type === 0);
  assert.equal(effectiveGasPrice(legacy, 5n), legacy.gasPrice);
});

test.run();
