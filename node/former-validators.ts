/**
 * Everyone who ever was a validator: peers that are served blocks after they have left (design D6).
 *
 * The list is kept in a file and follows the head. What the file does not cover, because it is old or
 * lost, is read from the headers in small portions while the node already works.
 */
import {
  type Address,
  asAddress,
  type BlockHeader,
  bytesToHex,
  decodeExtraData,
  type Height,
  hexToBytes,
  keyOf,
} from '../ledger/model/index.ts';
import type { ChainStore } from '../ledger/store/index.ts';
import { createExclusive } from './exclusive.ts';
import type { SmallFile } from './small-file.ts';

export type FormerValidators = {
  /** Those of today included, in no order. */
  list(): readonly Address[];
  /** Begins to read the headers that the file does not cover; `onFound` when that has made the list longer. */
  readHeaders(onFound: () => void): void;
  /** The head is at `height`, and these make the next block. */
  follow(height: Height, next: readonly Address[]): void;
  /** Resolves when the headers have been read and the file is written. */
  close(): Promise<void>;
};

export type FormerValidatorsModules = {
  readonly file: SmallFile;
  readonly store: Pick<ChainStore, 'head' | 'header'>;
  /** Lets other work be done between portions. */
  readonly breathe: () => Promise<void>;
  readonly onFatal: (error: unknown) => void;
};

/** Headers read at a time: a millisecond or two. */
const PORTION = 64;
/** A file this many blocks behind costs a second of reading after a crash. */
const MOST_BEHIND = 20_000n;

type Record = { readonly upTo: Height; readonly addresses: readonly Address[] };

export async function openFormerValidators(
  modules: FormerValidatorsModules,
): Promise<FormerValidators> {
  const { file, store } = modules;
  const exclusively = createExclusive();
  const saved = decodeRecord(await file.read());
  const known = new Map(saved.addresses.map((address) => [keyOf(address), address]));
  let savedUpTo = saved.upTo;
  /** The heights up to here are covered. */
  let upTo = saved.upTo;
  let closed = false;
  let reading: Promise<void> | undefined;

  /** Whether somebody is new. */
  const note = (addresses: readonly Address[]): boolean => {
    const before = known.size;
    for (const address of addresses) known.set(keyOf(address), address);
    return known.size > before;
  };

  const save = (): void => {
    savedUpTo = upTo;
    const text = encodeRecord({ upTo, addresses: [...known.values()] });
    exclusively(() => file.replace(text)).catch(modules.onFatal);
  };

  const readUpToHead = async (onFound: () => void): Promise<void> => {
    let hasFound = false;
    while (!closed && upTo < store.head().header.number) {
      for (let i = 0; i < PORTION && upTo < store.head().header.number; i += 1) {
        const header = store.header(upTo + 1n);
        if (header !== undefined) hasFound = note(namedIn(header)) || hasFound;
        upTo += 1n;
      }
      await modules.breathe();
    }
    if (hasFound) onFound();
    save();
  };

  return {
    list: () => [...known.values()],
    readHeaders: (onFound) => {
      reading ??= readUpToHead(onFound).catch(modules.onFatal);
    },
    follow: (height, next) => {
      const isNew = note(next);
      if (upTo + 1n === height) upTo = height;
      if (isNew || upTo > savedUpTo + MOST_BEHIND) save();
    },
    close: async () => {
      closed = true;
      await reading;
      if (upTo > savedUpTo) save();
      await exclusively(async () => {});
    },
  };
}

/** Where a contract names the validators, headers tell only who proposed. */
function namedIn(header: BlockHeader): readonly Address[] {
  const decoded = decodeExtraData(header.extraData);
  return decoded.ok ? [...decoded.extraData.validators, header.beneficiary] : [header.beneficiary];
}

function encodeRecord({ upTo, addresses }: Record): string {
  const fields = { upTo: upTo.toString(), addresses: addresses.map(bytesToHex).sort() };
  return `${JSON.stringify(fields, undefined, 2)}\n`;
}

/** Whatever is not a record covers nothing: the headers are read again. */
function decodeRecord(text: string | undefined): Record {
  const nothing: Record = { upTo: -1n, addresses: [] };
  let json: unknown;
  try {
    json = JSON.parse(text ?? '');
  } catch {
    return nothing;
  }
  if (typeof json !== 'object' || json === null) return nothing;
  const { upTo, addresses } = json as { upTo?: unknown; addresses?: unknown };
  if (typeof upTo !== 'string' || !/^-?[0-9]{1,19}$/.test(upTo)) return nothing;
  if (!Array.isArray(addresses)) return nothing;
  const isAddress = (value: unknown): value is string =>
    typeof value === 'string' && /^0x[0-9a-f]{40}$/.test(value);
  if (!addresses.every(isAddress)) return nothing;
  return {
    upTo: BigInt(upTo),
    addresses: addresses.map((address) => asAddress(hexToBytes(address))),
  };
}
