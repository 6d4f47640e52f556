/** One case of the differential fuzzer: a small world, a block of transactions and some calls, from a seed. */
import { keccak256, sign } from '#crypto';
import { createRandom, type Random } from '../../../consensus/testkit/random.ts';
import {
  type Address,
  asHash,
  bigintToBytes,
  concatBytes,
  encodeRlp,
  type StateOverride,
  signTransaction,
  type TransactionFields,
  ZERO_ADDRESS,
  ZERO_HASH,
} from '../../../ledger/model/index.ts';
import type { Party } from '../../../ledger/model/testkit/party.ts';
import { type ChainRules, type ForkName, isAtLeast } from '../../chain-rules.ts';
import type { BlockEnvironment, CallRequest, SignedTransaction } from '../../engine.ts';
import { RIGHTS } from '../../permissions.ts';
import { PRECOMPILE_ADDRESSES } from '../../precompiles/index.ts';
import { leastGas } from '../../transaction-rules.ts';
import type { Allocation } from '../memory-state.ts';
import { mutate } from './mutate.ts';
import { BENEFICIARY, CONTRACTS, randomAddress, randomBytes, randomWord, SIGNERS } from './pool.ts';
import {
  forwarded,
  forwarder,
  precompileAddress,
  precompileInput,
  randomPrecompile,
} from './precompile-call.ts';
import { initcode, type Program, randomProgram } from './program.ts';
import { systemPrograms } from './system-programs.ts';

const CHAIN_ID = 20_260n;
const BASE_FEE = 7n;
const PRECOMPILES: readonly number[] = [...PRECOMPILE_ADDRESSES];

export type FuzzContract = {
  readonly address: Address;
  readonly program: Program;
  readonly balance: bigint;
  readonly nonce: bigint;
  readonly storage: readonly { readonly slot: Uint8Array; readonly value: Uint8Array }[];
};

/** A transaction before it has a nonce: minimising leaves some out, so nonces are counted at the end. */
export type FuzzTransaction = {
  readonly from: Party;
  readonly fields: TransactionFields;
  /** Not zero: a nonce that is wrong by so much. */
  readonly nonceOffset: bigint;
};

/** A call with what it supposes about the state. */
export type FuzzCall = CallRequest & { readonly overrides?: readonly StateOverride[] };

export type FuzzCase = {
  readonly fork: ForkName;
  readonly rules: ChainRules;
  readonly environment: BlockEnvironment;
  readonly contracts: readonly FuzzContract[];
  readonly transactions: readonly FuzzTransaction[];
  readonly calls: readonly FuzzCall[];
};

/** Bytecode and selectors of a real contract. */
export type CorpusEntry = {
  readonly name: string;
  readonly runtime: Uint8Array;
  readonly selectors: readonly Uint8Array[];
};

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

/** What the parts of a case are drawn from. */
type Setting = {
  readonly random: Random;
  readonly fork: ForkName;
  readonly rules: ChainRules;
  readonly baseFee: bigint;
  readonly entry: CorpusEntry | undefined;
  /** Where `forwarder` is, if anywhere. */
  readonly forwarderAt: Address | undefined;
  readonly contracts: readonly FuzzContract[];
};

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
    withRights(random, randomContract(random, address, fork, i < 2 ? entry : undefined), rules),
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

function randomContract(
  random: Random,
  address: Address,
  fork: ForkName,
  entry: CorpusEntry | undefined,
): FuzzContract {
  const program =
    entry !== undefined
      ? mutate(random, entry.runtime)
      : randomProgram(random, random.between(1, 24));
  const slots = random.between(0, 3);
  return {
    address,
    program,
    balance: random.chance(0.5) ? BigInt(random.between(0, 10)) : 0n,
    nonce: isAtLeast(fork, 'spuriousDragon') ? 1n : 0n,
    storage: Array.from({ length: slots }, (_, i) => ({
      slot: word(BigInt(i)),
      value: bigintToBytes(BigInt(random.between(1, 2))),
    })),
  };
}

/** Everyone may send and deploy at first, or little would run; half of the contracts do nothing but change that. */
function withRights(
  random: Random,
  contract: FuzzContract,
  { permissions }: ChainRules,
): FuzzContract {
  if (permissions?.contract !== contract.address) return contract;
  const rights = Uint8Array.of(RIGHTS.send | RIGHTS.deploy);
  // PUSH1 rights, PUSH1 1, SSTORE, STOP
  const change = [[0x60, random.between(0, 3)], [0x60, 1], [0x55], [0x00]].map((each) =>
    Uint8Array.from(each),
  );
  return {
    ...contract,
    program: random.chance(0.5) ? change : contract.program,
    storage: [{ slot: word(1n), value: rights }],
  };
}

