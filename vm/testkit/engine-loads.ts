/** Blocks to measure engines with: what chains are full of, and loops that do one thing. */
import {
  type Address,
  asAddress,
  asHash,
  concatBytes,
  hexToBytes,
  ZERO_HASH,
} from '../../ledger/model/index.ts';
import { party } from '../../ledger/model/testkit/party.ts';
import type { BlockEnvironment, SignedTransaction } from '../engine.ts';
import { signed } from './chain.ts';
import { type Allocation, createMemoryState, type MemoryState } from './memory-state.ts';
import { type CompiledContract, compileContracts } from './solidity.ts';

export type EngineLoad = {
  readonly name: string;
  /** What its figures are in. */
  readonly unit: 'us a transaction' | 'Mgas/s';
  readonly state: MemoryState;
  readonly environment: BlockEnvironment;
  /** So many transactions, which a slow engine gets fewer of. */
  transactions(count: number): readonly SignedTransaction[];
};

const HOLDERS = 100;
/** More than any load takes: a block is what is measured, not what fits into one. */
const BLOCK_GAS = 2n ** 40n;
const LOOP_GAS = 16_000_000n;
const COIN_ADDRESS: Address = asAddress(hexToBytes(`0x${'c0'.repeat(20)}`));
const LOOP_ADDRESS: Address = asAddress(hexToBytes(`0x${'10'.repeat(20)}`));

export function engineLoads(): readonly EngineLoad[] {
  const contracts = compileContracts();
  const [coin, loops] = [contracts.get('Coin'), contracts.get('Loops')];
  if (coin === undefined || loops === undefined) throw new RangeError('a contract is missing');
  return [
    transfers(coin.runtime),
    creations(coin.creation),
    loop('arithmetic loop', loops, 'arithmetic(uint256)', 60_000),
    loop('keccak loop', loops, 'hashing(uint256)', 30_000),
    loop('storage loop', loops, 'storing(uint256)', 20_000),
  ];
}

/** Transfers of an OpenZeppelin ERC-20 between accounts that hold some. */
function transfers(code: Uint8Array): EngineLoad {
  const holders = Array.from({ length: HOLDERS }, (_, i) => party(`holder ${i}`));
  // The balances are a mapping in slot 0: filled by minting in a block before the measured one.
  return {
    name: 'ERC-20 transfer, whole transaction',
    unit: 'us a transaction',
    state: createMemoryState([
      ...holders.map(({ address }) => ({ address, balance: 10n ** 18n })),
      { address: COIN_ADDRESS, nonce: 1n, code },
    ]),
    environment: environment(),
    transactions: (count) => [
      ...holders.map((holder) =>
        signed(holder, {
          to: COIN_ADDRESS,
          data: call('40c10f19', holder.address, 10n ** 18n),
          gasLimit: 200_000n,
        }),
      ),
      ...Array.from({ length: count - HOLDERS }, (_, i) => {
        const from = holders[i % HOLDERS] as (typeof holders)[number];
        const to = holders[(i * 7 + 1) % HOLDERS] as (typeof holders)[number];
        return signed(from, {
          nonce: BigInt(1 + Math.floor(i / HOLDERS)),
          to: COIN_ADDRESS,
          data: call('a9059cbb', to.address, 1n),
          gasLimit: 200_000n,
        });
      }),
    ],
  };
}

function creations(creation: Uint8Array): EngineLoad {
  const creator = party('creator');
  return {
    name: 'ERC-20 creation, whole transaction',
    unit: 'us a transaction',
    state: createMemoryState([{ address: creator.address, balance: 10n ** 18n }]),
    environment: environment(),
    transactions: (count) =>
      Array.from({ length: count }, (_, i) =>
        signed(creator, { nonce: BigInt(i), data: creation, gasLimit: 3_000_000n }),
      ),
  };
}

function loop(
  name: string,
  { runtime: code, selectors }: CompiledContract,
  signature: string,
  rounds: number,
): EngineLoad {
  const selector = selectors.get(signature);
  if (selector === undefined) throw new RangeError(`contracts/loops.sol has ${signature}`);
  const data = concatBytes(selector, hexToBytes(`0x${rounds.toString(16).padStart(64, '0')}`));
  const caller = party('caller');
  const accounts: Allocation[] = [
    { address: caller.address, balance: 10n ** 18n },
    { address: LOOP_ADDRESS, nonce: 1n, code },
  ];
  return {
    name,
    unit: 'Mgas/s',
    state: createMemoryState(accounts),
    environment: environment(),
    transactions: (count) =>
      Array.from({ length: count }, (_, i) =>
        signed(caller, { nonce: BigInt(i), to: LOOP_ADDRESS, data, gasLimit: LOOP_GAS }),
      ),
  };
}

function environment(): BlockEnvironment {
  return {
    number: 1n,
    timestamp: 1_700_000_000n,
    parentHash: ZERO_HASH,
    gasLimit: BLOCK_GAS,
    beneficiary: party('proposer').address,
    prevRandao: asHash(new Uint8Array(32)),
    difficulty: 1n,
    baseFeePerGas: 0n,
    excessBlobGas: 0n,
    parentBeaconBlockRoot: ZERO_HASH,
  };
}

function call(selector: string, address: Address, amount: bigint): Uint8Array {
  const word = amount.toString(16).padStart(64, '0');
  return concatBytes(
    hexToBytes(`0x${selector}`),
    new Uint8Array(12),
    address,
    hexToBytes(`0x${word}`),
  );
}
