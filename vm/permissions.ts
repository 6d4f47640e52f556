/**
 * Who may send transactions and who may deploy, as a contract of the chain has it in its
 * storage. Read by slot: no code runs, so asking costs no gas and cannot fail.
 *
 * Kinds of transactions and the words of a refusal are those of Besu's account permissioning (EEA Client
 * Specification 7, section 6.1.2).
 */
import { keccak256 } from '#crypto';
import {
  type Address,
  type Height,
  type Refusal,
  refuse,
  type Transaction,
} from '../ledger/model/index.ts';

export type PermissionRule = {
  /** Whose storage says who may do what. */
  readonly contract: Address;
  /** First block for which it is asked. */
  readonly from: Height;
  /** First block for which it is asked no more. */
  readonly until?: Height;
};

/** Bits of the number that the contract has for an account. */
export const RIGHTS = {
  /** Transactions may come from the account. */
  send: 1,
  /** Transactions without a recipient, too. */
  deploy: 2,
  /** For the contract alone: the account may change rights. */
  administer: 4,
  /** What is written here holds for the account; without it, what everyone may. */
  named: 8,
} as const;

/** Slot 0: rights by account. Slot 1: the rights of everyone who is not named. */
const RIGHTS_OF_EVERYONE: Uint8Array = Uint8Array.of(...new Uint8Array(31), 1);

/** The value of a slot, big-endian, with or without leading zeros. */
export type SlotReader = (address: Address, slot: Uint8Array) => Uint8Array;

/**
 * Whether the sender may send this in that block, by the state just before it. Undefined: it may.
 * @param rule undefined on a chain that asks nobody
 */
export function checkPermission(
  { to }: Pick<Transaction, 'to'>,
  sender: Address,
  rule: PermissionRule | undefined,
  number: Height,
  storage: SlotReader,
): Refusal | undefined {
  if (rule === undefined || number < rule.from) return undefined;
  if (rule.until !== undefined && number >= rule.until) return undefined;
  const rights = rightsOf(sender, rule.contract, storage);
  if ((rights & RIGHTS.send) === 0) {
    return refuse('VM_SENDER_NOT_PERMITTED', 'sender account not authorized to send transactions');
  }
  if (to === undefined && (rights & RIGHTS.deploy) === 0) {
    return refuse(
      'VM_DEPLOYMENT_NOT_PERMITTED',
      'sender account not authorized to deploy contracts',
    );
  }
  return undefined;
}

function rightsOf(account: Address, contract: Address, storage: SlotReader): number {
  const own = lowestByte(storage(contract, slotOf(account)));
  return (own & RIGHTS.named) !== 0 ? own : lowestByte(storage(contract, RIGHTS_OF_EVERYONE));
}

/** Where Solidity keeps `mapping(address => uint256)` of slot 0. */
function slotOf(account: Address): Uint8Array {
  const key = new Uint8Array(64);
  key.set(account, 12);
  return keccak256(key);
}

function lowestByte(value: Uint8Array): number {
  return value[value.length - 1] ?? 0;
}
