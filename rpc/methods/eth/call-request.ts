/** The transaction object of `eth_call` and its kin. */
import {
  bytesToBigint,
  concatBytes,
  equalBytes,
  type TransactionRequest,
} from '../../../ledger/model/index.ts';
import { type Codec, listOf, objectOf, optional, refuseValue } from '../../codec.ts';
import { RpcRefusal } from '../../errors.ts';
import type { MethodContext } from '../../method.ts';
import {
  addressParam,
  bytesParam,
  hashParam,
  quantityParam,
  slotParam,
  wordParam,
} from '../../values.ts';

/** Far above what a block's gas could pay for. */
const MAX_ACCESS_LIST = 10_000;
const MAX_SLOTS = 10_000;
const MAX_AUTHORIZATIONS = 1_000;
const MAX_BLOBS = 1_000;

const amount = quantityParam(256, 'wei');
const gas = quantityParam(64, 'gas');
const input = bytesParam('call data');

const fields = objectOf(
  {
    type: optional(quantityParam(64, 'transaction type')),
    chainId: optional(quantityParam(256, 'chain id')),
    from: optional(addressParam),
    to: optional(addressParam),
    gas: optional(gas),
    gasPrice: optional(amount),
    maxFeePerGas: optional(amount),
    maxPriorityFeePerGas: optional(amount),
    maxFeePerBlobGas: optional(amount),
    value: optional(amount),
    nonce: optional(quantityParam(64, 'nonce')),
    data: optional(input),
    input: optional(input),
    accessList: optional(
      listOf(
        objectOf(
          { address: addressParam, storageKeys: listOf(slotParam, MAX_SLOTS) },
          'entry of an access list',
        ),
        MAX_ACCESS_LIST,
      ),
    ),
    authorizationList: optional(
      listOf(
        objectOf(
          {
            chainId: quantityParam(256, 'chain id'),
            address: addressParam,
            nonce: quantityParam(64, 'nonce'),
            yParity: quantityParam(64, 'parity'),
            r: wordParam,
            s: wordParam,
          },
          'authorization of EIP-7702',
        ),
        MAX_AUTHORIZATIONS,
      ),
    ),
    blobVersionedHashes: optional(listOf(hashParam, MAX_BLOBS)),
  },
  'transaction without a signature; `input` and `data` mean the same',
);

type Fields = ReturnType<typeof fields.decode>;

export const callRequestParam: Codec<TransactionRequest & { readonly chainId?: bigint }> = {
  schema: fields.schema,
  decode: (value, path) => {
    const { type, data, input: preferred, authorizationList, ...rest } = fields.decode(value, path);
    if (data !== undefined && preferred !== undefined && !equalBytes(data, preferred)) {
      throw new RpcRefusal(
        'RPC_EXECUTION_FAILED',
        'both "data" and "input" are set and not equal. Please use "input" to pass transaction call data',
      );
    }
    if (rest.gasPrice !== undefined && hasFeeMarketField(rest)) {
      throw new RpcRefusal(
        'RPC_EXECUTION_FAILED',
        'both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified',
      );
    }
    if (type !== undefined && type > 4n) {
      return refuseValue(`${path}: type`, 'want a transaction type of 0 to 4', `0x${type}`);
    }
    const bytes = preferred ?? data;
    return {
      ...rest,
      ...(bytes === undefined ? {} : { data: bytes }),
      ...(authorizationList === undefined
        ? {}
        : { authorizationList: authorizationList.map(withNumericParity) }),
    };
  },
};

function hasFeeMarketField(request: Partial<Fields>): boolean {
  return request.maxFeePerGas !== undefined || request.maxPriorityFeePerGas !== undefined;
}

function withNumericParity<T extends { readonly yParity: bigint }>(
  entry: T,
): Omit<T, 'yParity'> & { readonly yParity: number } {
  return { ...entry, yParity: Number(entry.yParity) };
}

/** A message for another chain is a mistake worth naming. */
export function checkChain(
  { node }: Pick<MethodContext, 'node'>,
  chainId: bigint | undefined,
): void {
  if (chainId !== undefined && chainId !== node.chainId) {
    throw new RpcRefusal(
      'RPC_EXECUTION_FAILED',
      `chainId does not match node's (have=${chainId}, want=${node.chainId})`,
    );
  }
}

/** `Error(string)` and `Panic(uint256)` of Solidity, by their first four bytes. */
const ERROR_STRING = Uint8Array.of(0x08, 0xc3, 0x79, 0xa0);
const PANIC = Uint8Array.of(0x4e, 0x48, 0x7b, 0x71);

/** Solidity's panic codes, in go-ethereum's words. */
const PANIC_REASONS: Readonly<Record<number, string>> = {
  0: 'generic panic',
  1: 'assert(false)',
  17: 'arithmetic underflow or overflow',
  18: 'division or modulo by zero',
  33: 'enum overflow',
  34: 'invalid encoded storage byte array accessed',
  49: 'out-of-bounds array access; popping on an empty array',
  50: 'out-of-bounds access of an array or bytesN',
  65: 'out of memory',
  81: 'uninitialized function',
};

/** `execution reverted: reason`, where the data is one of Solidity's two standard forms. */
export function revertMessage(output: Uint8Array): string {
  const reason = solidityReason(output);
  return reason === undefined ? 'execution reverted' : `execution reverted: ${reason}`;
}

/** The text or panic that Solidity reverts with; undefined for any other data. */
export function solidityReason(output: Uint8Array): string | undefined {
  const selector = output.subarray(0, 4);
  const body = output.subarray(4);
  if (equalBytes(selector, PANIC) && body.length === 32) {
    const code = bytesToBigint(body);
    return PANIC_REASONS[Number(code)] ?? `unknown panic code: 0x${code.toString(16)}`;
  }
  if (!equalBytes(selector, ERROR_STRING) || body.length < 64) return undefined;
  const offset = bytesToBigint(body.subarray(0, 32));
  if (offset + 32n > BigInt(body.length)) return undefined;
  const start = Number(offset) + 32;
  const length = bytesToBigint(body.subarray(start - 32, start));
  if (BigInt(start) + length > BigInt(body.length)) return undefined;
  return new TextDecoder().decode(concatBytes(body.subarray(start, start + Number(length))));
}
