/** One ethereumjs virtual machine at one fork, bound to an overlay that can be opened on any state. */
import type { Block } from '@ethereumjs/block';
import type { StateManagerInterface } from '@ethereumjs/common';
import { Common, type CustomCrypto, Mainnet } from '@ethereumjs/common';
import { createEVM, type EVM, type EVMMockBlockchainInterface } from '@ethereumjs/evm';
import { paramsTx } from '@ethereumjs/tx';
import { Address as EthereumAddress } from '@ethereumjs/util';
import { createVM, type VM } from '@ethereumjs/vm';
import { keccak256, recoverPublicKey, sha256 } from '#crypto';
import {
  type Address,
  bytesToHex,
  concatBytes,
  type Hash,
  hexToBytes,
  type StateReader,
  ZERO_HASH,
} from '../../ledger/model/index.ts';
import { blobBaseFee } from '../blob-rules.ts';
import { type ChainRules, FORK_NAMES, type ForkName, isAtLeast } from '../chain-rules.ts';
import type { BlockEnvironment, PrecompileMove } from '../engine.ts';
import { coinbaseOf } from '../header-rules.ts';
import { verifyOpening } from '../precompiles/index.ts';
import { pricedPrecompiles } from './priced-precompiles.ts';
import { createSenderView } from './sender-view.ts';
import { StateOverlay } from './state-overlay.ts';

export type Machine = {
  readonly fork: ForkName;
  readonly common: Common;
  readonly overlay: StateOverlay;
  readonly evm: EVM;
  /** Runs transactions of blocks. */
  readonly vm: VM;
  /** Runs calls, whose sender may have code. */
  readonly callVm: VM;
  /** Starts over on another state and block; what it returns goes with every transaction. */
  open(reader: StateReader, environment: BlockEnvironment): Block;
  /** Until it is opened again. Addresses that they move to stay cold, those that they leave stay warm. */
  movePrecompiles(moves: readonly PrecompileMove[]): void;
};

/**
 * Takes about 2 ms: keep machines and open them again.
 *
 * @param rules without changes to come (`rulesAt`)
 */
export async function createMachine(rules: ChainRules, fork: ForkName): Promise<Machine> {
  const common = createCommon(rules, fork);
  let reader: StateReader = EMPTY_READER;
  const overlay = new StateOverlay(reader);
  const blockchain = createHashSource((number) => reader.blockHash(number));
  const stateManager: StateManagerInterface = overlay;
  const customPrecompiles = pricedPrecompiles(common, rules);
  const evm = await createEVM({ common, stateManager, blockchain, customPrecompiles });
  const vm = await createVM({ common, stateManager, evm, blockchain });
  const callVm = await createVM({
    common,
    stateManager: createSenderView(overlay),
    evm,
    blockchain,
  });
  applyLimits(common, rules);
  const placed = new Map(evm.precompiles);
  evm.getPrecompile = (address) => {
    const hex = typeof address === 'string' ? address : address.toString();
    return placed.get(hex.slice(2).padStart(40, '0').toLowerCase());
  };
  const movePrecompiles = (moves: readonly PrecompileMove[]): void => {
    placed.clear();
    for (const [address, contract] of evm.precompiles) placed.set(address, contract);
    for (const { from } of moves) placed.delete(bytesToHex(from).slice(2));
    for (const { from, to } of moves) {
      const contract = evm.precompiles.get(bytesToHex(from).slice(2));
      if (contract !== undefined && to !== undefined) placed.set(bytesToHex(to).slice(2), contract);
    }
  };
  return {
    fork,
    common,
    overlay,
    evm,
    vm,
    callVm,
    open(next, environment) {
      reader = next;
      overlay.open(next);
      movePrecompiles([]);
      return createBlock(environment, rules, fork, common);
    },
    movePrecompiles,
  };
}

/** At the fork of the machine. */
export function isPrecompile({ evm }: Machine, to: Address | undefined): boolean {
  return to !== undefined && evm.getPrecompile(bytesToHex(to)) !== undefined;
}

