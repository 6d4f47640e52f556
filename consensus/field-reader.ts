/**
 * Reads the fields of decoded RLP items in order. The first fault sticks: later reads give empty
 * values, and the caller looks at `fault` once at the end, so decoders are straight lines.
 */
import {
  type Address,
  asAddress,
  asHash,
  bytesToBigint,
  type Hash,
  type RlpItem,
} from '../ledger/model/index.ts';

/** The greatest round: what extraData can hold. */
const MAX_ROUND = 0x7fffffff;
const MAX_HEIGHT_BYTES = 8;

/** Shared by a reader and those of its inner lists. */
export type Fault = { reason: string | undefined };

export class FieldReader {
  readonly #items: readonly RlpItem[];
  readonly #fault: Fault;
  #next = 0;

  constructor(item: RlpItem, fault: Fault) {
    this.#fault = fault;
    this.#items = item instanceof Uint8Array ? [] : item;
    if (item instanceof Uint8Array) this.fail('a list is expected');
  }

  fail(reason: string): void {
    this.#fault.reason ??= reason;
  }

  get length(): number {
    return this.#items.length;
  }

  /** All fields must have been read. */
  end(): void {
    if (this.#next !== this.#items.length) this.fail('too many fields');
  }

  list(): FieldReader {
    return new FieldReader(this.#take(), this.#fault);
  }

  /** Inner lists, at most `limit` of them. */
  lists(limit: number): readonly FieldReader[] {
    const list = this.list();
    if (list.length > limit) {
      list.fail(`a list of more than ${limit}`);
      return [];
    }
    return Array.from({ length: list.length }, () => list.list());
  }

  bytes(): Uint8Array {
    const item = this.#take();
    if (item instanceof Uint8Array) return item;
    this.fail('bytes are expected');
    return new Uint8Array(0);
  }

  fixed(length: number): Uint8Array {
    const bytes = this.bytes();
    if (bytes.length === length) return bytes;
    this.fail(`${length} bytes are expected`);
    return new Uint8Array(length);
  }

  hash(): Hash {
    return asHash(this.fixed(32));
  }

  address(): Address {
    return asAddress(this.fixed(20));
  }

  /** Minimal big-endian, at most 8 bytes. */
  height(): bigint {
    const bytes = this.bytes();
    if (bytes.length > MAX_HEIGHT_BYTES || bytes[0] === 0) {
      this.fail('a minimal integer is expected');
      return 0n;
    }
    return bytesToBigint(bytes);
  }

  round(): number {
    const round = this.height();
    if (round <= BigInt(MAX_ROUND)) return Number(round);
    this.fail('a round is at most 2^31 - 1');
    return 0;
  }

  /** Hashes standing side by side in one byte string. */
  hashes(limit: number): readonly Hash[] {
    const bytes = this.bytes();
    if (bytes.length % 32 !== 0 || bytes.length > limit * 32) {
      this.fail(`at most ${limit} hashes are expected`);
      return [];
    }
    return Array.from({ length: bytes.length / 32 }, (_, i) =>
      asHash(bytes.subarray(i * 32, i * 32 + 32)),
    );
  }

  #take(): RlpItem {
    const item = this.#items[this.#next];
    this.#next += 1;
    if (item !== undefined) return item;
    this.fail('a field is missing');
    return [];
  }
}
