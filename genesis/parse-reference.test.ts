/** G-20: genesis files of chains that are replayed. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesToHex } from '../ledger/model/index.ts';
import { readJsonFixture } from '../ledger/model/testkit/fixtures.ts';
import { parseGenesis } from './parse.ts';
import { parseReferenceGenesis } from './parse-reference.ts';

const test = suite('genesis/parse-reference');

type File = { readonly config: object } & Readonly<Record<string, unknown>>;

/** Go-ethereum's form, from proof of work to blobs. */
const FILE: File = {
  config: {
    chainId: 7,
    homesteadBlock: 0,
    eip150Block: 1,
    eip155Block: 2,
    eip158Block: 2,
    byzantiumBlock: 3,
    londonBlock: 4,
    mergeNetsplitBlock: 5,
    shanghaiTime: 60,
    cancunTime: 70,
    bpo1Time: 80,
    terminalTotalDifficulty: 131_072,
    ethash: {},
    blobSchedule: { bpo1: { target: 10, max: 15, baseFeeUpdateFraction: 8_346_193 } },
  },
  nonce: '0x42',
  timestamp: '0x0',
  extraData: '0x11',
  gasLimit: '0x1388',
  difficulty: '0x20000',
  alloc: {},
  baseFeePerGas: null,
  excessBlobGas: null,
};

function withConfig(change: object): File {
  return { ...FILE, config: { ...FILE.config, ...change } };
}

function accepted(file: unknown) {
  const parsed = parseReferenceGenesis(file);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.message);
  return parsed;
}

/** Codes of the faults. */
function faults(file: unknown): readonly string[] {
  const parsed = parseReferenceGenesis(file);
  return parsed.ok ? [] : parsed.problems.map(({ code }) => code);
}

test('a file of go-ethereum gives forks, blob schedule and a header with any extraData', () => {
  const { genesis, warnings } = accepted(FILE);
  assert.equal(warnings, []);
  assert.is(genesis.hashRule, 'plain');
  assert.is(bytesToHex(genesis.block.header.extraData), '0x11');
  assert.is(genesis.block.header.difficulty, 131_072n);
  assert.equal(genesis.rules.reference?.blobSchedule, [
    { fork: 'cancun', from: 70n, target: 3, max: 6, baseFeeUpdateFraction: 3_338_477n },
    { fork: 'bpo1', from: 80n, target: 10, max: 15, baseFeeUpdateFraction: 8_346_193n },
  ]);
  assert.is(genesis.rules.forks.at(-1)?.fork, 'cancun');
});

test('a chain that starts without proof of work needs no block at which that ended', () => {
  const merged = { mergeNetsplitBlock: undefined, terminalTotalDifficulty: 0 };
  const { config, ...rest } = withConfig(merged);
  const { mergeNetsplitBlock: _, ...forks } = config as Record<string, unknown>;
  const parsed = parseReferenceGenesis({ ...rest, config: { ...forks, londonBlock: 0 } });
  assert.ok(!parsed.ok && parsed.code === 'GENESIS_FORK_ORDER');
  const all = Object.fromEntries(
    Object.entries(forks).map(([key, value]) => [key, /Block$/.test(key) ? 0 : value]),
  );
  const { genesis } = accepted({ ...rest, config: all });
  assert.ok(genesis.rules.forks.some(({ fork, block }) => fork === 'paris' && block === 0n));
  assert.equal(faults({ ...rest, config: { ...forks, terminalTotalDifficulty: 5 } }), [
    'GENESIS_FIELD_MISSING',
  ]);
});

test('what cannot be replayed is refused by name', () => {
  assert.equal(faults(withConfig({ qbft: {} })), ['GENESIS_NOT_REFERENCE']);
  assert.equal(faults(withConfig({ clique: { period: 1 } })), ['GENESIS_NOT_REFERENCE']);
  assert.equal(faults(withConfig({ eip155Block: 1 })), ['GENESIS_FORK_UNSUPPORTED']);
  assert.equal(faults(withConfig({ amsterdamTime: 90 })), ['GENESIS_FORK_UNSUPPORTED']);
  assert.equal(faults(withConfig({ bpo2Time: 90 })), ['GENESIS_FIELD_MISSING']);
  const backwards = { blobSchedule: { bpo1: { target: 9, max: 3, baseFeeUpdateFraction: 1 } } };
  assert.equal(faults(withConfig(backwards)), ['GENESIS_FIELD_INVALID']);
  assert.equal(faults(withConfig({ cancunTime: 90 })), ['GENESIS_FORK_ORDER']);
  assert.equal(faults({ ...FILE, gasLimit: null }), ['GENESIS_FIELD_MISSING']);
  assert.equal(faults(null), ['GENESIS_NOT_AN_OBJECT']);
  assert.equal(faults({}), ['GENESIS_CONFIG_MISSING']);
});

test('such a file is none that a node could run', () => {
  const parsed = parseGenesis(FILE);
  assert.ok(!parsed.ok && parsed.code === 'GENESIS_NOT_QBFT');
});

const fixture = readJsonFixture<File>('execution-apis/genesis.json');
if (fixture !== undefined) {
  test("block 0 of ethereum/execution-apis has its hash, and the DAO's accounts only where the file says so", () => {
    assert.is(
      bytesToHex(accepted(fixture).genesis.hash),
      '0x44fd89d504659cd58f48f4796b77a7e7012cf296a2409afa2f6c3cb99b5b3d99',
    );
    const forksOf = (change: object): readonly string[] =>
      accepted({ ...fixture, config: { ...fixture.config, ...change } }).genesis.rules.forks.map(
        ({ fork }) => fork,
      );
    assert.not.ok(forksOf({ daoForkBlock: 2 }).includes('dao'));
    assert.ok(forksOf({ daoForkBlock: 2, daoForkSupport: true }).includes('dao'));
  });
}

test.run();