const EMPTY_READER: StateReader = {
  account: () => undefined,
  storage: () => new Uint8Array(0),
  code: () => new Uint8Array(0),
  blockHash: () => undefined,
};

/** Forks are data of ours, so the library's own schedule is flat: one fork, always. */
function createCommon(rules: ChainRules, fork: ForkName): Common {
  const common = new Common({
    chain: {
      ...Mainnet,
      name: 'ehb',
      chainId: rules.chainId.toString(),
      hardforks: FORK_NAMES.map((name) => ({ name: libraryName(name), block: 0 })),
    },
    hardfork: libraryName(fork),
    customCrypto,
  });
  common.updateParams(paramsTx);
  return common;
}

/** What ethereumjs calls a fork. */
export function libraryName(fork: ForkName): string {
  return fork === 'frontier' ? 'chainstart' : fork;
}

function applyLimits(common: Common, rules: ChainRules): void {
  const { contractSizeLimit: maxCodeSize, initcodeSizeLimit: maxInitCodeSize } = rules;
  common.updateParams({
    ...(maxCodeSize !== undefined && { 607: { maxCodeSize } }),
    ...(maxInitCodeSize !== undefined && { 3860: { maxInitCodeSize } }),
  });
}

export const customCrypto: CustomCrypto = {
  keccak256,
  sha256,
  ecrecover(hash, v, r, s, chainId) {
    const signature = concatBytes(leftPad(r), leftPad(s));
    const key = recoverPublicKey(hash, signature, yParityOf(v, chainId));
    if (key === undefined) throw new RangeError('no public key recovers from this signature');
    return key;
  },
  // The engine verifies openings and never makes them; the rest of the interface serves provers.
  kzg: { verifyProof } as NonNullable<CustomCrypto['kzg']>,
};

/** Of typed transactions `v` is it; of others it is 27 more, or what EIP-155 makes of it. */
function yParityOf(v: bigint, chainId: bigint | undefined): number {
  if (v < 2n) return Number(v);
  return Number(chainId === undefined ? v - 27n : v - 35n - 2n * chainId);
}

/** Hex of commitment, z, y and proof; the words of the error are what ethereumjs looks for. */
function verifyProof(commitment: string, z: string, y: string, proof: string): boolean {
  const holds = verifyOpening(
    hexToBytes(commitment),
    hexToBytes(z),
    hexToBytes(y),
    hexToBytes(proof),
  );
  if (holds === undefined) throw new RangeError('C_KZG_BADARGS: not a point, or not a scalar');
  return holds;
}

function leftPad(bytes: Uint8Array): Uint8Array {
  const padded = new Uint8Array(32);
  padded.set(bytes, 32 - bytes.length);
  return padded;
}

/** What BLOCKHASH reads. */
export function createHashSource(
  hashOf: (number: bigint) => Hash | undefined,
): EVMMockBlockchainInterface {
  const source: EVMMockBlockchainInterface = {
    getBlock: async (number) => ({ hash: () => hashOf(BigInt(number)) ?? ZERO_HASH }),
    putBlock: async () => {},
    shallowCopy: () => source,
  };
  return source;
}

/** The part of a block that instructions and `runTx` read; making a real one would cost 1 ms and a hash. */
function createBlock(
  environment: BlockEnvironment,
  rules: ChainRules,
  fork: ForkName,
  common: Common,
): Block {
  const header = {
    number: environment.number,
    timestamp: environment.timestamp,
    gasLimit: environment.gasLimit,
    gasUsed: 0n,
    difficulty: environment.difficulty,
    prevRandao: environment.prevRandao,
    coinbase: new EthereumAddress(coinbaseOf(environment, rules)),
    baseFeePerGas: isAtLeast(fork, 'london') ? (environment.baseFeePerGas ?? 0n) : undefined,
    getBlobGasPrice: () => blobBaseFee(environment, rules, fork),
  };
  return { common, header, errorStr: () => `block ${environment.number}` } as unknown as Block;
}
