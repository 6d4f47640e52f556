/** One call of a simulated block: the transaction that it is, and what executing it gives. */
import {
  type Address,
  type BlockHeader,
  checksumAddress,
  type Gas,
  invariant,
  type Refusal,
  refuse,
  type SimulatedOutcome,
  type StateReader,
  type Transaction,
  type TransactionFields,
  type TransactionRequest,
  unsignedTransaction,
  type Verdict,
  ZERO_ADDRESS,
} from '../../ledger/model/index.ts';
import { callPrice } from '../call-price.ts';
import { asErr } from '../call-rules.ts';
import type { CallRequest, CallResult } from '../engine.ts';

const HIGHEST_NONCE = 2n ** 64n - 1n;

export type PreparedCall = {
  readonly transaction: Transaction;
  readonly sender: Address;
  readonly request: CallRequest;
};

/** What is left for a call. */
export type GasLeft = {
  /** Of its block. */
  readonly inBlock: Gas;
  /** Of the whole simulation. */
  readonly inAll: Gas;
};

/** Refuses with VM_SIMULATED_BLOCK_GAS, VM_NONCE_TOO_LOW, VM_NONCE_TOO_HIGH, VM_NONCE_MAX, VM_TIP_ABOVE_FEE_CAP. */
export function prepareCall(
  call: TransactionRequest,
  { gasLimit, baseFeePerGas }: BlockHeader,
  state: StateReader,
  { inBlock, inAll }: GasLeft,
  { chainId, isValidating }: { readonly chainId: bigint; readonly isValidating: boolean },
): Verdict<{ readonly prepared: PreparedCall }> {
  const from = call.from ?? ZERO_ADDRESS;
  const wanted = call.gas ?? inBlock;
  if (wanted > inBlock) {
    const message = `block gas limit reached: ${gasLimit - inBlock} >= ${gasLimit}`;
    return refuse('VM_SIMULATED_BLOCK_GAS', message);
  }
  const gas = wanted < inAll ? wanted : inAll;
  const current = state.account(from)?.nonce ?? 0n;
  const nonce = call.nonce ?? current;
  const refusal = isValidating ? checkNonce(from, nonce, current) : undefined;
  if (refusal !== undefined) return asErr(refusal, gas);
  const price = callPrice({ ...call, from }, baseFeePerGas);
  if (!price.ok) return asErr(price, gas);
  const { to, value = 0n, data = new Uint8Array(0), authorizationList, accessList } = call;
  const { blobVersionedHashes: blobHashes, maxFeePerBlobGas: blobFeeCap = 0n } = call;
  const { gasPrice, feeCap } = price;
  const request: CallRequest = {
    ...{ from, to, value, data, gas, gasPrice, feeCap },
    baseFee: isValidating ? 'charged' : 'shown',
    reportChanges: true,
    ...(accessList !== undefined && { accessList }),
    ...(authorizationList !== undefined && { authorizationList }),
    ...(blobHashes !== undefined && { blobHashes, blobFeeCap }),
  };
  const transaction = unsignedTransaction(fieldsOf(call, { gas, nonce, chainId }));
  return { ok: true, prepared: { transaction, sender: from, request } };
}

/** In the words and the order of geth. */
function checkNonce(from: Address, nonce: bigint, current: bigint): Refusal | undefined {
  const who = `address ${checksumAddress(from)}`;
  if (nonce > current) {
    return refuse('VM_NONCE_TOO_HIGH', `nonce too high: ${who}, tx: ${nonce} state: ${current}`);
  }
  if (nonce < current) {
    return refuse('VM_NONCE_TOO_LOW', `nonce too low: ${who}, tx: ${nonce} state: ${current}`);
  }
  if (nonce < HIGHEST_NONCE) return undefined;
  return refuse('VM_NONCE_MAX', `nonce has max value: ${who}, nonce: ${nonce}`);
}

function fieldsOf(
  call: TransactionRequest,
  { gas, nonce, chainId }: { readonly gas: Gas; readonly nonce: bigint; readonly chainId: bigint },
): TransactionFields {
  const { to, value = 0n, data = new Uint8Array(0), accessList = [] } = call;
  const common = { to, value, data, nonce, gasLimit: gas };
  if (call.gasPrice !== undefined) {
    return { type: 0, ...common, chainId: undefined, gasPrice: call.gasPrice };
  }
  const { maxFeePerGas = 0n, maxPriorityFeePerGas = 0n, maxFeePerBlobGas = 0n } = call;
  const typed = { ...common, chainId, maxFeePerGas, maxPriorityFeePerGas, accessList };
  const { authorizationList, blobVersionedHashes } = call;
  if (authorizationList !== undefined) return { type: 4, ...typed, authorizationList };
  if (blobVersionedHashes === undefined) return { type: 2, ...typed };
  return { type: 3, ...typed, maxFeePerBlobGas, blobVersionedHashes };
}

/** @param logsBefore of the block */
export function outcomeOf(
  result: Exclude<CallResult, { kind: 'refused' }>,
  logsBefore: number,
): SimulatedOutcome {
  const { gasUsed, gasNeeded: maxUsedGas } = result;
  switch (result.kind) {
    case 'returned': {
      const { logs, returnData: output, logPlaces = logs.map((_, index) => index) } = result;
      const logIndexes = logPlaces.map((place) => logsBefore + place);
      return { kind: 'success', output, logs, logIndexes, gasUsed, maxUsedGas };
    }
    case 'reverted':
      return { kind: 'reverted', output: result.returnData, ...NO_LOGS, gasUsed, maxUsedGas };
    case 'halted':
      return { kind: 'failed', message: result.reason, ...NO_LOGS, gasUsed, maxUsedGas };
  }
}

const NO_LOGS = { logs: [], logIndexes: [] } as const;

/** What the engine was asked to report. */
export function changesOf(
  result: Exclude<CallResult, { kind: 'refused' }>,
): NonNullable<typeof result.changes> {
  invariant(result.changes !== undefined, 'an engine reports changes if asked to');
  return result.changes;
}
