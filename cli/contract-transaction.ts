/** A transaction to a contract of the genesis file, signed with the key of a file, until it is final. */
import { addressOf } from '#crypto';
import { errorNameOf, readKeyFile, type SystemContract } from '../genesis/index.ts';
import { bytesToHex, hexToBytes, signTransaction } from '../ledger/model/index.ts';
import { type RpcClient, RpcError } from '../rpc/client.ts';
import { cliError } from './errors.ts';
import { passwordFrom } from './password-file.ts';

export type ContractTransaction = {
  readonly contract: SystemContract;
  readonly data: Uint8Array;
  readonly keyFile: string;
  /** With the password of an encrypted key. */
  readonly passwordFile: string | undefined;
  /** Gas beyond the estimate: what the same call may cost more in another state. */
  readonly spareGas: bigint;
  readonly timeoutMs: number;
};

export type FinalTransaction = {
  readonly hash: string;
  readonly block: string;
  readonly sender: string;
};

type Receipt = { readonly status: string; readonly blockNumber: string };

const POLL_MS = 200;

/** @throws CodedError `CLI_NODE_REFUSED`, `CLI_NOT_FINAL`, those of the key file */
export async function sendToContract(
  client: RpcClient,
  { contract, data, keyFile, passwordFile, spareGas, timeoutMs }: ContractTransaction,
): Promise<FinalTransaction> {
  const key = await readKeyFile(keyFile, await passwordFrom(passwordFile));
  const sender = bytesToHex(addressOf(key));
  const to = bytesToHex(contract.address);
  const gas = await estimate(client, contract, { from: sender, to, data: bytesToHex(data) });
  const [chainId, nonce, gasPrice] = await Promise.all([
    client.request('eth_chainId', []),
    client.request('eth_getTransactionCount', [sender, 'pending']),
    client.request('eth_gasPrice', []),
  ]);
  const { raw } = signTransaction(
    {
      type: 0,
      chainId: BigInt(chainId),
      nonce: BigInt(nonce),
      gasPrice: BigInt(gasPrice),
      gasLimit: gas + spareGas,
      to: contract.address,
      value: 0n,
      data,
    },
    key,
  );
  const hash = await client.request('eth_sendRawTransaction', [bytesToHex(raw)]);
  const { status, blockNumber } = await receiptOf(client, hash, timeoutMs);
  const block = BigInt(blockNumber).toString();
  if (BigInt(status) === 0n) {
    throw cliError('CLI_NODE_REFUSED', `the contract refused the transaction in block ${block}`);
  }
  return { hash, block, sender };
}

async function estimate(
  client: RpcClient,
  contract: SystemContract,
  call: object,
): Promise<bigint> {
  try {
    return BigInt(await client.request<string>('eth_estimateGas', [call]));
  } catch (error) {
    const data = error instanceof RpcError && typeof error.data === 'string' ? error.data : '';
    const name = data.startsWith('0x') ? errorNameOf(contract, hexToBytes(data)) : undefined;
    if (name === undefined) throw error;
    throw cliError('CLI_NODE_REFUSED', `the contract refuses the transaction: ${name}`, error);
  }
}

async function receiptOf(client: RpcClient, hash: string, timeoutMs: number): Promise<Receipt> {
  const deadlineMs = Date.now() + timeoutMs;
  while (Date.now() < deadlineMs) {
    const receipt = await client.request<Receipt | null>('eth_getTransactionReceipt', [hash]);
    if (receipt !== null) return receipt;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw cliError('CLI_NOT_FINAL', `transaction ${hash} is not final after ${timeoutMs} ms`);
}
