/**
 * Blocks as a Besu QBFT network makes them (vanity of its own, rounds, votes, block rewards, forks on the way),
 * exported, and imported elsewhere with their seals verified; and each part that a seal or a root covers, altered.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Genesis, parseReferenceGenesis } from '../../genesis/index.ts';
import { genesisOf } from '../../genesis/testkit/genesis-of.ts';
import {
  type Block,
  CodedError,
  commitSealHash,
  concatBytes,
  decodeBlock,
  decodeExtraData,
  encodeBlock,
  encodeExtraData,
  type QbftExtraData,
} from '../../ledger/model/index.ts';
import { type Party, party } from '../../ledger/model/testkit/party.ts';
import { temporaryDirectory } from '../../ledger/model/testkit/temporary-directory.ts';
import { besuFile, byAddress, forgeBlocks, sealOf, transfer } from '../testkit/forged-chain.ts';
import { exportBlocks } from './export-blocks.ts';
import { importBlocks } from './import-blocks.ts';
import type { LedgerPlace } from './ledger-files.ts';
import { verifyLedger } from './verify-ledger.ts';

const test = suite('node/maintenance/besu-blocks');

const four = ['one', 'two', 'three', 'four'].map(party).sort(byAddress);
const fifth = party('five');
const rich = party('rich');
const FILE = besuFile(four, rich);

/** Besu writes its version there. */
const VANITY = new Uint8Array(32);
VANITY.set(new TextEncoder().encode('besu 26.7.0'));

const directory = temporaryDirectory();
const genesis = genesisOf(FILE);
const file = join(directory, 'blocks.rlp');
const freshPlace = (): LedgerPlace<Genesis> => ({ dataDir: temporaryDirectory(), genesis });

/** What each block's header says beside what follows from execution. */
const PLAN: readonly Partial<Pick<QbftExtraData, 'round' | 'vote'>>[] = [
  { round: 1 },
  { vote: { recipient: fifth.address, add: true } },
  { vote: { recipient: fifth.address, add: true } },
  { vote: { recipient: fifth.address, add: true }, round: 3 },
  {},
  { vote: { recipient: fifth.address, add: false } },
];

/** Makes the chain of the plan and exports it; three votes of four bring the fifth validator in. */
async function makeChain(): Promise<void> {
  const place = freshPlace();
  const plan = PLAN.map((extra, index) => ({
    validators: index > 3 ? [...four, fifth].sort(byAddress) : four,
    extra: { vanity: VANITY, ...extra },
    transaction: transfer(rich, index, fifth.address),
  }));
  await forgeBlocks(place, plan, rich);
  await exportBlocks({ ...place, file, from: 1n, to: undefined }, () => {});
}

type Importing = { readonly code: string | undefined; readonly reason: string | undefined };

async function importing(bytes: Uint8Array): Promise<Importing & { readonly imported: number }> {
  const place = freshPlace();
  const path = join(place.dataDir, 'blocks.rlp');
  writeFileSync(path, bytes);
  const { signal } = new AbortController();
  try {
    const { imported } = await importBlocks(
      { ...place, file: path, engine: 'fast', keepsRevertReasons: false, signal },
      () => {},
    );
    const report = await verifyLedger(place, () => {});
    assert.equal(report.problems, []);
    return { imported, code: undefined, reason: undefined };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const { reason } = error.detail as { readonly reason?: string };
    return { imported: 0, code: error.code, reason };
  }
}

test('blocks with rounds, votes and a change of validators are imported, their seals verified', async () => {
  await makeChain();
  assert.equal(await importing(readFileSync(file)), {
    imported: PLAN.length,
    code: undefined,
    reason: undefined,
  });
});

function blocks(): readonly Block[] {
  const bytes = new Uint8Array(readFileSync(file));
  const found: Block[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = (bytes[at] as number) - 0xf7;
    let length = 0;
    for (let i = 1; i <= size; i += 1) length = length * 256 + (bytes[at + i] as number);
    const end = at + 1 + size + length;
    const decoded = decodeBlock(bytes.subarray(at, end));
    assert.ok(decoded.ok);
    found.push(decoded.block);
    at = end;
  }
  return found;
}

