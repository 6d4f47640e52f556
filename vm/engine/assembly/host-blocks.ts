/** For the host: setting up, and beginning blocks and transactions. */
import { setPrecompilesWarm } from './account-access';
import {
  accountAt,
  addressOf,
  forgetAccounts,
  nonceOf,
  setSeenOf,
  setUpAccounts,
} from './accounts';
import { setUpCodes } from './codes';
import { dropFrames, relocate } from './frames';
import { arenaBase, setArenaTop } from './heap';
import {
  changeNonce,
  setUpJournal,
  startTransaction as startJournal,
  warmAccount,
} from './journal';
import { BLOCK_HASHES_KNOWN, COINBASE, INPUT, ORIGIN, SCRATCH } from './layout';
import { dropLogs, setLogsTransfers, setUpLogs } from './logs';
import { clearReturnData, setUpReturnData } from './return-data';
import { isCrowded, makeRoom, setRefund } from './run-state';
import { forgetSlots, forgetTransients, setUpSlots } from './slots';
import { copyWord, loadAddress } from './word';

/** Once, before anything else. `secret` keys the tables' hash, so that nobody can aim at one cell. */
export function setUp(secret: u64): void {
  setUpAccounts(1024, secret);
  setUpSlots(4096, secret);
  setUpJournal(4096);
  setUpLogs(0x10000);
  setUpReturnData(0x10000);
  setUpCodes(256, 0x100000);
  relocate();
}

/** Forgets all state; codes stay. */
export function startBlock(): void {
  forgetAccounts();
  forgetSlots();
  forgetTransients();
  dropFrames();
  setArenaTop(arenaBase);
  memory.fill(BLOCK_HASHES_KNOWN, 0, 256);
  setLogsTransfers(false);
}

/** For the rest of the block, transfers of value are logged as well. */
export function logTransfers(): void {
  setLogsTransfers(true);
}

export function startTransaction(): void {
  startJournal();
  forgetTransients();
  dropLogs();
  clearReturnData();
  setRefund(0);
  setPrecompilesWarm(false);
  dropFrames();
  setArenaTop(arenaBase);
}

/** Flags of `openTransaction`. */
const HAS_RECIPIENT: u32 = 1;
const WARMS: u32 = 2;
const WARMS_COINBASE: u32 = 4;

/**
 * Starts the transaction of the loaded account `from`, whose nonce goes up; the recipient's 20 bytes are at
 * INPUT. The recipient's number, if there is one.
 */
export function openTransaction(from: u32, flags: u32): u32 {
  startTransaction();
  if (isCrowded()) makeRoom();
  copyWord(ORIGIN, addressOf(from));
  changeNonce(from, nonceOf(from) + 1);
  let to: u32 = 0;
  if ((flags & HAS_RECIPIENT) != 0) {
    loadAddress(INPUT, SCRATCH);
    to = accountAt(SCRATCH);
  }
  if ((flags & WARMS) == 0) return to;
  setPrecompilesWarm(true);
  warmUnseen(from);
  if ((flags & HAS_RECIPIENT) != 0) warmUnseen(to);
  if ((flags & WARMS_COINBASE) != 0) warmUnseen(accountAt(COINBASE));
  return to;
}

/** Warm without having been touched by execution. */
export function warmUnseen(account: u32): void {
  if (warmAccount(account)) setSeenOf(account, 0);
}
