/**
 * Why a message cannot even begin, in one order for every engine: price, funds, gas, creation code. Those are
 * geth's checks of a transaction without the ones that a call skips (nonce, code of the sender), in its words.
 */
import {
  type Address,
  checksumAddress,
  type Gas,
  type Refusal,
  refuse,
  type StateReader,
  type Wei,
} from '../ledger/model/index.ts';
import { GAS_PER_BLOB } from './blob-rules.ts';
import { type ChainRules, forkAt, isAtLeast } from './chain-rules.ts';
import type { BlockEnvironment, CallRequest, CallResult } from './engine.ts';
import { INITCODE_SIZE_LIMIT, leastGas } from './transaction-rules.ts';

/** Undefined: nothing to refuse. */
export function checkCall(
  request: CallRequest,
  environment: BlockEnvironment,
  rules: ChainRules,
  state: StateReader,
): Refusal | undefined {
  return (
    checkPrice(request, environment.baseFeePerGas) ??
    checkBlobs(request, rules) ??
    checkFunds(request, state) ??
    checkGas(request, environment, rules) ??
    checkCreation(request, environment, rules)
  );
}

/** What a call that may not begin comes to. */
export function refusedCall({ code, message }: Refusal): Extract<CallResult, { kind: 'refused' }> {
  return { kind: 'refused', code, message };
}

/** The words that geth puts around a refusal. */
export function asErr({ code, message }: Refusal, gas: Gas): Refusal {
  return refuse(code, `err: ${message} (supplied gas ${gas})`);
}

/** Whether BASEFEE returns zero, because nobody pays it. */
export function seesNoBaseFee(
  { gasPrice, baseFee = 'waived' }: CallRequest,
  { baseFeePerGas }: BlockEnvironment,
): boolean {
  return gasPrice === 0n && baseFee === 'waived' && baseFeePerGas !== undefined;
}

/** What a call reserves of the sender's balance. */
function costOf(request: CallRequest): Wei {
  const { gas, gasPrice, feeCap = gasPrice, value, blobHashes = [], blobFeeCap = 0n } = request;
  return gas * feeCap + value + BigInt(blobHashes.length) * GAS_PER_BLOB * blobFeeCap;
}

function checkPrice(
  { from, gasPrice, feeCap = gasPrice, baseFee: rule }: CallRequest,
  baseFee: Wei | undefined,
): Refusal | undefined {
  if (baseFee === undefined || feeCap >= baseFee) return undefined;
  if (gasPrice === 0n && rule !== 'charged') return undefined;
  return refuse(
    'VM_FEE_BELOW_BASE_FEE',
    `max fee per gas less than block base fee: address ${checksumAddress(from)}, maxFeePerGas: ${feeCap}, baseFee: ${baseFee}`,
  );
}

/** As many as there is room for; no block may carry more. */
const MOST_BLOBS = 64;

function checkBlobs({ to, blobHashes }: CallRequest, rules: ChainRules): Refusal | undefined {
  if (blobHashes === undefined) return undefined;
  //
  if (rules.reference === undefined) {
    return refuse('VM_BLOB_TRANSACTION', 'there are no blobs on this chain');
  }
  if (to === undefined) return refuse('VM_BLOB_COUNT', 'blob transaction of type create');
  if (blobHashes.length === 0)
    return refuse('VM_BLOB_COUNT', 'blob transaction missing blob hashes');
  if (blobHashes.length > MOST_BLOBS) {
    return refuse('VM_BLOB_COUNT', `blob transaction has too many blobs (max ${MOST_BLOBS})`);
  }
  if (blobHashes.every((hash) => hash[0] === 1)) return undefined;
  return refuse('VM_BLOB_VERSION', 'blob transaction has a hash of unknown version');
}

function checkFunds(request: CallRequest, state: StateReader): Refusal | undefined {
  const cost = costOf(request);
  if (cost === 0n) return undefined;
  const balance = balanceOf(request.from, state);
  if (balance >= cost) return undefined;
  return refuse(
    'VM_INSUFFICIENT_FUNDS',
    `insufficient funds for gas * price + value: address ${checksumAddress(request.from)} have ${balance} want ${cost}`,
  );
}

function balanceOf(address: Address, state: StateReader): Wei {
  return state.account(address)?.balance ?? 0n;
}

function checkGas(
  request: CallRequest,
  environment: BlockEnvironment,
  rules: ChainRules,
): Refusal | undefined {
  const fork = forkAt(rules, environment.number, environment.timestamp);
  const { intrinsic, floor } = leastGas(request, fork);
  const have: Gas = request.gas;
  if (have < intrinsic) {
    return refuse('VM_INTRINSIC_GAS', `intrinsic gas too low: have ${have}, want ${intrinsic}`);
  }
  if (have < floor) {
    return refuse(
      'VM_FLOOR_GAS',
      `insufficient gas for floor data gas cost: have ${have}, want ${floor}`,
    );
  }
  return undefined;
}

function checkCreation(
  { to, data, authorizationList, from }: CallRequest,
  environment: BlockEnvironment,
  rules: ChainRules,
): Refusal | undefined {
  if (to !== undefined) return undefined;
  if (authorizationList !== undefined) {
    return refuse(
      'VM_AUTHORIZATION_CREATE',
      `EIP-7702 transaction cannot be used to create contract (sender ${checksumAddress(from)})`,
    );
  }
  const fork = forkAt(rules, environment.number, environment.timestamp);
  const limit = rules.initcodeSizeLimit ?? INITCODE_SIZE_LIMIT;
  if (!isAtLeast(fork, 'shanghai') || data.length <= limit) return undefined;
  return refuse(
    'VM_INITCODE_SIZE',
    `max initcode size exceeded: code size ${data.length} limit ${limit}`,
  );
}
