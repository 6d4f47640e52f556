/**
 * What a call may suppose about state and block in place of what is stored: geth's state and block overrides.
 *
 * Overrides of state become changes over the state, so engines know nothing of them but which precompiled
 * contracts answer elsewhere.
 */
import { keccak256 } from '#crypto';
import {
  type BlockOverrides,
  checksumAddress,
  EMPTY_CODE_HASH,
  type Hash,
  keyOf,
  refuse,
  type SlotChange,
  type SlotOverride,
  type StateChanges,
  type StateOverride,
  type StateReader,
  type Verdict,
} from '../ledger/model/index.ts';
import type { ForkName } from './chain-rules.ts';
import type { BlockEnvironment, PrecompileMove } from './engine.ts';
import { createLayeredState, type LayeredState } from './layered-state.ts';
import { precompileNumber, precompilesAt } from './precompiles/index.ts';

export type OverriddenState = {
  readonly state: LayeredState;
  readonly movedPrecompiles: readonly PrecompileMove[];
};

/**
 * The state with the overrides on top; each address at most once.
 *
 * Refuses with VM_OVERRIDE what cannot be: both `state` and `stateDiff`, moving what is no precompiled contract,
 * or to an address that is overridden as well.
 *
 * @param fork whose precompiled contracts there are
 */
export function overrideState(
  state: StateReader,
  overrides: readonly StateOverride[],
  fork: ForkName,
): Verdict<OverriddenState> {
  const layered = createLayeredState(state);
  const applied = applyOverrides(layered, overrides, fork);
  return applied.ok ? { ...applied, state: layered } : applied;
}

/** The same on a state that may have changes already. */
export function applyOverrides(
  state: LayeredState,
  overrides: readonly StateOverride[],
  fork: ForkName,
): Verdict<Pick<OverriddenState, 'movedPrecompiles'>> {
  const precompiles = precompilesAt(fork);
  const overridden = new Set(overrides.map(({ address }) => keyOf(address)));
  const movedPrecompiles: PrecompileMove[] = [];
  for (const override of overrides) {
    const { address, movePrecompileTo: to } = override;
    const number = precompileNumber(address);
    const isPrecompile = number !== undefined && precompiles.has(number);
    const refusal = checkOverride(override, isPrecompile, overridden);
    if (refusal !== undefined) return refuse('VM_OVERRIDE', refusal);
    // As in geth, any override of a precompiled contract takes it away.
    if (isPrecompile) movedPrecompiles.push({ from: address, ...(to !== undefined && { to }) });
    state.apply(changesOf(override, state));
  }
  return { ok: true, movedPrecompiles };
}

function checkOverride(
  { address, state, stateDiff, movePrecompileTo }: StateOverride,
  isPrecompile: boolean,
  overridden: ReadonlySet<string>,
): string | undefined {
  const name = checksumAddress(address);
  if (state !== undefined && stateDiff !== undefined) {
    return `account ${name} has both 'state' and 'stateDiff'`;
  }
  if (movePrecompileTo === undefined) return undefined;
  if (!isPrecompile) return `account ${name} is not a precompile`;
  if (!overridden.has(keyOf(movePrecompileTo))) return undefined;
  return `account ${checksumAddress(movePrecompileTo)} is already overridden`;
}

function changesOf(override: StateOverride, before: StateReader): StateChanges {
  const { address, nonce, balance, code, state, stateDiff } = override;
  const sets = [nonce, balance, code, state, stateDiff];
  if (sets.every((field) => field === undefined)) return { accounts: [], codes: [] };
  const account = before.account(address);
  const codeHash = code === undefined ? account?.codeHash : hashOf(code);
  const change = {
    address,
    account: {
      nonce: nonce ?? account?.nonce ?? 0n,
      balance: balance ?? account?.balance ?? 0n,
      codeHash: codeHash ?? EMPTY_CODE_HASH,
    },
    storageCleared: state !== undefined,
    storage: (state ?? stateDiff ?? []).map(minimalSlot),
  };
  const codes = code === undefined || code.length === 0 ? [] : [{ codeHash: hashOf(code), code }];
  return { accounts: [change], codes };
}

function hashOf(code: Uint8Array): Hash {
  return code.length === 0 ? EMPTY_CODE_HASH : keccak256(code);
}

function minimalSlot({ slot, value }: SlotOverride): SlotChange {
  const start = value.findIndex((byte) => byte !== 0);
  return { slot, value: start < 0 ? new Uint8Array(0) : value.slice(start) };
}

/** what instructions see of the block with the overrides in place. */
export function overrideEnvironment(
  environment: BlockEnvironment,
  overrides: BlockOverrides,
): BlockEnvironment {
  const { beneficiary, ...fields } = overrides;
  return {
    ...environment,
    ...fields,
    ...(beneficiary !== undefined && { coinbase: beneficiary }),
  };
}