/** The file with one block's extraData changed. */
function withExtra(
  at: number,
  change: (extra: QbftExtraData) => Partial<QbftExtraData>,
): Uint8Array {
  return concatBytes(
    ...blocks().map((block, index) => {
      const decoded = decodeExtraData(block.header.extraData);
      assert.ok(decoded.ok);
      const { extraData } = decoded;
      const changed = index === at ? { ...extraData, ...change(extraData) } : extraData;
      const header = { ...block.header, extraData: encodeExtraData(changed) };
      return encodeBlock({ ...block, header });
    }),
  );
}

test('seals in another order, or more of them, make the same block', async () => {
  const turned = withExtra(0, ({ seals }) => ({ seals: seals.toReversed() }));
  assert.is((await importing(turned)).imported, PLAN.length);
  const [first] = blocks();
  const missing = four.find((one) => !four.toReversed().slice(0, 3).includes(one)) as Party;
  const all = withExtra(0, ({ seals }) => ({
    seals: [...seals, sealOf(commitSealHash((first as Block).header), missing)],
  }));
  assert.is((await importing(all)).imported, PLAN.length);
});

test('what a seal covers cannot be altered, and seals cannot be made up', async () => {
  const stranger = party('stranger');
  const [first] = blocks();
  const digest = commitSealHash((first as Block).header);
  const cases: readonly (readonly [what: string, Uint8Array])[] = [
    ['too few seals', withExtra(0, ({ seals }) => ({ seals: seals.slice(1) }))],
    ['one seal twice', withExtra(0, ({ seals: [a, b] }) => ({ seals: [a, b, b] as Uint8Array[] }))],
    [
      'the seal of a stranger',
      withExtra(0, ({ seals }) => ({ seals: [...seals.slice(1), sealOf(digest, stranger)] })),
    ],
    [
      'a bit of a seal',
      withExtra(0, ({ seals: [a, ...more] }) => ({
        seals: [(a as Uint8Array).map((byte, at) => (at === 40 ? byte ^ 1 : byte)), ...more],
      })),
    ],
    ['another round', withExtra(0, () => ({ round: 2 }))],
    ['another vanity', withExtra(0, () => ({ vanity: new Uint8Array(32) }))],
    ['no vote', withExtra(1, () => ({ vote: undefined }))],
    ['the opposite vote', withExtra(2, () => ({ vote: { recipient: fifth.address, add: false } }))],
    [
      'the fifth validator before it is voted in',
      withExtra(3, () => ({
        validators: [...four, fifth].sort(byAddress).map((one) => one.address),
      })),
    ],
    [
      'no fifth validator',
      withExtra(4, () => ({ validators: four.map(({ address }) => address) })),
    ],
  ];
  for (const [what, bytes] of cases) {
    const { code, reason } = await importing(bytes);
    assert.is(code, 'NODE_IMPORT_REFUSED', what);
    assert.match(reason ?? '', 'CONSENSUS_', what);
  }
});

test('a body that is not the sealed one is refused', async () => {
  const [first, ...more] = blocks();
  const emptied = [{ ...(first as Block), transactions: [] }, ...more];
  const { reason } = await importing(concatBytes(...emptied.map(encodeBlock)));
  assert.is(reason, 'NODE_BODY_MISMATCH');
});

test('they are blocks of no other genesis, and seals cannot be left aside by a reference import', async () => {
  const replayed = parseReferenceGenesis(FILE);
  assert.ok(!replayed.ok && replayed.code === 'GENESIS_NOT_REFERENCE');
  const other = genesisOf({ ...FILE, timestamp: '0x58ee40bb' });
  const place = { dataDir: freshPlace().dataDir, genesis: other };
  const { signal } = new AbortController();
  const options = { file, engine: 'fast', keepsRevertReasons: false, signal } as const;
  const refused = await importBlocks({ ...place, ...options }, () => {}).catch(
    (error: unknown) => error,
  );
  assert.ok(refused instanceof CodedError && refused.code === 'NODE_IMPORT_REFUSED');
});

test.run();
