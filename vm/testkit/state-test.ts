/** Ethereum state tests (one JSON object a line): read strictly, run through an engine, compared. */
import { keccak256 } from '#crypto';
import {
  asAddress,
  asHash,
  bigintToBytes,
  bytesToHex,
  decodeTransaction,
  encodeRlp,
  hexToBytes,
  type Log,
  recoverSender,
  ZERO_HASH,
} from '../../ledger/model/index.ts';
import { type ChainRules, FORK_NAMES, type ForkName } from '../chain-rules.ts';
import type { BlockEnvironment, Engine, SignedTransaction } from '../engine.ts';
import { type Allocation, createMemoryState } from './memory-state.ts';

type PreAccount = {
  readonly nonce: string;
  readonly balance: string;
  readonly code: string;
  readonly storage: Readonly<Record<string, string>>;
};

type Expected = {
  readonly hash: string;
  readonly logs: string;
  readonly txbytes: string;
  readonly expectException?: string;
};

export type StateTest = {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly pre: Readonly<Record<string, PreAccount>>;
  readonly post: Readonly<Record<string, readonly Expected[]>>;
  readonly config?: { readonly chainid?: string };
};

/** `refusal` is the code with which the transaction was refused; undefined if it ran. */
export type StateTestResult = {
  readonly name: string;
  readonly refusal: string | undefined;
  /** What differs from the expectation; empty: passed. */
  readonly faults: readonly string[];
};

/** Runs every case of a test, each on a fresh state. */
export async function runStateTest(
  test: StateTest,
  engineFor: (rules: ChainRules) => Engine,
): Promise<readonly StateTestResult[]> {
  const results: StateTestResult[] = [];
  for (const [forkName, cases] of Object.entries(test.post)) {
    const rules = rulesOf(forkOf(forkName), BigInt(test.config?.chainid ?? 1));
    for (const expected of cases)
      results.push(await runCase(test, expected, rules, engineFor(rules)));
  }
  return results;
}

async function runCase(
  test: StateTest,
  expected: Expected,
  rules: ChainRules,
  engine: Engine,
): Promise<StateTestResult> {
  const state = createMemoryState(
    Object.entries(test.pre).map(allocationOf),
    // The fixtures' convention: the hash of a block is that of its number in decimal digits.
    (number) => keccak256(new TextEncoder().encode(number.toString())),
  );
  const faults: string[] = [];
  let refusal: string | undefined;
  let logs: readonly Log[] = [];
  const signed = signedOf(hexToBytes(expected.txbytes));
  if ('code' in signed) {
    refusal = signed.code;
  } else {
    const environment = environmentOf(test.env);
    const outcome = await engine.executeBlock(
      { environment, transactions: [signed], mode: 'validate' },
      state,
    );
    if (outcome.ok) {
      state.apply(outcome.execution.changes);
      logs = outcome.execution.receipts[0]?.logs ?? [];
    } else {
      refusal = outcome.code;
    }
  }
  if ((refusal !== undefined) !== (expected.expectException !== undefined)) {
    faults.push(`expected ${expected.expectException ?? 'success'}, got ${refusal ?? 'success'}`);
  }
  if (refusal === 'VM_ENGINE_REFUSED') faults.push('refused by the engine instead of by the rules');
  if (bytesToHex(state.root()) !== expected.hash) faults.push('another state root');
  if (logsHash(logs) !== expected.logs) faults.push('other logs');
  return { name: `${test.name} ${rules.forks[0]?.fork}`, refusal, faults };
}

function signedOf(raw: Uint8Array): SignedTransaction | { readonly code: string } {
  const decoded = decodeTransaction(raw);
  if (!decoded.ok) return { code: decoded.code };
  const { transaction } = decoded;
  const sender = recoverSender(transaction);
  return sender === undefined ? { code: 'no sender' } : { transaction, sender };
}

function forkOf(name: string): ForkName {
  const fork = FORK_NAMES.find((known) => known.toLowerCase() === name.toLowerCase());
  if (fork === undefined) throw new RangeError(`a fork that the rules know, got ${name}`);
  return fork;
}

function rulesOf(fork: ForkName, chainId: bigint): ChainRules {
  return {
    chainId,
    forks: [{ fork, block: 0n }],
    zeroBaseFee: false,
    blockReward: 0n,
    beneficiary: undefined,
    hashRule: 'plain',
  };
}

function environmentOf(env: Readonly<Record<string, string>>): BlockEnvironment {
  const quantity = (name: string): bigint => BigInt(env[name] ?? 0);
  return {
    number: quantity('currentNumber'),
    timestamp: quantity('currentTimestamp'),
    parentHash: ZERO_HASH,
    gasLimit: quantity('currentGasLimit'),
    beneficiary: asAddress(hexToBytes(env['currentCoinbase'] as string)),
    prevRandao: asHash(word(env['currentRandom'] ?? '0x0')),
    difficulty: quantity('currentDifficulty'),
    baseFeePerGas: quantity('currentBaseFee'),
    excessBlobGas: quantity('currentExcessBlobGas'),
  };
}

function allocationOf([address, account]: readonly [string, PreAccount]): Allocation {
  return {
    address: asAddress(hexToBytes(address)),
    nonce: BigInt(account.nonce),
    balance: BigInt(account.balance),
    code: hexToBytes(account.code),
    storage: Object.entries(account.storage).map(([slot, value]) => ({
      slot: word(slot),
      value: bigintToBytes(BigInt(value)),
    })),
  };
}

function word(hex: string): Uint8Array {
  return hexToBytes(BigInt(hex).toString(16).padStart(64, '0'));
}

function logsHash(logs: readonly Log[]): string {
  return bytesToHex(
    keccak256(encodeRlp(logs.map(({ address, topics, data }) => [address, [...topics], data]))),
  );
}
