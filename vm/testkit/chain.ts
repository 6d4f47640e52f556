/** A small chain for tests: rules, a genesis header, and blocks appended one by one. */
import {
  type Address,
  type BlockHeader,
  EMPTY_REQUESTS_HASH,
  type Gas,
  QBFT_MIX_HASH,
  signTransaction,
  type Transaction,
  type Wei,
} from '../../ledger/model/index.ts';
import { emptyHeader } from '../../ledger/model/testkit/empty-header.ts';
import { type Party, party } from '../../ledger/model/testkit/party.ts';
import { type BuildInput, type BuiltBlock, buildBlock } from '../build-block.ts';
import { type ChainRules, type ForkName, forkAt, isAtLeast } from '../chain-rules.ts';
import { createEngine } from '../create-engine.ts';
import type { CallRequest, Engine, SignedTransaction } from '../engine.ts';
import { forkFields } from '../header-rules.ts';
import { type Allocation, createMemoryState, type MemoryState } from './memory-state.ts';

export const COIN: Wei = 10n ** 18n;
export const GAS_LIMIT: Gas = 30_000_000n;

export function testRules(fork: ForkName, changed: Partial<ChainRules> = {}): ChainRules {
  return {
    chainId: 20_260n,
    forks: [{ fork, block: 0n }],
    zeroBaseFee: true,
    blockReward: 0n,
    beneficiary: undefined,
    hashRule: 'qbft',
    ...changed,
  };
}

type Call = {
  readonly to?: Address;
  readonly nonce?: bigint;
  readonly value?: bigint;
  readonly data?: Uint8Array;
  readonly gasLimit?: bigint;
  readonly gasPrice?: bigint;
  readonly chainId?: bigint;
};

/** A call without value or fee, as an engine is asked for it; a creation without code unless said otherwise. */
export function callRequest(from: Address, changed: Partial<CallRequest> = {}): CallRequest {
  return {
    from,
    to: undefined,
    data: new Uint8Array(0),
    value: 0n,
    gas: GAS_LIMIT,
    gasPrice: 0n,
    ...changed,
  };
}

/** A signed legacy transaction; nonce 0, free and with gas to spare unless said otherwise. */
export function signed(from: Party, call: Call = {}): SignedTransaction {
  const transaction: Transaction = signTransaction(
    {
      type: 0,
      chainId: call.chainId ?? 20_260n,
      nonce: call.nonce ?? 0n,
      gasLimit: call.gasLimit ?? 1_000_000n,
      gasPrice: call.gasPrice ?? 0n,
      to: call.to,
      value: call.value ?? 0n,
      data: call.data ?? new Uint8Array(0),
    },
    from.key,
  );
  return { transaction, sender: from.address };
}

export type TestChain = {
  readonly rules: ChainRules;
  readonly engine: Engine;
  readonly state: MemoryState;
  head(): BlockHeader;
  build(
    transactions: readonly SignedTransaction[],
    changed?: Partial<BuildInput>,
  ): Promise<BuiltBlock>;
  /** Makes a built block the head. */
  append(built: BuiltBlock): void;
};

/** @param engineFor the engine that builds and calls: both, held against each other, unless told */
export function createTestChain(
  rules: ChainRules,
  allocations: readonly Allocation[],
  engineFor: (rules: ChainRules) => Engine = bothEngines,
): TestChain {
  const engine = engineFor(rules);
  const state = createMemoryState(allocations);
  let head = genesisHeader(rules, state);
  return {
    rules,
    engine,
    state,
    head: () => head,
    build: (transactions, changed = {}) =>
      buildBlock(
        {
          parent: head,
          rules,
          timestamp: head.timestamp + 1n,
          beneficiary: party('proposer').address,
          extraData: Uint8Array.of(1),
          gasLimit: head.gasLimit,
          transactions,
          ...changed,
        },
        engine,
        state,
      ),
    append: ({ executed }) => {
      state.apply(executed.changes);
      head = executed.block.header;
    },
  };
}

function bothEngines(rules: ChainRules): Engine {
  return createEngine('both', rules);
}

function genesisHeader(rules: ChainRules, state: MemoryState): BlockHeader {
  const fork = forkAt(rules, 0n, 1_000n);
  return emptyHeader({
    stateRoot: state.root(),
    gasLimit: GAS_LIMIT,
    timestamp: 1_000n,
    mixHash: QBFT_MIX_HASH,
    ...(isAtLeast(fork, 'london') && { baseFeePerGas: rules.zeroBaseFee ? 0n : 1_000_000_000n }),
    ...forkFields(fork, EMPTY_REQUESTS_HASH),
  });
}
