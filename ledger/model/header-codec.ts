/** Block headers in RLP (yellow paper 4.3.3): 15 fields and what forks appended. */
import { type Address, bigintToBytes, type Hash, plainBytes } from './bytes.ts';
import { invariant, refuse, type Verdict } from './errors.ts';
import type { BlockHeader } from './header.ts';
import { encodeRlp, type RlpItem } from './rlp.ts';
import { RlpReader } from './rlp-reader.ts';

/** The header's RLP list. */
export function encodeHeader(header: BlockHeader): Uint8Array {
  return encodeRlp([
    header.parentHash,
    header.ommersHash,
    header.beneficiary,
    header.stateRoot,
    header.transactionsRoot,
    header.receiptsRoot,
    header.logsBloom,
    bigintToBytes(header.difficulty),
    bigintToBytes(header.number),
    bigintToBytes(header.gasLimit),
    bigintToBytes(header.gasUsed),
    bigintToBytes(header.timestamp),
    header.extraData,
    header.mixHash,
    header.nonce,
    ...forkItems(header),
  ]);
}

/** The fields of later forks; each presumes all before it. */
function forkItems(header: BlockHeader): RlpItem[] {
  const optional = [
    integerItem(header.baseFeePerGas),
    header.withdrawalsRoot,
    integerItem(header.blobGasUsed),
    integerItem(header.excessBlobGas),
    header.parentBeaconBlockRoot,
    header.requestsHash,
  ];
  const missing = optional.indexOf(undefined);
  const items = optional.filter((item) => item !== undefined);
  invariant(
    missing === -1 || missing === items.length,
    'a header has each field that forks appended before its last',
  );
  return items;
}

function integerItem(value: bigint | undefined): Uint8Array | undefined {
  return value === undefined ? undefined : bigintToBytes(value);
}

/** Refuses with a `MODEL_RLP_` code. Byte fields are views of `bytes`. */
export function decodeHeader(bytes: Uint8Array): Verdict<{ header: BlockHeader }> {
  const reader = new RlpReader(plainBytes(bytes));
  const header = readHeader(reader);
  reader.finish();
  if (reader.fault !== undefined) {
    return refuse(reader.fault, `header malformed near byte ${reader.position}`);
  }
  return { ok: true, header };
}

/** Reads a header in place; what is wrong with it is left in the reader's `fault`. */
export function readHeader(reader: RlpReader): BlockHeader {
  const end = reader.enterList();
  const header: BlockHeader = {
    parentHash: reader.fixed(32) as Hash,
    ommersHash: reader.fixed(32) as Hash,
    beneficiary: reader.fixed(20) as Address,
    stateRoot: reader.fixed(32) as Hash,
    transactionsRoot: reader.fixed(32) as Hash,
    receiptsRoot: reader.fixed(32) as Hash,
    logsBloom: reader.fixed(256),
    difficulty: reader.integer(32),
    number: reader.integer(8),
    gasLimit: reader.integer(8),
    gasUsed: reader.integer(8),
    timestamp: reader.integer(8),
    extraData: reader.string(),
    mixHash: reader.fixed(32) as Hash,
    nonce: reader.fixed(8),
    // Each fork's fields follow those of the forks before it.
    ...(reader.hasMore(end) ? { baseFeePerGas: reader.integer(32) } : {}),
    ...(reader.hasMore(end) ? { withdrawalsRoot: reader.fixed(32) as Hash } : {}),
    ...(reader.hasMore(end) ? readCancunFields(reader) : {}),
    ...(reader.hasMore(end) ? { requestsHash: reader.fixed(32) as Hash } : {}),
  };
  reader.leaveList(end);
  return header;
}

/** Cancun appended three fields at once. */
function readCancunFields(
  reader: RlpReader,
): Required<Pick<BlockHeader, 'blobGasUsed' | 'excessBlobGas' | 'parentBeaconBlockRoot'>> {
  return {
    blobGasUsed: reader.integer(8),
    excessBlobGas: reader.integer(8),
    parentBeaconBlockRoot: reader.fixed(32) as Hash,
  };
}
