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
import { type Allocation, createMemoryState, type MemoryState } from './memory-state.ts';

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
  readonly indexes?: Readonly<Record<string, number>>;
  readonly expectException?: string;
};

type StateTest = {
  readonly file?: string;
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly pre: Readonly<Record<string, PreAccount>>;
  readonly post: Readonly<Record<string, readonly Expected[]>>;
  readonly config?: { readonly chainid?: string };
};

/** Which case of which test. */
export type StateTestCase = {
  readonly file: string;
  readonly name: string;
  readonly fork: string;
  /** `data`, `gas` and `value` of the case, as it says them. */
  readonly indexes: string;
};

export type StateTestResult = StateTestCase & {
  /** What differs from the expectation; empty: passed. */
  readonly faults: readonly string[];
};

export type StateTestOptions = {
  readonly engineFor: (rules: ChainRules) => Engine;
  /** Cases to run; all if absent. */
  readonly wants?: (identity: StateTestCase) => boolean;
};

/**
 * Runs the cases of one line, each on a fresh state.
 *
 * What cannot be read has failed: a line without a test is one failed case.
 */
export async function runStateTestLine(
  line: string,
  { engineFor, wants = () => true }: StateTestOptions,
): Promise<readonly StateTestResult[]> {
  const test = parse(line);
  if (typeof test === 'string') {
    const identity = { file: '', name: line.slice(0, 80), fork: '', indexes: '' };
    return wants(identity) ? [{ ...identity, faults: [test] }] : [];
  }
  const results: StateTestResult[] = [];
  for (const [fork, cases] of Object.entries(test.post)) {
    for (const expected of cases) {
      const identity = identityOf(test, fork, expected);
      if (!wants(identity)) continue;
      results.push({ ...identity, faults: await faultsOf(test, fork, expected, engineFor) });
    }
  }
  return results;
}

/** The test, or why it is none. */
function parse(line: string): StateTest | string {
  try {
    const test = JSON.parse(line) as Partial<StateTest> | undefined;
    const lists = Object.values(test?.post ?? {});
    if (lists.length === 0 || !lists.every((cases) => Array.isArray(cases) && cases.length > 0)) {
      return 'cannot be read: no case in `post`';
    }
    return test as StateTest;
  } catch (error) {
    return `cannot be read: ${String(error)}`;
  }
}

function identityOf(test: StateTest, fork: string, expected: Expected): StateTestCase {
  const indexes = Object.entries(expected.indexes ?? {}).map(([key, value]) => `${key} ${value}`);
  return {
    file: test.file ?? '',
    name: test.name ?? '',
    fork,
    indexes: indexes.join(', '),
  };
}

async function faultsOf(
  test: StateTest,
  fork: string,
  expected: Expected,
  engineFor: (rules: ChainRules) => Engine,
): Promise<readonly string[]> {
  try {
    const rules = rulesOf(forkOf(fork), BigInt(test.config?.chainid ?? 1));
    return await compare(test, expected, engineFor(rules));
  } catch (error) {
    // Unreadable fields and faults of the engine end here alike: neither may pass for a success.
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
}

async function compare(test: StateTest, expected: Expected, engine: Engine): Promise<string[]> {
  const state = createMemoryState(
    Object.entries(test.pre).map(allocationOf),
    // The fixtures' convention: the hash of a block is that of its number in decimal digits.
    (number) => keccak256(new TextEncoder().encode(number.toString())),
  );
  const { refusal, logs } = await execute(test, expected, engine, state);
  const faults: string[] = [];
  if ((refusal !== undefined) !== (expected.expectException !== undefined)) {
    faults.push(`expected ${expected.expectException ?? 'success'}, got ${refusal ?? 'success'}`);
  }
  if (refusal === 'VM_ENGINE_REFUSED') faults.push('refused by the engine instead of by the rules');
  const root = bytesToHex(state.root());
  if (root !== expected.hash) faults.push(`state root ${root}, not ${expected.hash}`);
  const hash = logsHash(logs);
  if (hash !== expected.logs) faults.push(`logs hash ${hash}, not ${expected.logs}`);
  return faults;
}

/** Executes the transaction on the state; `refusal` is the code if it was refused. */
async function execute(
  test: StateTest,
  expected: Expected,
  engine: Engine,
  state: MemoryState,
): Promise<{ readonly refusal?: string; readonly logs: readonly Log[] }> {
  const signed = signedOf(hexToBytes(expected.txbytes));
  if ('code' in signed) return { refusal: signed.code, logs: [] };
  const outcome = await engine.executeBlock(
    { environment: environmentOf(test.env), transactions: [signed], mode: 'validate' },
    state,
  );
  if (!outcome.ok) return { refusal: outcome.code, logs: [] };
  state.apply(outcome.execution.changes);
  return { logs: outcome.execution.receipts[0]?.logs ?? [] };
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
