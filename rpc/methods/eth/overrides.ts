/** What calls may suppose about state and block: the third and fourth parameter of `eth_call` and its kin. */
import {
  type BlockOverrides,
  keyOf,
  type SlotOverride,
  type StateOverride,
} from '../../../ledger/model/index.ts';
import { type Codec, mapOf, objectOf, optional } from '../../codec.ts';
import { RpcRefusal } from '../../errors.ts';
import { addressParam, bytesParam, hashParam, quantityParam } from '../../values.ts';

/** A request of the default length has room for fewer slots than this. */
const MAX_ACCOUNTS = 1_000;
const MAX_SLOTS = 50_000;

const amount = quantityParam(256, 'wei');
const count = quantityParam(64, 'quantity');
const slots = mapOf(hashParam, hashParam, MAX_SLOTS, keyOf);

const account = objectOf(
  {
    balance: optional(amount),
    nonce: optional(count),
    code: optional(bytesParam('code')),
    state: optional(slots),
    stateDiff: optional(slots),
    movePrecompileToAddress: optional(addressParam),
  },
  'override of an account; `state` replaces all slots, `stateDiff` those that it names',
);

const accounts = mapOf(addressParam, account, MAX_ACCOUNTS, keyOf);

type Slots = ReturnType<typeof slots.decode>;

function slotsOf(entries: Slots): readonly SlotOverride[] {
  return entries.map(([slot, value]) => ({ slot, value }));
}

/** Overrides of state by address. */
export const stateOverridesParam: Codec<readonly StateOverride[]> = {
  schema: accounts.schema,
  decode: (given, path) =>
    accounts.decode(given, path).map(([address, override]) => {
      const { state, stateDiff, movePrecompileToAddress, ...fields } = override;
      return {
        address,
        ...fields,
        ...(state !== undefined && { state: slotsOf(state) }),
        ...(stateDiff !== undefined && { stateDiff: slotsOf(stateDiff) }),
        ...(movePrecompileToAddress !== undefined && { movePrecompileTo: movePrecompileToAddress }),
      };
    }),
};

const block = objectOf(
  {
    number: optional(count),
    time: optional(count),
    gasLimit: optional(count),
    feeRecipient: optional(addressParam),
    prevRandao: optional(hashParam),
    difficulty: optional(amount),
    baseFeePerGas: optional(amount),
    blobBaseFee: optional(amount),
    beaconRoot: unsupported('beaconRoot'),
    withdrawals: unsupported('withdrawals'),
  },
  'override of the block',
);

/** Overrides of the block. */
export const blockOverridesParam: Codec<BlockOverrides> = {
  schema: block.schema,
  decode: (given, path) => {
    const {
      time,
      feeRecipient,
      beaconRoot: _,
      withdrawals: __,
      ...fields
    } = block.decode(given, path);
    return {
      ...fields,
      ...(time !== undefined && { timestamp: time }),
      ...(feeRecipient !== undefined && { beneficiary: feeRecipient }),
    };
  },
};

/** A field that geth knows and that makes no difference to a call: refused rather than passed over. */
function unsupported(name: string): ReturnType<typeof optional<never>> {
  return optional({
    schema: { not: {} },
    decode: () => {
      throw new RpcRefusal(
        'RPC_EXECUTION_FAILED',
        `block override "${name}" is not supported for this RPC method`,
      );
    },
  });
}
