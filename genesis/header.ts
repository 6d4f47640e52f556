/** The header of block 0, with the fields that the forks active there append (G-4). */
import {
  type Address,
  asAddress,
  asHash,
  type BlockHeader,
  EMPTY_OMMERS_HASH,
  EMPTY_REQUESTS_HASH,
  EMPTY_ROOT,
  equalBytes,
  type Hash,
  ZERO_ADDRESS,
  ZERO_HASH,
} from '../ledger/model/index.ts';
import { type ChainRules, forkAt, forkFields, isAtLeast } from '../vm/index.ts';
import type { Section } from './section.ts';

/** EIP-1559 leaves the first base fee to the genesis; Besu and go-ethereum take this one. */
const DEFAULT_BASE_FEE = 1_000_000_000n;
/** Yellow paper (50): no valid block has a lower gas limit. */
const MIN_GAS_LIMIT = 5000n;

export type HeaderFields = Omit<BlockHeader, 'stateRoot' | 'extraData'>;

/** All of the header that does not depend on accounts and validators. Reports what is wrong. */
export function readHeaderFields(
  file: Section,
  rules: ChainRules,
  timestamp: bigint,
): HeaderFields {
  for (const name of ['gasLimit', 'difficulty']) file.require(name);
  reportNotFirst(file);
  const gasLimit = file.quantity('gasLimit', 63) ?? MIN_GAS_LIMIT;
  if (gasLimit < MIN_GAS_LIMIT) {
    file.report('GENESIS_FIELD_INVALID', 'gasLimit', `is ${gasLimit}, the least is 5000`);
  }
  const difficulty = file.quantity('difficulty', 256) ?? 1n;
  const mixHash = readHash(file, 'mixHash');
  const fork = forkAt(rules, 0n, timestamp);
  const baseFee = readBaseFee(file, isAtLeast(fork, 'london'));
  return {
    parentHash: ZERO_HASH,
    ommersHash: EMPTY_OMMERS_HASH,
    beneficiary: readBeneficiary(file),
    transactionsRoot: EMPTY_ROOT,
    receiptsRoot: EMPTY_ROOT,
    logsBloom: new Uint8Array(256),
    difficulty,
    number: 0n,
    gasLimit,
    gasUsed: 0n,
    timestamp,
    mixHash,
    nonce: readNonce(file),
    ...(baseFee !== undefined && { baseFeePerGas: baseFee }),
    ...forkFields(fork, EMPTY_REQUESTS_HASH),
  };
}

/** Files may spell out what block 0 has anyway; another value is another chain's block. */
function reportNotFirst(file: Section): void {
  for (const name of ['number', 'gasUsed', 'blobGasUsed', 'excessBlobGas']) {
    const value = file.quantity(name, 64);
    if (value !== undefined && value !== 0n) {
      file.report('GENESIS_FIELDS_CONTRADICT', name, `is ${value}, block 0 has 0`);
    }
  }
  for (const name of ['parentHash', 'parentBeaconBlockRoot']) {
    if (!equalBytes(readHash(file, name), ZERO_HASH)) {
      file.report('GENESIS_FIELDS_CONTRADICT', name, 'is not zero, block 0 has no parent');
    }
  }
}

function readBaseFee(file: Section, isLondon: boolean): bigint | undefined {
  const given = file.quantity('baseFeePerGas', 63);
  if (isLondon) return given ?? DEFAULT_BASE_FEE;
  if (given !== undefined) {
    const message = 'is given, but London is not active in block 0';
    file.report('GENESIS_FIELDS_CONTRADICT', 'baseFeePerGas', message);
  }
  return undefined;
}

function readBeneficiary(file: Section): Address {
  const bytes = file.bytes('coinbase', 20);
  return bytes === undefined ? ZERO_ADDRESS : asAddress(bytes);
}

function readHash(file: Section, name: string): Hash {
  const bytes = file.bytes(name, 32);
  return bytes === undefined ? ZERO_HASH : asHash(bytes);
}

/** 8 bytes, big-endian. */
function readNonce(file: Section): Uint8Array {
  const nonce = new Uint8Array(8);
  new DataView(nonce.buffer).setBigUint64(0, file.quantity('nonce', 64) ?? 0n);
  return nonce;
}
