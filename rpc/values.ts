/**
 * The value types of ethereum/execution-apis, both ways: codecs for what comes in, encoders for what
 * goes out. `0x` strings end here; inside are bytes and bigints.
 */
import { type TSchema, Type } from 'typebox';
import {
  type Address,
  asAddress,
  asHash,
  bytesToBigint,
  bytesToHex,
  type Hash,
  type Hex,
  hexToBytes,
} from '../ledger/model/index.ts';
import { type Codec, describe, refuseValue } from './codec.ts';
import { invalidParams } from './errors.ts';

const QUANTITY = /^0x(?:0|[1-9a-fA-F][0-9a-fA-F]*)$/;
const HEX_DIGITS = /^0x[0-9a-fA-F]*$/;

/** Result schemas. */
export const quantitySchema: TSchema = Type.String({
  pattern: '^0x(0|[1-9a-f][0-9a-f]*)$',
  description: 'quantity',
});
export const bytesSchema: TSchema = Type.String({
  pattern: '^0x([0-9a-f]{2})*$',
  description: 'bytes',
});
export const hashSchema: TSchema = Type.String({
  pattern: '^0x[0-9a-f]{64}$',
  description: 'hash, 32 bytes',
});
export const addressSchema: TSchema = Type.String({
  pattern: '^0x[0-9a-fA-F]{40}$',
  description: 'address, 20 bytes',
});

/** Hexadecimal without leading zeros; zero is `0x0`. */
export function quantity(value: bigint | number): Hex {
  return `0x${value.toString(16)}`;
}

/** 32 bytes, left-padded. */
export function word(value: Uint8Array): Hex {
  return `0x${bytesToHex(value).slice(2).padStart(64, '0')}`;
}

function isHex(value: unknown): value is string {
  return typeof value === 'string' && HEX_DIGITS.test(value);
}

/** Unsigned, at most `bits` bits, without leading zeros. */
export function quantityParam(bits: 64 | 256, description: string): Codec<bigint> {
  const digits = bits / 4 + 2;
  return {
    schema: Type.String({ pattern: QUANTITY.source, maxLength: digits, description }),
    decode: (value, path) => {
      if (typeof value !== 'string' || !value.startsWith('0x')) {
        return refuseValue(path, 'want a quantity, a hex string with 0x prefix', value);
      }
      if (value.length > digits) return refuseValue(path, `want at most ${bits} bits`, value);
      if (!QUANTITY.test(value)) {
        return refuseValue(path, 'want a hex number without leading zero digits', value);
      }
      return BigInt(value);
    },
  };
}

/** A block count or an index as go-ethereum takes it: a quantity, a decimal string or a number. */
export function countParam(description: string): Codec<number> {
  const schema = Type.Union([Type.String({ pattern: QUANTITY.source }), Type.Integer()], {
    description,
  });
  return {
    schema,
    decode: (value, path) => {
      const count =
        typeof value === 'number' ||
        (typeof value === 'string' && /^(0x[0-9a-f]+|\d+)$/i.test(value))
          ? Number(value)
          : Number.NaN;
      return Number.isSafeInteger(count) && count >= 0
        ? count
        : refuseValue(path, 'want a count', value);
    },
  };
}

/** Any number of bytes. */
export function bytesParam(description: string): Codec<Uint8Array> {
  return {
    schema: Type.String({ pattern: '^0x([0-9a-fA-F]{2})*$', description }),
    decode: (value, path) => {
      if (typeof value !== 'string' || !value.startsWith('0x')) {
        return refuseValue(path, 'want bytes, a hex string with 0x prefix', value);
      }
      if (value.length % 2 !== 0) {
        return refuseValue(path, 'want an even number of hex digits', value);
      }
      try {
        return hexToBytes(value); // checks every digit itself: one pass over what may be megabytes
      } catch {
        return refuseValue(path, 'want hex digits only', value);
      }
    },
  };
}

function fixedBytes<T>(length: number, what: string, brand: (bytes: Uint8Array) => T): Codec<T> {
  return {
    schema: Type.String({
      pattern: `^0x[0-9a-fA-F]{${length * 2}}$`,
      description: `${what}, ${length} bytes`,
    }),
    decode: (value, path) =>
      isHex(value) && value.length === 2 + length * 2
        ? brand(hexToBytes(value))
        : refuseValue(path, `want ${what} of ${length} bytes, a hex string with 0x prefix`, value),
  };
}

export const addressParam: Codec<Address> = fixedBytes(20, 'an address', asAddress);
export const hashParam: Codec<Hash> = fixedBytes(32, 'a hash', asHash);

/** 32 bytes, left-padded: a number given short, as signatures in JSON often are. */
export const wordParam: Codec<Uint8Array> = {
  schema: Type.String({ pattern: '^0x[0-9a-fA-F]{1,64}$', description: 'at most 32 bytes' }),
  decode: (value, path) =>
    isHex(value) && value.length > 2 && value.length <= 66
      ? leftPadded(value)
      : refuseValue(path, 'want at most 32 bytes, a hex string with 0x prefix', value),
};

/** A storage slot: at most 32 bytes, as wallets write it (`0x0`, `0x00`, 64 digits). */
export const slotParam: Codec<Uint8Array> = {
  schema: Type.String({ pattern: '^0x[0-9a-fA-F]{0,64}$', description: 'storage slot' }),
  decode: (value, path) => {
    if (typeof value !== 'string') return refuseValue(path, 'want a storage key', value);
    if (!isHex(value)) throw invalidParams(`invalid hex in storage key: ${describe(value)}`);
    if (value.length > 66) {
      throw invalidParams(
        `storage key too long (want at most 32 bytes): ${describe(value)} (${path})`,
      );
    }
    return leftPadded(value);
  },
};

/**
 * A slot that an answer names again, as go-ethereum does: 32 bytes as they came, anything shorter as a quantity.
 */
export const namedSlotParam: Codec<{ readonly slot: Uint8Array; readonly name: Hex }> = {
  schema: slotParam.schema,
  decode: (value, path) => {
    const slot = slotParam.decode(value, path);
    const isWhole = typeof value === 'string' && value.length === 66;
    return { slot, name: isWhole ? bytesToHex(slot) : quantity(bytesToBigint(slot)) };
  },
};

function leftPadded(hex: string): Uint8Array {
  return hexToBytes(hex.slice(2).padStart(64, '0'));
}