/** EIP-7702: an account whose code names a contract. */
function delegatingAccount(random: Random, address: Address): FuzzContract {
  const code = concatBytes(Uint8Array.of(0xef, 0x01, 0x00), randomAddress(random));
  return { address, program: [code], balance: 10n ** 18n, nonce: 0n, storage: [] };
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

function randomTransaction(setting: Setting): FuzzTransaction {
  const { random, fork, baseFee } = setting;
  const { to, data } = randomTarget(setting);
  const accessList = random.chance(0.3) ? randomAccessList(random) : [];
  const chainId = random.chance(0.01) ? 1n : CHAIN_ID;
  const common = { chainId, nonce: 0n, value: smallValue(random), data };
  const type = random.pick(typesAt(random, fork, to));
  const priority = BigInt(random.between(0, 2));
  const price = random.chance(0.03) ? 0n : baseFee + priority;
  const fees = { maxFeePerGas: price, maxPriorityFeePerGas: priority > price ? price : priority };
  const authorizationList =
    type === 4 ? Array.from({ length: random.between(1, 4) }, () => authorization(random)) : [];
  const priced = { to, data, accessList: type === 0 ? [] : accessList, authorizationList };
  const { intrinsic, floor } = leastGas(priced, fork);
  // What the forwarder keeps of an outcome costs some 100 000.
  const more = to !== undefined && to === setting.forwarderAt && random.chance(0.9) ? 400_000n : 0n;
  const gasLimit = randomGas(random, intrinsic, floor) + more;
  const from = random.pick(SIGNERS);
  const nonceOffset = random.chance(0.02) ? random.pick([-1n, 1n]) : 0n;
  const target = to ?? random.pick(CONTRACTS);
  let fields: TransactionFields;
  if (type === 0) {
    const signedFor = random.chance(0.1) ? undefined : chainId;
    fields = { type, ...common, chainId: signedFor, to, gasLimit, gasPrice: price };
  } else if (type === 1) fields = { type, ...common, to, gasLimit, gasPrice: price, accessList };
  else if (type === 2) fields = { type, ...common, to, gasLimit, ...fees, accessList };
  else if (type === 3) {
    fields = { type, ...common, to: target, gasLimit, ...fees, accessList, ...blobs(random) };
  } else {
    fields = { type, ...common, to: target, gasLimit, ...fees, accessList, authorizationList };
  }
  return { from, fields, nonceOffset };
}

/** Whom a transaction calls, with what; nobody: what it creates. */
function randomTarget({ random, fork, rules, entry, forwarderAt, contracts }: Setting): {
  readonly to: Address | undefined;
  readonly data: Uint8Array;
} {
  if (random.chance(0.1)) return { to: undefined, data: initcode(random) };
  if (forwarderAt !== undefined && random.chance(0.7)) {
    return { to: forwarderAt, data: forwarded(random, fork, rules) };
  }
  if (random.chance(0.03)) {
    const number = randomPrecompile(random);
    return { to: precompileAddress(number), data: precompileInput(random, number) };
  }
  const to = random.chance(0.8) ? random.pick(contracts).address : randomAddress(random);
  return { to, data: calldata(random, entry) };
}

/** Types that the fork has, and now and then one that it has not. */
function typesAt(random: Random, fork: ForkName, to: Address | undefined): (0 | 1 | 2 | 3 | 4)[] {
  const all = random.chance(0.02);
  return [
    0,
    ...(all || isAtLeast(fork, 'berlin') ? [1 as const] : []),
    ...(all || isAtLeast(fork, 'london') ? [2 as const, 2 as const] : []),
    ...(to !== undefined && (all || isAtLeast(fork, 'prague')) ? [4 as const] : []),
    ...(to !== undefined && random.chance(0.1) && (all || isAtLeast(fork, 'cancun'))
      ? [3 as const]
      : []),
  ];
}

function blobs(random: Random) {
  const hashes = Array.from({ length: random.between(0, 3) }, () =>
    asHash(concatBytes(Uint8Array.of(random.chance(0.9) ? 1 : 2), randomBytes(random, 31))),
  );
  return { maxFeePerBlobGas: BigInt(random.between(0, 2)), blobVersionedHashes: hashes };
}

/** At the edge of what the transaction costs anyway, or some way beyond. */
function randomGas(random: Random, intrinsic: bigint, floor: bigint): bigint {
  const least = intrinsic > floor ? intrinsic : floor;
  const kind = random.between(0, 19);
  if (kind < 1) return least - 1n;
  if (kind < 3) return least + BigInt(random.between(0, 3_000));
  if (kind < 15) return least + BigInt(random.between(3_000, 200_000));
  return least + BigInt(random.between(200_000, 1_500_000));
}

/** Slots and balance of a contract, and sometimes a precompiled contract that moves or goes. */
function randomOverrides(random: Random): readonly StateOverride[] {
  const contract = {
    address: random.pick(CONTRACTS),
    balance: BigInt(random.between(0, 10)),
    ...(random.chance(0.2) && { code: randomBytes(random, random.between(0, 3)) }),
    [random.chance(0.3) ? 'state' : 'stateDiff']: [
      { slot: word(BigInt(random.between(0, 4))), value: Uint8Array.of(random.between(0, 1)) },
    ],
  };
  if (random.chance(0.6)) return [contract];
  const address = precompileAddress(random.between(1, 9));
  const moved = {
    address,
    ...(random.chance(0.7) && { movePrecompileTo: random.pick(CONTRACTS) }),
  };
  return [contract, moved];
}

function randomCall(setting: Setting): FuzzCall {
  const { random, fork } = setting;
  const { fields } = randomTransaction(setting);
  return {
    from: random.chance(0.8) ? random.pick(SIGNERS).address : random.pick(CONTRACTS),
    to: fields.to,
    data: fields.data,
    value: fields.value,
    gas: fields.gasLimit,
    gasPrice: random.chance(0.7) ? 0n : BASE_FEE,
    ...(isAtLeast(fork, 'berlin') && random.chance(0.3) && { reportAccessList: true }),
    ...(random.chance(0.3) && { reportChanges: true }),
    // The reference engine has it from Cancun on.
    ...(isAtLeast(fork, 'cancun') && random.chance(0.3) && { logsTransfers: true }),
    ...(random.chance(0.4) && { overrides: randomOverrides(random) }),
  };
}

function calldata(random: Random, entry: CorpusEntry | undefined): Uint8Array {
  if (entry === undefined || entry.selectors.length === 0 || random.chance(0.1)) {
    return randomBytes(random, random.chance(0.5) ? 0 : random.between(0, 200));
  }
  const words = Array.from({ length: random.between(0, 4) }, () =>
    random.chance(0.5) ? word(BigInt(`0x${hex(randomAddress(random))}`)) : word(randomWord(random)),
  );
  return concatBytes(random.pick(entry.selectors), ...words);
}

function randomAccessList(random: Random) {
  return Array.from({ length: random.between(1, 3) }, () => ({
    address: randomAddress(random),
    storageKeys: Array.from({ length: random.between(0, 3) }, () =>
      word(BigInt(random.between(0, 4))),
    ),
  }));
}

/** EIP-7702: signed by one of the signers, now and then for another chain, nonce or nobody, or by nobody. */
function authorization(random: Random) {
  const { key } = random.pick(SIGNERS);
  const chainId = random.pick([0n, CHAIN_ID, CHAIN_ID, CHAIN_ID, 1n]);
  const nonce = BigInt(random.pick([0, 0, 1, 1, 2]));
  const address = random.chance(0.1) ? ZERO_ADDRESS : randomAddress(random);
  const message = encodeRlp([bigintToBytes(chainId), address, bigintToBytes(nonce)]);
  const { signature, yParity } = sign(keccak256(concatBytes(Uint8Array.of(5), message)), key);
  const r = signature.slice(0, 32);
  const s = random.chance(0.95) ? signature.slice(32) : new Uint8Array(32).fill(0xff);
  return { chainId, address, nonce, yParity, r, s };
}

function smallValue(random: Random): bigint {
  return random.chance(0.6) ? 0n : BigInt(random.between(1, 100));
}

function word(value: bigint): Uint8Array {
  const bytes = bigintToBytes(value);
  return concatBytes(new Uint8Array(32 - bytes.length), bytes);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** The accounts that the case starts with. */
export function allocationsOf({ contracts }: FuzzCase): readonly Allocation[] {
  const signers = SIGNERS.filter(
    ({ address }) => !contracts.some((contract) => hex(contract.address) === hex(address)),
  );
  return [
    ...signers.map(({ address }) => ({ address, balance: 10n ** 18n })),
    ...contracts.map(({ program, ...account }) => ({ ...account, code: concatBytes(...program) })),
  ];
}

/** The block's transactions, each sender's nonces counting up. */
export function signedOf({ transactions }: FuzzCase): readonly SignedTransaction[] {
  const nonces = new Map<string, bigint>();
  return transactions.map(({ from, fields, nonceOffset }) => {
    const key = hex(from.address);
    const nonce = nonces.get(key) ?? 0n;
    nonces.set(key, nonce + 1n);
    const wrong = nonce + nonceOffset;
    const transaction = signTransaction({ ...fields, nonce: wrong < 0n ? 0n : wrong }, from.key);
    return { transaction, sender: from.address };
  });
}
