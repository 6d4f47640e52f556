/** Opens a store only to check it, also one that a node would refuse to start with. */
import { equalBytes, type Hash, type HeaderHashRule, invariant } from '../../model/index.ts';
import { readHead } from '../batch-chain.ts';
import { createChainReads } from '../chain-reads.ts';
import type { ChainStore } from '../chain-store.ts';
import { openDatabase, type Reader } from '../database.ts';
import { readHorizons } from '../horizons.ts';
import { versionOf } from '../identity.ts';
import { stateAfter } from '../state-at.ts';
import { storeError } from '../store-error.ts';
import { createFindings } from './report.ts';
import { verifyFiles } from './verify-files.ts';
import { type VerifyOptions, type VerifyReport, verifyStore } from './verify-store.ts';

/** What checking headers may read. */
export type VerifiedView = Pick<ChainStore, 'header' | 'hashOf' | 'stateAt' | 'oldest'>;

export type VerifyChainOptions = {
  readonly path: string;
  readonly genesisHash: Hash;
  readonly hashRule: HeaderHashRule;
  readonly createHeaderCheck: (view: VerifiedView) => Promise<VerifyOptions['checkHeader']>;
  readonly onProgress: VerifyOptions['onProgress'];
};

/**
 * Nothing is changed. The store must not be open elsewhere. Files that are damaged are named and not opened.
 * @throws CodedError `STORE_LOCKED`, `STORE_FOREIGN_GENESIS`, `STORE_UNKNOWN_VERSION`, `STORE_MISSING`, and
 *   `STORE_DAMAGED` if the database cannot be opened at all
 */
export async function verifyChain(options: VerifyChainOptions): Promise<VerifyReport> {
  const { path, genesisHash, hashRule, onProgress } = options;
  const version = await versionOf(path, genesisHash);
  if (version === undefined) throw storeError('STORE_MISSING', path, 'there is no store');
  const files = createFindings();
  await verifyFiles(path, files, (done, total) => onProgress({ task: 'files', done, total }));
  if (files.count() > 0) {
    const { problems } = files;
    return { records: 0, head: 'unknown', problems, problemCount: files.count() };
  }
  const database = await openDatabase(path, false);
  try {
    const checkHeader = await options.createHeaderCheck(viewOf(database));
    const report = await verifyStore(database, { hashRule, checkHeader, onProgress });
    const first = attempt(() => createChainReads(database).hashOf(0n));
    if (first !== undefined && equalBytes(first, genesisHash)) return report;
    const problem = { where: 'block 0', fact: 'it is not the block of the genesis file' };
    return {
      ...report,
      problems: [problem, ...report.problems],
      problemCount: report.problemCount + 1,
    };
  } finally {
    await database.close();
  }
}

function viewOf(reader: Reader): VerifiedView {
  const { hashOf, headerOf } = createChainReads(reader);
  return {
    hashOf,
    header: headerOf,
    oldest: () => readHorizons(reader),
    stateAt: (number) => {
      const head = readHead(reader);
      invariant(head !== undefined, 'a view is of a store with a head');
      return number > head.number
        ? undefined
        : stateAfter(reader, number, hashOf, () => readHorizons(reader).state);
    },
  };
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
