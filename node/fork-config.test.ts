/** Fork ids against those of mainnet (EIP-2124), and what a node says of forks that came and are to come. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asHash, bytesToHex, hexToBytes } from '../ledger/model/index.ts';
import type { ChainRules } from '../vm/index.ts';
import { forkConfigs } from './fork-config.ts';

const test = suite('node/fork-config');

const MAINNET: ChainRules = {
  chainId: 1n,
  forks: [
    { fork: 'homestead', block: 1_150_000n },
    { fork: 'dao', block: 1_920_000n },
    { fork: 'tangerineWhistle', block: 2_463_000n },
    { fork: 'spuriousDragon', block: 2_675_000n },
    { fork: 'byzantium', block: 4_370_000n },
    { fork: 'constantinople', block: 7_280_000n },
    { fork: 'petersburg', block: 7_280_000n },
    { fork: 'istanbul', block: 9_069_000n },
    { fork: 'muirGlacier', block: 9_200_000n },
    { fork: 'berlin', block: 12_244_000n },
    { fork: 'london', block: 12_965_000n },
    { fork: 'arrowGlacier', block: 13_773_000n },
    { fork: 'grayGlacier', block: 15_050_000n },
    { fork: 'shanghai', timestamp: 1_681_338_455n },
    { fork: 'cancun', timestamp: 1_710_338_135n },
    { fork: 'prague', timestamp: 1_746_612_311n },
  ],
  zeroBaseFee: false,
  blockReward: 0n,
  beneficiary: undefined,
  hashRule: 'plain',
  reference: {
    blobSchedule: [
      {
        fork: 'cancun',
        from: 1_710_338_135n,
        target: 3,
        max: 6,
        baseFeeUpdateFraction: 3_338_477n,
      },
      {
        fork: 'prague',
        from: 1_746_612_311n,
        target: 6,
        max: 9,
        baseFeeUpdateFraction: 5_007_716n,
      },
    ],
  },
};
const GENESIS_HASH = asHash(
  hexToBytes('0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3'),
);

function configsAt(number: bigint, timestamp: bigint, rules = MAINNET, start = 0n) {
  const genesis = {
    hash: GENESIS_HASH,
    rules,
    block: { header: { timestamp: start } },
  } as Parameters<typeof forkConfigs>[0];
  return forkConfigs(genesis, { number, timestamp }, (block) => block);
}

for (const [number, timestamp, id] of [
  [0n, 0n, 0xfc64ec04],
  [1_149_999n, 0n, 0xfc64ec04],
  [1_150_000n, 0n, 0x97c2c34c],
  [1_920_000n, 0n, 0x91d1f948],
  [2_463_000n, 0n, 0x7a64da13],
  [2_675_000n, 0n, 0x3edd5b10],
  [4_370_000n, 0n, 0xa00bc324],
  [7_280_000n, 0n, 0x668db0af],
  [9_069_000n, 0n, 0x879d6e30],
  [9_200_000n, 0n, 0xe029e991],
  [12_244_000n, 0n, 0x0eb440f6],
  [12_965_000n, 0n, 0xb715077d],
  [13_773_000n, 0n, 0x20c327fc],
  [15_050_000n, 0n, 0xf0afd0e3],
  [17_000_000n, 1_681_338_455n, 0xdce96c2d],
  [20_000_000n, 1_710_338_135n, 0x9f3d2254],
  [30_000_000n, 1_746_612_311n, 0xc376cf8b],
] as const) {
  test(`mainnet's fork id at block ${number}, time ${timestamp}`, () => {
    assert.is(configsAt(number, timestamp).current.forkId, id);
  });
}

test('before Cancun nothing is said of blobs, and next and last are what is to come', () => {
  const { current, next, last } = configsAt(17_000_000n, 1_681_338_455n);
  assert.is(current.activationTime, 1_681_338_455n);
  assert.is(current.blobs, undefined);
  assert.equal(current.systemContracts, []);
  assert.is(current.precompiles.length, 9);
  assert.is(next?.activationTime, 1_710_338_135n);
  assert.is(next?.blobs?.max, 6);
  assert.is(next?.precompiles.at(-1)?.[0], 'KZG_POINT_EVALUATION');
  assert.equal(
    next?.systemContracts.map(([name]) => name),
    ['BEACON_ROOTS_ADDRESS'],
  );
  assert.is(last?.activationTime, 1_746_612_311n);
  assert.is(last?.forkId, 0xc376cf8b);
  const deposits = last?.systemContracts.find(([name]) => name === 'DEPOSIT_CONTRACT_ADDRESS');
  assert.is(bytesToHex(deposits?.[1] as Uint8Array), '0x00000000219ab540356cbb839cbe05303d7705fa');
});

test('a fork that came by number came at the time of that block', () => {
  assert.is(configsAt(12_500_000n, 1_000n).current.activationTime, 12_244_000n);
});

test('a chain of ours has all its forks from the start, and neither blobs nor deposits', () => {
  const { reference: _, ...rules } = MAINNET;
  const forks = [{ fork: 'osaka', timestamp: 5n }] as const;
  const { current, next, last } = configsAt(7n, 900n, { ...rules, forks }, 5n);
  assert.is(current.activationTime, 0n);
  assert.is(current.forkId, 0xfc64ec04);
  assert.is(current.blobs, undefined);
  assert.is(current.precompiles.at(-1)?.[0], 'P256VERIFY');
  assert.is(current.systemContracts.length, 4);
  assert.is(next, undefined);
  assert.is(last, undefined);
});

test.run();
