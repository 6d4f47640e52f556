/**
 * Our decoded transactions in the shape that `runTx` of ethereumjs reads.
 *
 * Its constructors parse, validate, copy the chain configuration and later recover the sender again; all of
 * that was done at admission. So an adapted transaction is made of its prototype (which holds the gas and
 * fee formulas that make the reference engine independent of ours) with the fields set directly and the
 * sender given.
 */
import type { Common } from '@ethereumjs/common';
import {
  AccessList2930Tx,
  Blob4844Tx,
  EOACode7702Tx,
  FeeMarket1559Tx,
  LegacyTx,
  type TypedTransaction,
} from '@ethereumjs/tx';
import { Address as EthereumAddress } from '@ethereumjs/util';
import {
  type AccessListItem,
  type Address,
  type Authorization,
  bigintToBytes,
  bytesToHex,
  type Transaction,
} from '../../ledger/model/index.ts';
import type { CallRequest } from '../engine.ts';

/** EIPs whose behaviour `runTx` asks each type for; `EOACode7702Tx` and the others set them when constructed. */
const CAPABILITIES: readonly (readonly number[])[] = [
  [],
  [2718, 2930],
  [1559, 2718, 2930],
  [1559, 2718, 2930, 4844],
  [1559, 2718, 2930, 7702],
];

const PROTOTYPES: readonly object[] = [
  LegacyTx.prototype,
  AccessList2930Tx.prototype,
  FeeMarket1559Tx.prototype,
  Blob4844Tx.prototype,
  EOACode7702Tx.prototype,
];

/** A transaction of a block. */
export function adaptTransaction(
  transaction: Transaction,
  sender: Address,
  common: Common,
): TypedTransaction {
  const { type, nonce, gasLimit, value, data, to } = transaction;
  return build(type, sender, common, {
    nonce,
    gasLimit,
    value,
    data,
    to: to === undefined ? undefined : new EthereumAddress(to),
    ...('gasPrice' in transaction
      ? { gasPrice: transaction.gasPrice }
      : {
          maxFeePerGas: transaction.maxFeePerGas,
          maxPriorityFeePerGas: transaction.maxPriorityFeePerGas,
        }),
    ...(type !== 0 && { accessList: transaction.accessList.map(accessListBytes) }),
    ...(type === 3 && {
      maxFeePerBlobGas: transaction.maxFeePerBlobGas,
      blobVersionedHashes: transaction.blobVersionedHashes.map(bytesToHex),
    }),
    ...(type === 4 && {
      authorizationList: transaction.authorizationList.map(authorizationBytes),
    }),
  });
}

/** The transaction that a call would be, unsigned and with any nonce. */
export function adaptCall(request: CallRequest, common: Common, typed: boolean): TypedTransaction {
  const { gas: gasLimit, value, data, to, gasPrice, authorizationList } = request;
  const accessList = (request.accessList ?? []).map(accessListBytes);
  const fields = {
    nonce: 0n,
    gasLimit,
    value,
    data,
    to: to === undefined ? undefined : new EthereumAddress(to),
    accessList,
  };
  if (request.blobHashes !== undefined) {
    return build(3, request.from, common, {
      ...fields,
      maxFeePerGas: gasPrice,
      maxPriorityFeePerGas: gasPrice,
      maxFeePerBlobGas: request.blobFeeCap ?? 0n,
      blobVersionedHashes: request.blobHashes.map(bytesToHex),
    });
  }
  if (authorizationList !== undefined) {
    return build(4, request.from, common, {
      ...fields,
      maxFeePerGas: gasPrice,
      maxPriorityFeePerGas: gasPrice,
      authorizationList: authorizationList.map(authorizationBytes),
    });
  }
  return build(typed ? 1 : 0, request.from, common, { ...fields, gasPrice });
}

function build(
  type: number,
  sender: Address,
  common: Common,
  fields: Readonly<Record<string, unknown>>,
): TypedTransaction {
  const from = new EthereumAddress(sender);
  const transaction: object = Object.create(PROTOTYPES[type] as object);
  Object.assign(transaction, fields, {
    type,
    common,
    cache: {},
    activeCapabilities: CAPABILITIES[type],
    getSenderAddress: () => from,
  });
  // The prototype gives the methods and the assignment above the fields that those methods read.
  return transaction as TypedTransaction;
}

function accessListBytes(item: AccessListItem): [Uint8Array, Uint8Array[]] {
  return [item.address, [...item.storageKeys]];
}

function authorizationBytes(item: Authorization): Uint8Array[] {
  return [
    bigintToBytes(item.chainId),
    item.address,
    bigintToBytes(item.nonce),
    bigintToBytes(BigInt(item.yParity)),
    item.r,
    item.s,
  ];
}
