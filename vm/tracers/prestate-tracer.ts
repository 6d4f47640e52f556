/**
 * the accounts and slots that a transaction touches as they were before it, as geth's
 * `prestateTracer`; with `diffMode` only what it changed, before and after.
 */
import {
  type Address,
  bytesToHex,
  equalBytes,
  hexToBytes,
  type PrestateAccount,
  type PrestateOptions,
  type PrestateTrace,
  type Wei,
} from '../../ledger/model/index.ts';
import { addressOfWord, wordBytes } from '../stack-word.ts';
import { createdAddress } from '../step-reading.ts';
import type { TracedState, TracedStep, Tracer } from '../tracer.ts';
import { isDelegation } from '../transaction-rules.ts';
import type { TraceBudget } from './trace-budget.ts';

type Known = {
  readonly address: Address;
  readonly balance: Wei;
  readonly nonce: bigint;
  readonly code: Uint8Array;
  /** Values by slot in hex. */
  readonly slots: Map<string, Uint8Array>;
};

/** Bytes of JSON, about: of an account without its code, and of a slot. */
const ACCOUNT_BYTES = 140;
const SLOT_BYTES = 138;

const STORAGE: readonly number[] = [0x54, 0x55];
/** BALANCE, EXTCODESIZE, EXTCODECOPY, EXTCODEHASH, SELFDESTRUCT: the account is on top. */
const READS: readonly number[] = [0x31, 0x3b, 0x3c, 0x3f, 0xff];
const CALLS: readonly number[] = [0xf1, 0xf2, 0xf4, 0xfa];
const CREATES: readonly number[] = [0xf0, 0xf5];
const SELFDESTRUCT = 0xff;
const NO_WORD = new Uint8Array(32);

export function createPrestateTracer(
  options: PrestateOptions,
  budget: TraceBudget,
): { readonly tracer: Tracer; readonly result: () => PrestateTrace } {
  const accounts = new Map<string, Known>();
  const destroyed = new Set<string>();
  let pre: readonly PrestateAccount[] = [];
  let post: readonly PrestateAccount[] = [];
  let state: TracedState | undefined;

  const lookUp = (address: Address): Known | undefined => {
    const key = bytesToHex(address);
    const known = accounts.get(key);
    if (known !== undefined || state === undefined) return known;
    const code = state.code(address);
    budget.spend(ACCOUNT_BYTES + (options.disableCode ? 0 : 2 * code.length));
    const account = { address, ...state.account(address), code, slots: new Map() };
    accounts.set(key, account);
    return account;
  };
  /** The account whose code a call runs, and the one that this delegates to. */
  const lookUpCalled = (address: Address): void => {
    lookUp(address);
    const code = state?.code(address);
    if (code !== undefined && isDelegation(code)) lookUp(code.slice(3) as Address);
  };
  const lookUpSlot = (address: Address, slot: Uint8Array): void => {
    const account = lookUp(address);
    const key = bytesToHex(slot);
    if (options.disableStorage || account === undefined || account.slots.has(key)) return;
    budget.spend(SLOT_BYTES);
    account.slots.set(key, state?.storage(address, slot) ?? NO_WORD);
  };
  const look = (step: TracedStep): void => {
    const { opcode, address } = step;
    if (STORAGE.includes(opcode)) lookUpSlot(address, wordBytes(step.stack(0)));
    else if (CALLS.includes(opcode)) lookUpCalled(addressOfWord(step.stack(1)));
    else if (READS.includes(opcode)) lookUp(addressOfWord(step.stack(0)));
    if (opcode === SELFDESTRUCT) destroyed.add(bytesToHex(address));
    const made = createdAddress(step, () => state?.account(address).nonce ?? 0n);
    if (made !== undefined) lookUp(made);
  };

  return {
    tracer: {
      opcodes: [...STORAGE, ...READS, ...CALLS, ...CREATES],
      begin: (transaction) => {
        state = transaction.state;
        lookUp(transaction.from);
        lookUp(transaction.to);
        lookUp(transaction.beneficiary);
        for (const authority of transaction.authorities) lookUp(authority);
      },
      enter: ({ depth, codeAddress, kind }) => {
        if (depth === 0 && kind === 'call') lookUpCalled(codeAddress);
      },
      step: (step) => {
        if (step.failure === undefined) look(step);
        return undefined;
      },
      end: () => {
        const known = [...accounts.values()];
        if (options.diffMode && state !== undefined) {
          const differing = diff(known, destroyed, state, options);
          pre = differing.pre;
          post = differing.post;
        } else {
          pre = known.map((account) => shown(account, account.slots, options));
        }
        const empty = new Set(known.filter(wasEmpty).map(({ address }) => bytesToHex(address)));
        if (options.includeEmpty) return;
        pre = pre.filter(({ address }) => !empty.has(bytesToHex(address)));
      },
    },
    result: () =>
      options.diffMode
        ? { kind: 'prestateDiff', pre, post }
        : { kind: 'prestateTracer', accounts: pre },
  };
}

function wasEmpty({ balance, nonce, code }: Known): boolean {
  return balance === 0n && nonce === 0n && code.length === 0;
}

function shown(
  { address, balance, nonce, code }: Known,
  slots: ReadonlyMap<string, Uint8Array>,
  { disableCode }: PrestateOptions,
): PrestateAccount {
  return { address, balance, nonce, code: disableCode ? undefined : code, storage: listed(slots) };
}

function listed(slots: ReadonlyMap<string, Uint8Array>): PrestateAccount['storage'] {
  return [...slots].map(([slot, value]) => ({ slot: hexToBytes(slot), value }));
}

/** Accounts that changed: before with the slots that changed and held something, after with what is new. */
function diff(
  known: readonly Known[],
  destroyed: ReadonlySet<string>,
  state: TracedState,
  options: PrestateOptions,
): { readonly pre: readonly PrestateAccount[]; readonly post: readonly PrestateAccount[] } {
  const pre: PrestateAccount[] = [];
  const post: PrestateAccount[] = [];
  for (const account of known) {
    const { address } = account;
    const now = { ...state.account(address), code: state.code(address) };
    const slots = [...account.slots].map(([key, before]) => {
      const after = state.storage(address, hexToBytes(key));
      return { key, before, after, isSame: equalBytes(before, after) };
    });
    const isGone = wasEmpty({ ...account, ...now }) && destroyed.has(bytesToHex(address));
    if (isGone) {
      pre.push(shown(account, account.slots, options));
      continue;
    }
    const changed = slots.filter(({ isSame }) => !isSame);
    const after: PrestateAccount = {
      address,
      balance: now.balance === account.balance ? undefined : now.balance,
      nonce: now.nonce === account.nonce ? undefined : now.nonce,
      code: options.disableCode || equalBytes(now.code, account.code) ? undefined : now.code,
      storage: holding(changed.map(({ key, after: value }) => [key, value])),
    };
    const { balance, nonce, code } = after;
    const isChanged =
      changed.length > 0 || [balance, nonce, code].some((field) => field !== undefined);
    if (!isChanged) continue;
    const before = new Map(changed.map(({ key, before: value }) => [key, value]));
    pre.push({ ...shown(account, before, options), storage: holding([...before]) });
    post.push(after);
  }
  return { pre, post };
}

/** The slots that hold something. */
function holding(slots: readonly (readonly [string, Uint8Array])[]): PrestateAccount['storage'] {
  const held = slots.filter(([, value]) => !equalBytes(value, NO_WORD));
  return listed(new Map(held));
}
