/**
 * CALL, CALLCODE, DELEGATECALL, STATICCALL, and how any frame begins.
 *
 * An instruction that may stop for the host does all asking before it changes anything, because it runs
 * again from its beginning afterwards.
 */

import {
  accountOnStack,
  codeFor,
  coldGas,
  delegateOf,
  isInPlace,
  isDelegation,
  NO_CODE,
  precompileAt,
  warm,
} from './account-access';
import { addressOf, balanceOf, isEmpty, isLoaded } from './accounts';
import { codeBytes, codeLength } from './codes';
import { warmGas } from './fork-rules';
import {
  ARENA_START,
  BASE,
  CALL,
  CALLCODE,
  CALLER,
  CODE,
  CODE_ACCOUNT,
  CODE_LENGTH,
  CODE_NUMBER,
  DATA,
  DATA_LENGTH,
  DELEGATECALL,
  frame,
  frameCount,
  GAS,
  GAS_START,
  IS_STATIC,
  JOURNAL_MARK,
  KIND,
  LOG_COUNT,
  LOG_MARK,
  MEM,
  PC,
  PRECOMPILE,
  pushFrame,
  REFUND_MARK,
  RET_LENGTH,
  RET_OFFSET,
  SELF,
  SP,
  STATICCALL,
  VALUE,
} from './frames';
import { arenaTop } from './heap';
import { journalLength, transfer } from './journal';
import {
  DEPTH_LIMIT,
  ENTERED,
  NEED_ACCOUNT,
  NEED_ROOM,
  OUT_OF_GAS,
  STACKS,
  WRITE_PROTECTION,
} from './layout';
import { logBytes, logCount } from './logs';
import { mem, reach, saveMemory } from './machine-memory';
import { clearReturnData } from './return-data';
import { isCrowded, refund, setAsked } from './run-state';
import { clamp, copyWord, isZero, less, setSmall } from './word';

const VALUE_GAS: i64 = 9000;
const NEW_ACCOUNT_GAS: i64 = 25000;
const STIPEND: i64 = 2300;

/** What a call would run, once everything about it is known. */
let runs: u32 = 0;
/** The account that the code's delegation names; -1 if it is none. */
export let delegate: i32 = -1;

/** Finds code and delegation of `account`; negative: the host must bring something. */
export function resolveCode(account: u32, precompile: u32): i32 {
  delegate = -1;
  runs = NO_CODE;
  if (!isLoaded(account)) {
    setAsked(account);
    return NEED_ACCOUNT;
  }
  if (precompile != 0) return 0;
  const code = codeFor(account);
  if (code < 0) return code;
  runs = code;
  if (!isDelegation(code)) return 0;
  const target = delegateOf(code);
  if (!isLoaded(target)) {
    setAsked(target);
    return NEED_ACCOUNT;
  }
  delegate = <i32>target;
  runs = NO_CODE;
  // What a delegation to a precompile names is an account without code; one that was moved there does not count.
  if (isInPlace(precompileAt(addressOf(target)))) return 0;
  const targetCode = codeFor(target);
  if (targetCode < 0) return targetCode;
  runs = targetCode;
  return 0;
}

/** Warms what a delegation names; called once `resolveCode` was satisfied. */
function warmDelegate(): void {
  if (delegate >= 0) warm(delegate, precompileAt(addressOf(delegate)));
}

