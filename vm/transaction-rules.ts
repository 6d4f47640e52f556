/**
 * When a transaction may be in a block: the law that pool, builder and validation share.
 *
 * What no fork of any chain allows (nonce 2^64 - 1, an empty authorisation list) does not decode, so it is
 * not looked at here. It stands apart from the engines so that each refusal has one code whichever engine runs.
 * `checkForm` needs the transaction and the rules alone; `checkAgainstState` needs the sender's account.
 * The wording of the messages is geth's, because wallets match on it.
 */
import type {
  AccessListItem,
  Account,
  Address,
  Authorization,
  Gas,
  Refusal,
  Transaction,
  Wei,
} from '../ledger/model/index.ts';
import { refuse } from '../ledger/model/index.ts';
import { checkBlobForm } from './blob-rules.ts';
import { type ChainRules, type ForkName, isAtLeast } from './chain-rules.ts';

/** The cap on the gas of one transaction from Osaka on (EIP-7825). */
export const TRANSACTION_GAS_CAP: Gas = 16_777_216n;
/** Bytes of creation code (EIP-3860), where the rules set no other limit. */
export const INITCODE_SIZE_LIMIT = 49_152;
const DELEGATION_LENGTH = 23;

/** What of a transaction or a call has a price before it runs. */
type Priced = {
  readonly to: Address | undefined;
  readonly data: Uint8Array;
  readonly accessList?: readonly AccessListItem[];
  readonly authorizationList?: readonly Authorization[];
};

/** What a transaction costs at least, whatever it runs. */
export type LeastGas = {
  /** Before its first instruction. */
  readonly intrinsic: Gas;
  /** For its calldata (EIP-7623); zero before Prague. */
  readonly floor: Gas;
};

export function leastGas(transaction: Priced, fork: ForkName): LeastGas {
  const bytes = countBytes(transaction.data);
  return { intrinsic: intrinsicGas(transaction, bytes, fork), floor: floorGas(bytes, fork) };
}

type ByteCount = { readonly zeros: number; readonly others: number };

function intrinsicGas(transaction: Priced, { zeros, others }: ByteCount, fork: ForkName): Gas {
  const { data, accessList = [], authorizationList = [] } = transaction;
  const perByte = isAtLeast(fork, 'istanbul') ? 16 : 68;
  let gas = 21_000 + zeros * 4 + others * perByte;
  if (transaction.to === undefined) {
    if (isAtLeast(fork, 'homestead')) gas += 32_000;
    if (isAtLeast(fork, 'shanghai')) gas += 2 * Math.ceil(data.length / 32);
  }
  for (const item of accessList) gas += 2_400 + 1_900 * item.storageKeys.length;
  gas += 25_000 * authorizationList.length;
  return BigInt(gas);
}

function floorGas({ zeros, others }: ByteCount, fork: ForkName): Gas {
  if (!isAtLeast(fork, 'prague')) return 0n;
  return BigInt(21_000 + 10 * (zeros + 4 * others));
}

/** The most that the sender pays for one unit of gas. */
export function feeCap(transaction: Transaction): Wei {
  return transaction.type < 2 && 'gasPrice' in transaction
    ? transaction.gasPrice
    : (transaction as Extract<Transaction, { maxFeePerGas: Wei }>).maxFeePerGas;
}

/** The most that the transaction can take from the sender. */
export function maxCost(transaction: Transaction): Wei {
  const cost = transaction.gasLimit * feeCap(transaction) + transaction.value;
  if (transaction.type !== 3) return cost;
  return (
    cost + BigInt(transaction.blobVersionedHashes.length * 131_072) * transaction.maxFeePerBlobGas
  );
}

/** What can be refused without looking at state. Undefined: nothing. */
export function checkForm(
  transaction: Transaction,
  rules: ChainRules,
  fork: ForkName,
): Refusal | undefined {
  return (
    checkKind(transaction, rules, fork) ??
    checkFields(transaction, rules, fork) ??
    checkGas(transaction, rules, fork)
  );
}

/**
 * What can be refused with the sender's account as it is before the transaction.
 *
 * @param account undefined if the account does not exist
 * @param code reads the sender's code; asked only if the account has any
 * @param baseFee undefined before London
 */
