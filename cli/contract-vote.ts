/** Votes of a network whose validators are named by the contract of its genesis file: a transaction each. */
import { addressOf } from '#crypto';
import {
  encodeRetract,
  encodeVote,
  errorNameOf,
  readKeyFile,
  VALIDATORS_CONTRACT,
} from '../genesis/index.ts';
import {
  asAddress,
  bytesToHex,
  hexToBytes,
  keyOf,
  signTransaction,
} from '../ledger/model/index.ts';
import { type RpcClient, RpcError } from '../rpc/client.ts';
import { cliError } from './errors.ts';

export type ContractVote = {
  readonly recipient: string;
  /** Undefined takes an own vote back. */
  readonly add: boolean | undefined;
};

type Receipt = { readonly status: string; readonly blockNumber: string };

const POLL_MS = 200;

/**
 * Votes with the validator key of a file; resolves with the transaction when it is final.
 * @throws CodedError `CLI_KEY_NEEDED`, `CLI_FOREIGN_CONTRACT`, `CLI_NODE_REFUSED`, `CLI_NOT_FINAL`, those of the key file
 */
export async function voteInContract(
  client: RpcClient,
  contract: string,
  vote: ContractVote,
  options: { readonly keyFile: string | undefined; readonly timeoutMs: number },
): Promise<{ readonly hash: string; readonly block: string; readonly voter: string }> {
  if (keyOf(hexToBytes(contract)) !== keyOf(VALIDATORS_CONTRACT.address)) {
    throw cliError('CLI_FOREIGN_CONTRACT', `the contract ${contract} names the validators`);
  }
  if (options.keyFile === undefined) {
    throw cliError('CLI_KEY_NEEDED', 'a contract names the validators: votes are transactions');
  }
  const key = await readKeyFile(options.keyFile);
  const voter = bytesToHex(addressOf(key));
  const recipient = asAddress(hexToBytes(vote.recipient));
  const data = vote.add === undefined ? encodeRetract(recipient) : encodeVote(recipient, vote.add);
  const call = { from: voter, to: contract, data: bytesToHex(data) };
  const gas = await estimate(client, call);
  const [chainId, nonce, gasPrice] = await Promise.all([
    client.request('eth_chainId', []),
    client.request('eth_getTransactionCount', [voter, 'pending']),
    client.request('eth_gasPrice', []),
  ]);
  const { raw } = signTransaction(
    {
      type: 0,
      chainId: BigInt(chainId),
      nonce: BigInt(nonce),
      gasPrice: BigInt(gasPrice),
      // The vote that changes the set costs more than those before it.
      gasLimit: gas + 300_000n,
      to: VALIDATORS_CONTRACT.address,
      value: 0n,
      data,
    },
    key,
  );
  const hash = await client.request('eth_sendRawTransaction', [bytesToHex(raw)]);
  const { status, blockNumber } = await receiptOf(client, hash, options.timeoutMs);
  if (BigInt(status) === 0n) {
    throw cliError(
      'CLI_NODE_REFUSED',
      `the contract refused the vote in block ${BigInt(blockNumber)}`,
    );
  }
  return { hash, block: BigInt(blockNumber).toString(), voter };
}

async function estimate(client: RpcClient, call: object): Promise<bigint> {
  try {
    return BigInt(await client.request<string>('eth_estimateGas', [call]));
  } catch (error) {
    const data = error instanceof RpcError && typeof error.data === 'string' ? error.data : '';
    const name = data.startsWith('0x') ? errorNameOf(hexToBytes(data)) : undefined;
    if (name === undefined) throw error;
    throw cliError('CLI_NODE_REFUSED', `the contract refuses the vote: ${name}`, error);
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