/** Zero: the call failed at once and the next instruction follows. */
export function call(kind: u32): i32 {
  if (isCrowded()) return NEED_ROOM;
  const sp = <usize>load<u32>(frame, SP);
  const carriesValue = kind <= CALLCODE;
  const value = sp - 64;
  const args = carriesValue ? sp - 96 : sp - 64;
  const paysValue = carriesValue && !isZero(value);
  if (kind == CALL && paysValue && load<u32>(frame, IS_STATIC) != 0) return WRITE_PROTECTION;
  const target = accountOnStack(sp - 32);
  const precompile = precompileAt(addressOf(target));
  const missing = resolveCode(target, precompile);
  if (missing < 0) return missing;

  const cold = coldGas(target, precompile);
  const named = delegate;
  const coldDelegate = named >= 0 ? coldGas(named, precompileAt(addressOf(named))) : 0;
  let left = reach(args, args - 32, load<i64>(frame, GAS));
  if (left < 0) return <i32>left;
  left = reach(args - 64, args - 96, left);
  if (left < 0) return <i32>left;
  left -= cold;
  if (delegate >= 0) {
    left -= warmGas() + coldDelegate;
    // The same account twice is cold only once.
    if (<u32>delegate == target) left += cold;
  }
  if (paysValue) {
    left -= VALUE_GAS;
    if (kind == CALL && isEmpty(target)) left -= NEW_ACCOUNT_GAS;
  }
  if (left < 0) return OUT_OF_GAS;
  const most = <u64>(left - left / 64);
  const wanted = clamp(sp);
  const given = <i64>(wanted < most ? wanted : most);
  left -= given;
  warm(target, precompile);
  warmDelegate();

  const childGas = given + (paysValue ? STIPEND : 0);
  clearReturnData();
  saveMemory();
  const self = load<u32>(frame, SELF);
  store<u32>(frame, args - 128, SP);
  if (frameCount > DEPTH_LIMIT || (paysValue && less(balanceOf(self), value))) {
    store<i64>(frame, left + childGas, GAS);
    store<u32>(frame, args - 96, SP);
    setSmall(args - 96, 0);
    return 0;
  }
  store<i64>(frame, left, GAS);
  const dataLength = <u32>load<u64>(args - 32);
  const retLength = <u32>load<u64>(args - 96);
  const data: usize = dataLength == 0 ? 0 : mem + <usize>load<u64>(args);
  const retOffset = retLength == 0 ? 0 : <u32>load<u64>(args - 64);
  const parent = frame;
  const keepsSelf = kind == CALLCODE || kind == DELEGATECALL;
  const caller = kind == DELEGATECALL ? load<u32>(parent, CALLER) : self;
  const isStatic = kind == STATICCALL ? 1 : load<u32>(parent, IS_STATIC);
  enter(kind, keepsSelf ? self : target, caller, childGas);
  store<u32>(frame, isStatic, IS_STATIC);
  store<u32>(frame, target, CODE_ACCOUNT);
  store<u32>(frame, data, DATA);
  store<u32>(frame, dataLength, DATA_LENGTH);
  store<u32>(frame, retOffset, RET_OFFSET);
  store<u32>(frame, retLength, RET_LENGTH);
  if (kind == DELEGATECALL) copyWord(frame + VALUE, parent + VALUE);
  else if (carriesValue) copyWord(frame + VALUE, value);
  useCode(precompile);
  if (kind == CALL) transfer(self, target, frame + VALUE);
  else if (kind == STATICCALL) transfer(self, target, frame + VALUE);
  return ENTERED;
}

/** Lets the frame on top run what `resolveCode` found. */
export function useCode(precompile: u32): void {
  const bytes = codeBytes(runs);
  store<u32>(frame, precompile, PRECOMPILE);
  store<u32>(frame, runs, CODE_NUMBER);
  store<u32>(frame, bytes, CODE);
  store<u32>(frame, bytes, PC);
  store<u32>(frame, codeLength(runs), CODE_LENGTH);
}

/** Pushes a frame whose memory and stack begin where those of the frame below end. */
export function enter(kind: u32, self: u32, caller: u32, gas: i64): void {
  const base = frameCount == 0 ? <u32>STACKS - 32 : load<u32>(frame, SP);
  pushFrame();
  store<u32>(frame, base, SP);
  store<u32>(frame, base, BASE);
  store<i64>(frame, gas, GAS);
  store<i64>(frame, gas, GAS_START);
  store<u32>(frame, arenaTop, ARENA_START);
  store<u32>(frame, arenaTop, MEM);
  store<u32>(frame, self, SELF);
  store<u32>(frame, caller, CALLER);
  store<u32>(frame, kind, KIND);
  store<u32>(frame, journalLength, JOURNAL_MARK);
  store<u32>(frame, logBytes, LOG_MARK);
  store<u32>(frame, logCount, LOG_COUNT);
  store<i64>(frame, refund, REFUND_MARK);
}
