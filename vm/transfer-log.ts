/** Transfers of value as logs, which a simulation can ask for: of a token whose address means the coin (ERC-7528). */
import {
  type Address,
  asAddress,
  asHash,
  type Hash,
  hexToBytes,
  type Log,
} from '../ledger/model/index.ts';

export const TRANSFER_LOG_ADDRESS: Address = asAddress(new Uint8Array(20).fill(0xee));

/** keccak256("Transfer(address,address,uint256)") */
export const TRANSFER_TOPIC: Hash = asHash(
  hexToBytes('0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'),
);

/** Whether it stands for a transfer; made by the engine, so the address is this very object. */
export function isTransferLog({ address }: Log): boolean {
  return address === TRANSFER_LOG_ADDRESS;
}
