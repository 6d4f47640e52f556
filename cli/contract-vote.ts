/** Votes of a network whose validators are named by the contract of its genesis file: a transaction each. */
import { encodeRetract, encodeVote, VALIDATORS_CONTRACT } from '../genesis/index.ts';
import { asAddress, hexToBytes, keyOf } from '../ledger/model/index.ts';
import type { RpcClient } from '../rpc/client.ts';
import { type FinalTransaction, sendToContract } from './contract-transaction.ts';
import { cliError } from './errors.ts';

export type ContractVote = {
  readonly recipient: string;
  /** Undefined takes an own vote back. */
  readonly add: boolean | undefined;
};

/** The vote that changes the set costs more than those before it. */
const SPARE_GAS = 300_000n;

/**
 * Votes with the validator key of a file; resolves with the transaction when it is final.
 * @throws CodedError `CLI_KEY_NEEDED`, `CLI_FOREIGN_CONTRACT`, `CLI_NODE_REFUSED`, `CLI_NOT_FINAL`, those of the key file
 */
export async function voteInContract(
  client: RpcClient,
  contract: string,
  vote: ContractVote,
  options: {
    readonly keyFile: string | undefined;
    readonly passwordFile: string | undefined;
    readonly timeoutMs: number;
  },
): Promise<FinalTransaction> {
  if (keyOf(hexToBytes(contract)) !== keyOf(VALIDATORS_CONTRACT.address)) {
    throw cliError('CLI_FOREIGN_CONTRACT', `the contract ${contract} names the validators`);
  }
  const { keyFile, passwordFile, timeoutMs } = options;
  if (keyFile === undefined) {
    throw cliError('CLI_KEY_NEEDED', 'a contract names the validators: votes are transactions');
  }
  const recipient = asAddress(hexToBytes(vote.recipient));
  const data = vote.add === undefined ? encodeRetract(recipient) : encodeVote(recipient, vote.add);
  return await sendToContract(client, {
    contract: VALIDATORS_CONTRACT,
    data,
    keyFile,
    passwordFile,
    spareGas: SPARE_GAS,
    timeoutMs,
  });
}
