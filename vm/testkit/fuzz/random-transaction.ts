/** Transactions of a case of the fuzzer: mostly such that they run, at the edge of what they cost. */

import { keccak256, sign } from '#crypto';
import type { Random } from '../../../consensus/testkit/random.ts';
import {
  type AccessListItem,
  type Address,
  type Authorization,
  asHash,
  bigintToBytes,
  bytesToBigint,
  concatBytes,
  encodeRlp,
  type Transaction,
  type TransactionFields,
  ZERO_ADDRESS,
} from '../../../ledger/model/index.ts';
import { type ChainRules, type ForkName, isAtLeast } from '../../chain-rules.ts';
import { precompileAddress } from '../../precompiles/index.ts';
import { wordBytes } from '../../stack-word.ts';
import { leastGas } from '../../transaction-rules.ts';
import type { FuzzContract, FuzzTransaction } from './fuzz-case.ts';
import { CONTRACTS, randomAddress, randomBytes, randomWord, SIGNERS } from './pool.ts';
import { forwarded, precompileInput, randomPrecompile } from './precompile-call.ts';
import { initcode } from './program.ts';

/** Bytecode and selectors of a real contract. */
export type CorpusEntry = {
  readonly name: string;
  readonly runtime: Uint8Array;
  readonly selectors: readonly Uint8Array[];
};

/** What the parts of a case are drawn from. */
export type Setting = {
  readonly random: Random;
  readonly fork: ForkName;
  readonly rules: ChainRules;
  readonly baseFee: bigint;
  readonly entry: CorpusEntry | undefined;
  /** Where `forwarder` is, if anywhere. */
  readonly forwarderAt: Address | undefined;
  readonly contracts: readonly FuzzContract[];
};

type TransactionType = Transaction['type'];

export function randomTransaction(setting: Setting): FuzzTransaction {
  const { random, fork, rules, baseFee } = setting;
  const { to, data } = randomTarget(setting);
  const accessList = random.chance(0.3) ? randomAccessList(random) : [];
  const chainId = random.chance(0.01) ? 1n : rules.chainId;
  const value = smallValue(random);
  const type = random.pick(typesAt(random, fork, to));
  const priority = BigInt(random.between(0, 2));
  const price = random.chance(0.03) ? 0n : baseFee + priority;
  const authorizationList =
    type === 4
      ? Array.from({ length: random.between(1, 4) }, () => authorization(random, rules.chainId))
      : [];
  const priced = { to, data, accessList: type === 0 ? [] : accessList, authorizationList };
  const { intrinsic, floor } = leastGas(priced, fork);
  // What the forwarder keeps of an outcome costs some 100 000.
  const more = to !== undefined && to === setting.forwarderAt && random.chance(0.9) ? 400_000n : 0n;
  const gasLimit = randomGas(random, intrinsic, floor) + more;
  const from = random.pick(SIGNERS);
  const nonceOffset = random.chance(0.02) ? random.pick([-1n, 1n]) : 0n;
  const target = to ?? random.pick(CONTRACTS);
  const fields = fieldsOf(random, type, {
    ...{ chainId, to, target, value, data, gasLimit, accessList, authorizationList },
    ...{ price, priority: priority > price ? price : priority },
  });
  return { from, fields, nonceOffset };
}

type Parts = {
  readonly chainId: bigint;
  readonly to: Address | undefined;
  /** Where there has to be one. */
  readonly target: Address;
  readonly value: bigint;
  readonly data: Uint8Array;
  readonly gasLimit: bigint;
  readonly price: bigint;
  readonly priority: bigint;
  readonly accessList: readonly AccessListItem[];
  readonly authorizationList: readonly Authorization[];
};

function fieldsOf(random: Random, type: TransactionType, parts: Parts): TransactionFields {
  const { chainId, to, target, value, data, gasLimit, price, priority, accessList } = parts;
  const common = { chainId, nonce: 0n, to, value, data, gasLimit };
  const fees = { maxFeePerGas: price, maxPriorityFeePerGas: priority };
  switch (type) {
    case 0: {
      const signedFor = random.chance(0.1) ? undefined : chainId;
      return { type, ...common, chainId: signedFor, gasPrice: price };
    }
    case 1:
      return { type, ...common, gasPrice: price, accessList };
    case 2:
      return { type, ...common, ...fees, accessList };
    case 3:
      return { type, ...common, to: target, ...fees, accessList, ...blobs(random) };
    case 4: {
      const { authorizationList } = parts;
      return { type, ...common, to: target, ...fees, accessList, authorizationList };
    }
  }
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
function typesAt(random: Random, fork: ForkName, to: Address | undefined): TransactionType[] {
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

function calldata(random: Random, entry: CorpusEntry | undefined): Uint8Array {
  if (entry === undefined || entry.selectors.length === 0 || random.chance(0.1)) {
    return randomBytes(random, random.chance(0.5) ? 0 : random.between(0, 200));
  }
  const words = Array.from({ length: random.between(0, 4) }, () =>
    random.chance(0.5)
      ? wordBytes(bytesToBigint(randomAddress(random)))
      : wordBytes(randomWord(random)),
  );
  return concatBytes(random.pick(entry.selectors), ...words);
}

function randomAccessList(random: Random) {
  return Array.from({ length: random.between(1, 3) }, () => ({
    address: randomAddress(random),
    storageKeys: Array.from({ length: random.between(0, 3) }, () =>
      wordBytes(BigInt(random.between(0, 4))),
    ),
  }));
}

/** EIP-7702: signed by one of the signers, now and then for another chain, nonce or nobody, or by nobody. */
function authorization(random: Random, ownChainId: bigint): Authorization {
  const { key } = random.pick(SIGNERS);
  const chainId = random.pick([0n, ownChainId, ownChainId, ownChainId, 1n]);
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
