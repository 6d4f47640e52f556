// time-limit: 300 s
/** L-32, L-33: a store made from a snapshot is the one that it was taken from, and none is made from a wrong one. */
import { mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { keccak256 } from '#crypto';
import {
  type Address,
  asAddress,
  bytesToHex,
  concatBytes,
  decodeHeader,
  encodeHeader,
  type StateReader,
} from '../../model/index.ts';
import { refusalOf } from '../../model/testkit/refusal.ts';
import { seededRandom } from '../../model/testkit/seeded-random.ts';
import { temporaryDirectory } from '../../model/testkit/temporary-directory.ts';
import type { ChainStore } from '../chain-store.ts';
import { chunksOf, encodeChunk } from '../chunk-file.ts';
import { openStore, type StoreOptions } from '../open-store.ts';
import { funds, next, optionsAt } from '../testkit/small-chain.ts';
import {
  growLedger,
  LEDGER_ADDRESSES,
  LEDGER_SLOTS,
  ledgerOptions,
  verifyLedger,
  wholeBlock,
} from '../testkit/whole-ledger.ts';
import { loadSnapshot } from './load-snapshot.ts';
import { decodePiece, encodePiece, type Piece } from './pieces.ts';
import {
  crcOf,
  encodeSnapshotHeader,
  readSnapshotHeader,
  SNAPSHOT_HEADER_LENGTH,
} from './snapshot-file.ts';

const test = suite('ledger/store/snapshot');
const HEAD = 30;

let directory: string;
let origin: ChainStore;
let file: string;
let made = 0;

test.before(async () => {
  directory = temporaryDirectory();
  await growLedger(join(directory, 'origin'), HEAD);
  origin = await openStore(ledgerOptions(join(directory, 'origin')));
  file = join(directory, 'head.snapshot');
  const summary = await origin.snapshot(file, () => {});
  assert.is(summary.height, BigInt(HEAD));
});
test.after(async () => {
  await origin.close();
});

const freshPath = (): string => {
  made += 1;
  return join(directory, `store-${made}`);
};

function load(options: StoreOptions, from: string, fault?: string): Promise<object> {
  const { path, genesis, hashRule } = options;
  const createHeaderCheck = async () => async () => fault;
  return loadSnapshot({ path, genesis, hashRule, file: from, createHeaderCheck }, () => {});
}

async function problems(options: StoreOptions): Promise<readonly object[]> {
  return (await verifyLedger(options)).problems;
}

function contents(state: StateReader | undefined): readonly string[] {
  assert.ok(state !== undefined);
  return LEDGER_ADDRESSES.flatMap((address) => {
    const account = state.account(address);
    const code = account && bytesToHex(state.code(account.codeHash));
    const slots = LEDGER_SLOTS.map((slot) => bytesToHex(state.storage(address, slot)));
    return [`${account?.nonce} ${account?.balance} ${code} ${slots.join()}`];
  });
}

test('a store made from it has the head, its state and all headers, knows no more, and is sound', async () => {
  const options = ledgerOptions(freshPath());
  await load(options, file);
  assert.equal(await problems(options), []);
  const store = await openStore(options);
  const head = BigInt(HEAD);
  assert.equal(store.head().hash, origin.head().hash);
  assert.equal(contents(store.stateAt(head)), contents(origin.stateAt(head)));
  assert.equal(store.block(head), origin.block(head));
  assert.equal(store.receipts(head), origin.receipts(head));
  for (let number = 0n; number <= head; number += 1n) {
    assert.equal(store.header(number), origin.header(number));
    assert.equal(store.hashOf(number), origin.hashOf(number));
  }
  assert.equal(store.oldest(), { state: head, bodies: head });
  assert.throws(() => store.stateAt(head - 1n), 'pruned');
  assert.throws(() => store.block(head - 1n), 'pruned');
  const address = LEDGER_ADDRESSES[3] as Address;
  const request = { address, slots: LEDGER_SLOTS, at: head };
  assert.equal(await store.prove(request), await origin.prove(request));
  await store.close();
});

test('it goes on as the one that it was taken from', async () => {
  const path = freshPath();
  await growLedger(path, HEAD);
  const options = ledgerOptions(freshPath());
  await load(options, file);
  const [old, young] = [await openStore(ledgerOptions(path)), await openStore(options)];
  const seed = process.env['SEED'] ?? String(Date.now());
  const random = seededRandom(seed);
  for (let step = 0; step < 25; step += 1) {
    const block = wholeBlock(old, random);
    await old.write(block);
    await young.write(block);
    const { number } = old.head().header;
    assert.equal(contents(young.stateAt(number)), contents(old.stateAt(number)), `SEED=${seed}`);
  }
  await young.close();
  await old.close();
  assert.equal(await problems(options), []);
});

test('a state of thousands comes in parts that each prove themselves', async () => {
  const addresses = Array.from({ length: 2500 }, (_, index) =>
    asAddress(keccak256(new Uint8Array([index >> 8, index & 0xff])).slice(0, 20)),
  ).sort(Buffer.compare);
  const many = Array.from({ length: 1500 }, (_, index): [Uint8Array, number] => {
    const slot = new Uint8Array(32);
    new DataView(slot.buffer).setUint32(28, index);
    return [slot, 1 + (index % 200)];
  });
  const accounts = addresses.map((address, index) =>
    funds(address, BigInt(index), index % 1000 === 7 ? many : []),
  );
  const from = optionsAt(freshPath(), { accounts, codes: [] });
  const store = await openStore(from);
  await store.write(next(store, [funds(addresses[0] as Address, 12n)]));
  const large = join(directory, 'large.snapshot');
  await store.snapshot(large, () => {});
  const pieces = await piecesOf(large, from);
  assert.is(pieces.filter(({ kind }) => kind === 'accounts').length, 16);
  assert.is(pieces.filter(({ kind }) => kind === 'slots').length, 3 * 16);
  const to = optionsAt(freshPath(), { accounts, codes: [] });
  await load(to, large);
  assert.equal(await problems(to), []);
  await store.close();
});

async function piecesOf(from: string, { genesis }: StoreOptions): Promise<readonly Piece[]> {
  const handle = await open(from, 'r');
  const { crc } = await readSnapshotHeader(handle, from, genesis.hash);
  const pieces: Piece[] = [];
  for await (const { payload } of chunksOf(
    handle,
    { seed: crc, start: SNAPSHOT_HEADER_LENGTH },
    RangeError,
  )) {
    const piece = decodePiece(payload);
    if (piece !== undefined) pieces.push(piece);
  }
  await handle.close();
  return pieces;
}

/** A whole file of other pieces: its checksums are right. */
async function forged(pieces: readonly Piece[]): Promise<string> {
  const { header, hash } = origin.head();
  const { genesis } = ledgerOptions('');
  const head = encodeSnapshotHeader({ genesisHash: genesis.hash, number: header.number, hash });
  let crc = crcOf(head);
  const chunks = [...pieces.map(encodePiece), new Uint8Array(0)].map((payload) => {
    const chunk = encodeChunk(payload, crc);
    crc = chunk.crc;
    return chunk.bytes;
  });
  made += 1;
  const path = join(directory, `forged-${made}`);
  await writeFile(path, concatBytes(head, ...chunks));
  return path;
}

test('no part of it can be left out, moved, repeated or altered, whatever its checksums say', async () => {
  const pieces = await piecesOf(file, ledgerOptions(''));
  const refused = async (what: string, changed: readonly Piece[]): Promise<void> => {
    const path = freshPath();
    const code = await refusalOf(load(ledgerOptions(path), await forged(changed)));
    assert.is(code, 'STORE_SNAPSHOT_INVALID', what);
    const left = await readdir(path).catch(() => 'nothing');
    assert.is(left, 'nothing', `${what}: nothing is left behind`);
  };
  const whole = ledgerOptions(freshPath());
  await load(whole, await forged(pieces));
  // Slots of one account after the other: a few stand for all.
  const chosen = [...pieces.entries()].filter(([at]) => at < 6 || at > pieces.length - 4);
  for (const [index, piece] of chosen) {
    await refused(`without piece ${index}, ${piece.kind}`, pieces.toSpliced(index, 1));
    await refused(`piece ${index} twice`, pieces.toSpliced(index, 0, piece));
    const after = pieces[index + 1];
    if (after !== undefined) {
      await refused(`piece ${index} behind the next`, pieces.toSpliced(index, 2, after, piece));
    }
    for (const [what, altered] of alterations(piece)) {
      await refused(`${piece.kind} ${index}: ${what}`, pieces.with(index, altered));
    }
  }
});

function flipped(bytes: Uint8Array, at = bytes.length - 1): Uint8Array {
  return bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
}

function* alterations(piece: Piece): Generator<readonly [what: string, Piece]> {
  switch (piece.kind) {
    case 'headers': {
      const [first, ...more] = piece.headers;
      const decoded = decodeHeader(first as Uint8Array);
      assert.ok(decoded.ok);
      const other = encodeHeader({ ...decoded.header, gasUsed: decoded.header.gasUsed + 1n });
      yield ['another header', { ...piece, headers: [other, ...more] }];
      yield ['without the first', { ...piece, headers: more }];
      yield ['without the last', { ...piece, headers: piece.headers.slice(0, -1) }];
      yield ['no header', { ...piece, headers: [Uint8Array.of(0xc0)] }];
      return;
    }
    case 'head':
      yield ['another block', { ...piece, block: flipped(piece.block, 40) }];
      yield ['one receipt more', { ...piece, receipts: [...piece.receipts, Uint8Array.of(0xc0)] }];
      return;
    case 'codes':
      yield ['other code', { ...piece, codes: piece.codes.map((code) => flipped(code)) }];
      yield ['more code', { ...piece, codes: [...piece.codes, Uint8Array.of(1)] }];
      return;
    default: {
      const [first, ...more] = piece.entries;
      if (first === undefined) return;
      yield ['an entry less', { ...piece, entries: more }];
      yield ['another value', { ...piece, entries: [[first[0], flipped(first[1])], ...more] }];
      yield ['another key', { ...piece, entries: [[flipped(first[0]), first[1]], ...more] }];
      yield ['the first twice', { ...piece, entries: [first, ...piece.entries] }];
      if (more.length > 0) yield ['turned', { ...piece, entries: piece.entries.toReversed() }];
    }
  }
}

test('headers that fail the check of their seals are refused', async () => {
  assert.is(
    await refusalOf(load(ledgerOptions(freshPath()), file, 'no quorum has sealed it')),
    'STORE_SNAPSHOT_INVALID',
  );
});

test('a file that is cut, has a wrong byte, or is of another chain is refused', async () => {
  const bytes = new Uint8Array(await readFile(file));
  const wrong = join(directory, 'wrong');
  const refusal = async (content: Uint8Array): Promise<string> => {
    await writeFile(wrong, content);
    return await refusalOf(load(ledgerOptions(freshPath()), wrong));
  };
  for (const end of [0, 40, SNAPSHOT_HEADER_LENGTH, bytes.length >> 1, bytes.length - 1]) {
    assert.is(await refusal(bytes.subarray(0, end)), 'STORE_SNAPSHOT_INVALID', `${end} bytes`);
  }
  for (let at = 0; at < bytes.length; at += 997) {
    assert.is(await refusal(flipped(bytes, at)), 'STORE_SNAPSHOT_INVALID', `byte ${at}`);
  }
  assert.is(await refusal(concatBytes(bytes, Uint8Array.of(0))), 'STORE_SNAPSHOT_INVALID');
  const other = optionsAt(freshPath());
  assert.is(await refusalOf(load(other, file)), 'STORE_SNAPSHOT_FOREIGN');
});

test('it is written over nothing, and loaded over nothing but what a load that died has left', async () => {
  assert.is(await refusalOf(origin.snapshot(file, () => {})), 'STORE_SNAPSHOT_UNWRITABLE');
  const used = freshPath();
  await growLedger(used, 1);
  assert.is(await refusalOf(load(ledgerOptions(used), file)), 'STORE_NOT_EMPTY');
  const died = freshPath();
  await mkdir(died);
  for (const name of ['EHB-LOADING', 'CURRENT', '000003.log']) {
    await writeFile(join(died, name), 'x');
  }
  await load(ledgerOptions(died), file);
  assert.equal(await problems(ledgerOptions(died)), []);
  const empty = await openStore(ledgerOptions(freshPath()));
  const none = empty.snapshot(join(directory, 'none'), () => {});
  assert.is(await refusalOf(none), 'STORE_SNAPSHOT_UNWRITABLE');
  await empty.close();
});

test.run();
