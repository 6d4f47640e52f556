/**
 * A cursor over canonical RLP, for formats whose shape is known.
 *
 * The first fault sticks: later reads return empty values and consume nothing, and the caller looks
 * at `fault` once at the end. So decoders are straight lines without exceptions, and no item tree
 * is built. Nothing is allocated by a length that the input only claims: strings are views.
 */

const EMPTY = new Uint8Array(0);

export type RlpFault =
  | 'MODEL_RLP_TRUNCATED'
  | 'MODEL_RLP_TRAILING'
  | 'MODEL_RLP_NOT_MINIMAL'
  | 'MODEL_RLP_KIND'
  | 'MODEL_RLP_LENGTH'
  | 'MODEL_RLP_INTEGER'
  | 'MODEL_RLP_TOO_DEEP';

export class RlpReader {
  readonly bytes: Uint8Array;
  /** Where the next item starts. */
  position: number;
  /** Where the innermost entered list, or the input, ends. */
  end: number;
  /** The first thing wrong with the input. */
  fault: RlpFault | undefined = undefined;

  #outerEnds: number[] = [];
  #payloadStart = 0;
  #payloadEnd = 0;

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
  }

  fail(fault: RlpFault): void {
    this.fault ??= fault;
  }

  /** Whether items are left before `end`; false after a fault, so that loops stop. */
  hasMore(end: number = this.end): boolean {
    return this.fault === undefined && this.position < end;
  }

  nextIsList(): boolean {
    return this.position < this.end && (this.bytes[this.position] as number) >= 0xc0;
  }

  /** Opens the list that comes next; returns where it ends, for `hasMore` and `leaveList`. */
  enterList(): number {
    if (!this.nextIsList())
      this.fail(this.position < this.end ? 'MODEL_RLP_KIND' : 'MODEL_RLP_TRUNCATED');
    this.#readHead();
    this.#outerEnds.push(this.end);
    if (this.fault !== undefined) return this.position;
    this.position = this.#payloadStart;
    this.end = this.#payloadEnd;
    return this.end;
  }

  /** Closes the list: nothing may be left in it. */
  leaveList(end: number): void {
    if (this.position !== end) this.fail('MODEL_RLP_LENGTH');
    this.end = this.#outerEnds.pop() ?? this.end;
  }

  /** The input must be used up. */
  finish(): void {
    if (this.position !== this.end) this.fail('MODEL_RLP_TRAILING');
  }

  /** A byte string, as a view. */
  string(): Uint8Array {
    if (!this.#readString()) return EMPTY;
    return this.bytes.subarray(this.#payloadStart, this.#payloadEnd);
  }

  /** A byte string of exactly `length` bytes, as a view. After a fault, zeros of that length. */
  fixed(length: number): Uint8Array {
    if (this.#readString()) {
      if (this.#payloadEnd - this.#payloadStart === length) {
        return this.bytes.subarray(this.#payloadStart, this.#payloadEnd);
      }
      this.fail('MODEL_RLP_LENGTH');
    }
    return new Uint8Array(length);
  }

  /** A byte string of `length` bytes, or undefined for the empty string. */
  fixedOrEmpty(length: number): Uint8Array | undefined {
    if (this.position < this.end && this.bytes[this.position] === 0x80) {
      this.position += 1;
      return undefined;
    }
    return this.fixed(length);
  }

  /** An unsigned integer of at most `maxBytes` bytes without leading zeros. */
  integer(maxBytes: number): bigint {
    if (!this.#readInteger(maxBytes)) return 0n;
    const { bytes } = this;
    let at = this.#payloadStart;
    const end = this.#payloadEnd;
    // Whole 6-byte groups fit a double exactly; most fields are one group.
    let value = 0;
    const first = at + ((end - at) % 6);
    for (; at < first; at += 1) value = value * 256 + (bytes[at] as number);
    let whole = BigInt(value);
    while (at < end) {
      value = 0;
      for (const stop = at + 6; at < stop; at += 1) value = value * 256 + (bytes[at] as number);
      whole = (whole << 48n) | BigInt(value);
    }
    return whole;
  }

  /** An unsigned integer of at most `maxBytes` (up to 6) bytes without leading zeros. */
  smallInteger(maxBytes: number): number {
    if (!this.#readInteger(maxBytes)) return 0;
    let value = 0;
    for (let at = this.#payloadStart; at < this.#payloadEnd; at += 1) {
      value = value * 256 + (this.bytes[at] as number);
    }
    return value;
  }

  /**
   * Writes an unsigned integer of at most 32 bytes without leading zeros right-aligned into
   * `target` before `targetEnd`.
   */
  word(target: Uint8Array, targetEnd: number): void {
    if (!this.#readInteger(32)) return;
    for (
      let at = this.#payloadEnd - 1, to = targetEnd - 1;
      at >= this.#payloadStart;
      at -= 1, to -= 1
    ) {
      target[to] = this.bytes[at] as number;
    }
  }

  /** The next item as it is, head included, as a view. Only its own head is checked. */
  raw(): Uint8Array {
    const start = this.position;
    this.skip();
    return this.bytes.subarray(start, this.position);
  }

  /** Moves past the next item. Only its own head is checked. */
  skip(): void {
    this.#readHead();
    if (this.fault === undefined) this.position = this.#payloadEnd;
  }

  #readInteger(maxBytes: number): boolean {
    if (!this.#readString()) return false;
    if (this.#payloadEnd - this.#payloadStart > maxBytes) {
      this.fail('MODEL_RLP_INTEGER');
      return false;
    }
    if (this.#payloadEnd > this.#payloadStart && this.bytes[this.#payloadStart] === 0) {
      this.fail('MODEL_RLP_INTEGER');
      return false;
    }
    return true;
  }

  #readString(): boolean {
    if (this.nextIsList()) this.fail('MODEL_RLP_KIND');
    this.#readHead();
    if (this.fault !== undefined) return false;
    this.position = this.#payloadEnd;
    return true;
  }

  /** Finds the payload of the item at `position` without moving. */
  #readHead(): void {
    if (this.fault !== undefined) return;
    if (this.position >= this.end) {
      this.fail('MODEL_RLP_TRUNCATED');
      return;
    }
    const head = this.bytes[this.position] as number;
    if (head < 0x80) {
      this.#payloadStart = this.position;
      this.#payloadEnd = this.position + 1;
      return;
    }
    const base = head < 0xc0 ? 0x80 : 0xc0;
    const short = head - base;
    if (short <= 55) {
      this.#setPayload(this.position + 1, short);
      if (base === 0x80 && short === 1 && (this.bytes[this.#payloadStart] as number) < 0x80) {
        this.fail('MODEL_RLP_NOT_MINIMAL');
      }
      return;
    }
    this.#readLongHead(short - 55);
  }

  #readLongHead(size: number): void {
    const start = this.position + 1;
    if (start + size > this.end) {
      this.fail('MODEL_RLP_TRUNCATED');
      return;
    }
    let length = 0;
    // At most 8 bytes: a double loses low digits above 2^53, but such a length is over any input.
    for (let i = 0; i < size; i += 1) length = length * 256 + (this.bytes[start + i] as number);
    if (this.bytes[start] === 0 || length < 56) {
      this.fail('MODEL_RLP_NOT_MINIMAL');
      return;
    }
    this.#setPayload(start + size, length);
  }

  #setPayload(start: number, length: number): void {
    if (start + length > this.end) {
      this.fail('MODEL_RLP_TRUNCATED');
      return;
    }
    this.#payloadStart = start;
    this.#payloadEnd = start + length;
  }
}