export function checkAgainstState(
  transaction: Transaction,
  account: Pick<Account, 'nonce' | 'balance'> | undefined,
  code: () => Uint8Array | undefined,
  baseFee: Wei | undefined,
  fork: ForkName,
): Refusal | undefined {
  const nonce = account?.nonce ?? 0n;
  const balance = account?.balance ?? 0n;
  if (baseFee !== undefined && feeCap(transaction) < baseFee) {
    return refuse(
      'VM_FEE_BELOW_BASE_FEE',
      `max fee per gas less than block base fee: maxFeePerGas: ${feeCap(transaction)}, baseFee: ${baseFee}`,
    );
  }
  if (transaction.nonce < nonce) {
    return refuse(
      'VM_NONCE_TOO_LOW',
      `nonce too low: next nonce ${nonce}, tx nonce ${transaction.nonce}`,
    );
  }
  if (transaction.nonce > nonce) {
    return refuse(
      'VM_NONCE_TOO_HIGH',
      `nonce too high: next nonce ${nonce}, tx nonce ${transaction.nonce}`,
    );
  }
  const senderCode = code();
  if (senderCode !== undefined && !(isAtLeast(fork, 'prague') && isDelegation(senderCode))) {
    return refuse('VM_SENDER_HAS_CODE', 'sender not an eoa');
  }
  return checkFunds(transaction, balance);
}

/** Whether `balance` covers the most that the transaction can cost. */
export function checkFunds(transaction: Transaction, balance: Wei): Refusal | undefined {
  const cost = maxCost(transaction);
  if (balance >= cost) return undefined;
  return refuse(
    'VM_INSUFFICIENT_FUNDS',
    `insufficient funds for gas * price + value: balance ${balance}, tx cost ${cost}, overshot ${cost - balance}`,
  );
}

/** Whether code is an EIP-7702 delegation: 0xef0100 and an address. */
export function isDelegation(code: Uint8Array): boolean {
  return code.length === DELEGATION_LENGTH && code[0] === 0xef && code[1] === 1 && code[2] === 0;
}

const FORK_OF_TYPE: readonly ForkName[] = ['frontier', 'berlin', 'london', 'cancun', 'prague'];

function checkKind(
  transaction: Transaction,
  rules: ChainRules,
  fork: ForkName,
): Refusal | undefined {
  if (!isAtLeast(fork, FORK_OF_TYPE[transaction.type] as ForkName)) {
    return refuse(
      'VM_TYPE_NOT_ACTIVE',
      `transaction type not supported: type ${transaction.type} at ${fork}`,
    );
  }
  if (transaction.chainId !== undefined && transaction.chainId !== rules.chainId) {
    return refuse(
      'VM_CHAIN_ID',
      `invalid chain id for signer: have ${transaction.chainId} want ${rules.chainId}`,
    );
  }
  return transaction.type === 3 ? checkBlobForm(transaction, fork) : undefined;
}

function checkFields(
  transaction: Transaction,
  rules: ChainRules,
  fork: ForkName,
): Refusal | undefined {
  if (transaction.type >= 2 && 'maxPriorityFeePerGas' in transaction) {
    const { maxPriorityFeePerGas: tip, maxFeePerGas: cap } = transaction;
    if (tip > cap) {
      return refuse(
        'VM_TIP_ABOVE_FEE_CAP',
        `max priority fee per gas higher than max fee per gas: maxPriorityFeePerGas: ${tip}, maxFeePerGas: ${cap}`,
      );
    }
  }
  const sizeLimit = rules.initcodeSizeLimit ?? INITCODE_SIZE_LIMIT;
  if (
    transaction.to === undefined &&
    isAtLeast(fork, 'shanghai') &&
    transaction.data.length > sizeLimit
  ) {
    return refuse(
      'VM_INITCODE_SIZE',
      `max initcode size exceeded: code size ${transaction.data.length}, limit ${sizeLimit}`,
    );
  }
  return undefined;
}

function checkGas(
  transaction: Transaction,
  rules: ChainRules,
  fork: ForkName,
): Refusal | undefined {
  const { gasLimit } = transaction;
  if (isAtLeast(fork, 'osaka') && gasLimit > TRANSACTION_GAS_CAP) {
    return refuse(
      'VM_GAS_LIMIT_CAP',
      `transaction gas limit too high (cap: ${TRANSACTION_GAS_CAP}, tx: ${gasLimit})`,
    );
  }
  const ruled = rules.perTransactionGasLimit;
  if (ruled !== undefined && gasLimit > ruled) {
    return refuse(
      'VM_GAS_LIMIT_RULE',
      `transaction gas limit too high (cap: ${ruled}, tx: ${gasLimit})`,
    );
  }
  const { intrinsic, floor } = leastGas(transaction, fork);
  if (gasLimit < intrinsic) {
    return refuse(
      'VM_INTRINSIC_GAS',
      `intrinsic gas too low: gas ${gasLimit}, minimum needed ${intrinsic}`,
    );
  }
  if (gasLimit < floor) {
    return refuse(
      'VM_FLOOR_GAS',
      `insufficient gas for floor data gas cost: gas ${gasLimit}, minimum needed ${floor}`,
    );
  }
  return undefined;
}

function countBytes(data: Uint8Array): ByteCount {
  let zeros = 0;
  for (let i = 0; i < data.length; i += 1) if (data[i] === 0) zeros += 1;
  return { zeros, others: data.length - zeros };
}
