/** Makes cases of the fuzzer from a seed: at which fork, under which rules, with what in them. */
import { createRandom, type Random } from '../../../consensus/testkit/random.ts';
import { type Address, asHash, ZERO_HASH } from '../../../ledger/model/index.ts';
import { type ChainRules, type ForkName, isAtLeast } from '../../chain-rules.ts';
import type { BlockEnvironment } from '../../engine.ts';
import { PRECOMPILE_ADDRESSES } from '../../precompiles/index.ts';
import type { FuzzCase, FuzzContract } from './fuzz-case.ts';
import { BASE_FEE, BENEFICIARY, CONTRACTS, randomAddress, randomBytes, SIGNERS } from './pool.ts';
import { forwarder } from './precompile-call.ts';
import { randomCall } from './random-call.ts';
import { delegatingAccount, randomContract, withRights } from './random-contract.ts';
import { type CorpusEntry, randomTransaction } from './random-transaction.ts';
import { systemPrograms } from './system-programs.ts';

const CHAIN_ID = 20_260n;
const PRECOMPILES: readonly number[] = [...PRECOMPILE_ADDRESSES];

/** Newer forks count more. */
const FORKS: readonly ForkName[] = [
  ...Array<ForkName>(6).fill('osaka'),
  ...Array<ForkName>(4).fill('prague'),
  ...Array<ForkName>(3).fill('cancun'),
  'shanghai',
  'paris',
  'london',
  'berlin',
  'istanbul',
  'petersburg',
  'constantinople',
  'byzantium',
];

/** What a chain may choose; few of them, since each makes an engine of its own at each fork. */
const VARIANTS: readonly Partial<ChainRules>[] = [
  {},
  {},
  { precompileGasFactors: PRECOMPILES.map((address) => ({ address, factor: 2 })) },
  {
    precompileGasFactors: PRECOMPILES.map((address, i) => ({ address, factor: (i % 4) + 1 })),
    zeroBaseFee: true,
    blockReward: 2n,
  },
  { beneficiary: CONTRACTS[0], contractSizeLimit: 23, zeroBaseFee: true },
  { contractSizeLimit: 32, initcodeSizeLimit: 32, blockReward: 2n },
  // A contract that programs write to, clear and destroy says who may send.
  { permissions: { contract: CONTRACTS[1] as Address, from: 0n } },
];

/** The same seed, index and corpus give the same case on every machine. */
export function createCase(
  seed: number,
  index: number,
  corpus: readonly CorpusEntry[] = [],
): FuzzCase {
  const random = createRandom(Math.imul(seed, 0x9e37_79b1) ^ Math.imul(index + 1, 0x85eb_ca6b));
  const fork = random.pick(FORKS);
  const rules = randomRules(random, fork);
  const environment = randomEnvironment(random, fork, rules);
  const entry = corpus.length > 0 && random.chance(0.2) ? random.pick(corpus) : undefined;
  const contracts = CONTRACTS.map((address, i) =>
    withRights(
      random,
      randomContract(random, address, fork, i < 2 ? entry?.runtime : undefined),
      rules,
    ),
  );
  const forwarderAt = random.chance(0.25) ? CONTRACTS.at(-1) : undefined;
  if (forwarderAt !== undefined) {
    contracts.push({ ...(contracts.pop() as FuzzContract), program: forwarder(random) });
  }
  const delegated = isAtLeast(fork, 'prague') && random.chance(0.3);
  if (delegated) contracts.push(delegatingAccount(random, random.pick(SIGNERS).address));
  if (random.chance(0.15)) {
    for (const { address, program } of systemPrograms(random, environment, fork)) {
      contracts.push({ address, program, balance: 0n, nonce: 1n, storage: [] });
    }
  }
  const baseFee = environment.baseFeePerGas ?? 0n;
  const setting = { random, fork, rules, baseFee, entry, forwarderAt, contracts };
  return {
    fork,
    rules,
    environment,
    contracts,
    transactions: Array.from({ length: random.between(1, 4) }, () => randomTransaction(setting)),
    calls: Array.from({ length: random.between(0, 1) }, () => randomCall(setting)),
  };
}

function randomRules(random: Random, fork: ForkName): ChainRules {
  return {
    chainId: CHAIN_ID,
    forks: [{ fork, block: 0n }],
    zeroBaseFee: false,
    hashRule: 'qbft',
    blockReward: 0n,
    beneficiary: undefined,
    ...random.pick(VARIANTS),
  };
}

function randomEnvironment(
  random: Random,
  fork: ForkName,
  { zeroBaseFee }: ChainRules,
): BlockEnvironment {
  const baseFeePerGas = zeroBaseFee || random.chance(0.3) ? 0n : BASE_FEE;
  return {
    number: BigInt(random.between(1, 600)),
    timestamp: 1_700_000_000n,
    parentHash: ZERO_HASH,
    gasLimit: 30_000_000n,
    beneficiary: random.chance(0.9) ? BENEFICIARY : randomAddress(random),
    prevRandao: asHash(randomBytes(random, 32)),
    difficulty: 1n,
    ...(isAtLeast(fork, 'london') && { baseFeePerGas }),
    ...(isAtLeast(fork, 'cancun') && { excessBlobGas: 0n, parentBeaconBlockRoot: ZERO_HASH }),
  };
}
