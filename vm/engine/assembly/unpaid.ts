/** The report of what was touched, where the gas did not even suffice for the touch. */
import { noticeAccount } from './account-access';
import { noticeSlot } from './storage';

/** What an instruction would have touched is reported even if its static gas was not there. */
export function noticeUnpaid(instruction: u32, sp: usize): void {
  switch (instruction) {
    case 0x31: // BALANCE
    case 0x3b: // EXTCODESIZE
    case 0x3c: // EXTCODECOPY
    case 0x3f: // EXTCODEHASH
    case 0xff: // SELFDESTRUCT
      noticeAccount(sp);
      break;
    case 0xf1: // CALL
    case 0xf2: // CALLCODE
    case 0xf4: // DELEGATECALL
    case 0xfa: // STATICCALL
      noticeAccount(sp - 32);
      break;
    case 0x54: // SLOAD
      noticeSlot(sp);
      break;
  }
}
