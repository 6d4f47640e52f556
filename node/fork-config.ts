/** What the forks of a chain set at its head and later on (EIP-7910). */
import { crc32 } from 'node:zlib';
import type { Genesis, ReferenceGenesis } from '../genesis/index.ts';
import {
  type BlockHeader,
  type Height,
  invariant,
  type UnixSeconds,
} from '../ledger/model/index.ts';
import type { ChainStore } from '../ledger/store/index.ts';
import type { ForkConfig, NodePort } from '../rpc/index.ts';
import { blobScheduleAt, forkAt, precompileNamesAt, systemContractsAt } from '../vm/index.ts';

type ChainBeginning = Pick<Genesis | ReferenceGenesis, 'block' | 'hash' | 'rules'>;

export function createForks(
  genesis: ChainBeginning,
  chain: Pick<ChainStore, 'head' | 'header'>,
): NodePort['forks'] {
  const timeOf = (number: Height): UnixSeconds => {
    const header = chain.header(number);
    invariant(header !== undefined, 'headers up to the head are kept');
    return header.timestamp;
  };
  return () => forkConfigs(genesis, chain.head().header, timeOf);
}

/**
 * @param timeOf of a stored block: when a fork came that came by number. One that is to come by number has no time
 *   yet and is not told.
 */
export function forkConfigs(
  { block, hash, rules }: ChainBeginning,
  head: Pick<BlockHeader, 'number' | 'timestamp'>,
  timeOf: (number: Height) => UnixSeconds,
): ReturnType<NodePort['forks']> {
  const start = block.header.timestamp;
  const blobs = rules.reference?.blobSchedule ?? [];
  const numbers = ascending(rules.forks.map(({ block: from }) => from)).filter((from) => from > 0n);
  const times = ascending([
    ...rules.forks.map(({ timestamp }) => timestamp),
    ...blobs.map(({ from }) => from),
  ]).filter((from) => from > start);
  const reached = numbers.filter((from) => from <= head.number);

  const configAt = (time: UnixSeconds, activationTime: UnixSeconds): ForkConfig => {
    const fork = forkAt(rules, head.number, time);
    return {
      activationTime,
      blobs: blobScheduleAt(time, rules),
      forkId: forkId(hash, [...reached, ...times.filter((from) => from <= time)]),
      precompiles: precompileNamesAt(fork),
      systemContracts: systemContractsAt(fork, rules),
    };
  };

  const past = times.filter((from) => from <= head.timestamp);
  const newest = reached.at(-1);
  const activated = ascending([0n, past.at(-1), newest === undefined ? 0n : timeOf(newest)]);
  const [next] = times.slice(past.length);
  const last = next === undefined ? undefined : times.at(-1);
  return {
    current: configAt(head.timestamp, activated.at(-1) as UnixSeconds),
    next: next === undefined ? undefined : configAt(next, next),
    last: last === undefined ? undefined : configAt(last, last),
  };
}

/** EIP-6122: of the genesis hash and all activations since, 8 bytes each. */
function forkId(genesisHash: Uint8Array, activations: readonly bigint[]): number {
  const bytes = new Uint8Array(8);
  let checksum = crc32(genesisHash);
  for (const activation of activations) {
    new DataView(bytes.buffer).setBigUint64(0, activation);
    checksum = crc32(bytes, checksum);
  }
  return checksum;
}

/** Each once. */
function ascending(values: readonly (bigint | undefined)[]): readonly bigint[] {
  const given = values.filter((value) => value !== undefined);
  return [...new Set(given)].sort((a, b) => (a < b ? -1 : 1));
}
