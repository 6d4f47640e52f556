/**
 * The strict reading of protobuf (W-4): protobuf itself skips unknown fields, takes the last of two
 * equal ones and lets lists grow with the message. Here a message is walked once before it is
 * decoded, and whatever the schema does not name, or names smaller, is refused.
 */
import { EXTENSIBLE, type Field, type MessageName, WIRE_SCHEMA } from './wire-schema.ts';

const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** Field number -> name and field, for each message. */
const FIELDS_BY_ID: ReadonlyMap<MessageName, ReadonlyMap<number, Field>> = new Map(
  Object.entries(WIRE_SCHEMA).map(([name, fields]) => [
    name as MessageName, // the keys of a Record over MessageName
    new Map(Object.values(fields).map((field) => [field.id, field])),
  ]),
);

type Cursor = { readonly bytes: Uint8Array; offset: number; readonly end: number };

/** Whether the bytes are exactly one message of that name within all its limits. */
export function isMessage(name: MessageName, bytes: Uint8Array): boolean {
  return checkMessage(name, { bytes, offset: 0, end: bytes.length });
}

function checkMessage(name: MessageName, cursor: Cursor): boolean {
  const fields = FIELDS_BY_ID.get(name);
  if (fields === undefined) return false;
  const counts = new Map<number, number>();
  while (cursor.offset < cursor.end) {
    const tag = readVarint(cursor);
    if (!isAtMost(tag, 0xffff_ffffn)) return false;
    const id = Number(tag >> 3n);
    const wireType = Number(tag & 7n);
    const field = fields.get(id);
    const count = (counts.get(id) ?? 0) + 1;
    counts.set(id, count);
    const fits =
      field === undefined
        ? EXTENSIBLE.has(name) && id !== 0 && skip(wireType, cursor)
        : count <= (field.maxCount ?? 1) && checkValue(field, wireType, cursor);
    if (!fits) return false;
  }
  return isComplete(fields, counts);
}

function isComplete(
  fields: ReadonlyMap<number, Field>,
  counts: ReadonlyMap<number, number>,
): boolean {
  for (const [id, field] of fields) {
    if (!field.optional && field.maxCount === undefined && !counts.has(id)) return false;
  }
  return true;
}

function checkValue(field: Field, wireType: number, cursor: Cursor): boolean {
  switch (field.type) {
    case 'bool':
      return wireType === VARINT && isAtMost(readVarint(cursor), 1n);
    case 'uint32':
      return wireType === VARINT && isAtMost(readVarint(cursor), 0xffff_ffffn);
    case 'uint64':
      return wireType === VARINT && readVarint(cursor) !== undefined;
    case 'string':
    case 'bytes': {
      const value = readDelimited(wireType, cursor);
      if (value === undefined) return false;
      const length = value.end - value.offset;
      const max = field.maxBytes ?? 0;
      if (field.exact ? length !== max : length > max) return false;
      return field.type === 'bytes' || isPrintable(value);
    }
    default: {
      const value = readDelimited(wireType, cursor);
      return value !== undefined && checkMessage(field.type, value);
    }
  }
}

function isAtMost(value: bigint | undefined, max: bigint): value is bigint {
  return value !== undefined && value <= max;
}

/** Strings are codes and addresses: printable ASCII, so that nothing else reaches a log. */
function isPrintable({ bytes, offset, end }: Cursor): boolean {
  for (let i = offset; i < end; i += 1) {
    const code = bytes[i] as number;
    if (code < 0x20 || code > 0x7e) return false;
  }
  return true;
}

/** A varint of at most 64 bits; undefined when cut off or longer. */
function readVarint(cursor: Cursor): bigint | undefined {
  let value = 0;
  for (let i = 0; i < 4; i += 1) {
    if (cursor.offset >= cursor.end) return undefined;
    const byte = cursor.bytes[cursor.offset++] as number;
    value |= (byte & 0x7f) << (7 * i);
    if (byte < 0x80) return BigInt(value);
  }
  let long = BigInt(value);
  for (let shift = 28n; shift < 70n; shift += 7n) {
    if (cursor.offset >= cursor.end) return undefined;
    const byte = cursor.bytes[cursor.offset++] as number;
    long |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return long < 1n << 64n ? long : undefined;
  }
  return undefined;
}

/** The range of a length-delimited value, which the cursor then has passed. */
function readDelimited(wireType: number, cursor: Cursor): Cursor | undefined {
  if (wireType !== LENGTH_DELIMITED) return undefined;
  const length = readVarint(cursor);
  if (length === undefined || length > BigInt(cursor.end - cursor.offset)) return undefined;
  const offset = cursor.offset;
  cursor.offset += Number(length);
  return { bytes: cursor.bytes, offset, end: cursor.offset };
}

function skip(wireType: number, cursor: Cursor): boolean {
  if (wireType === VARINT) return readVarint(cursor) !== undefined;
  if (wireType === LENGTH_DELIMITED) return readDelimited(wireType, cursor) !== undefined;
  if (wireType !== FIXED_32 && wireType !== FIXED_64) return false;
  cursor.offset += wireType === FIXED_32 ? 4 : 8;
  return cursor.offset <= cursor.end;
}
