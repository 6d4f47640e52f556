/**
 * Keeps proofs of equivocation: stored once each, then told to the operator. Evidence E-7
 *
 * Nothing of consensus waits for it: a proof that a crash swallows is found again as long as its author
 * goes on, and what is stored stays.
 */
import {
  decodeEvidence,
  encodeEvidence,
  MESSAGE_CODES,
  type Statement,
  viewOfStatement,
} from '../consensus/index.ts';
import { bytesToHex, commitSealHash, type Hash, invariant } from '../ledger/model/index.ts';
import type { EvidenceBook } from '../ledger/store/index.ts';
import type { EvidenceKind, EvidencePort, EvidenceReport } from '../rpc/index.ts';
import type { Logger } from './logger.ts';

export type EvidenceKeeperModules = {
  readonly book: EvidenceBook;
  /** The store cannot be written. */
  readonly onFatal: (error: unknown) => void;
  readonly logger: Logger;
};

export type EvidenceKeeper = EvidencePort & {
  /** One validator signed both and may not have. */
  keep(first: Statement, second: Statement): void;
  /** New proofs since the start, by kind. */
  found(): ReadonlyMap<EvidenceKind, number>;
  /** Resolves when everything so far is stored. */
  settled(): Promise<void>;
};

export function createEvidenceKeeper(
  genesisHash: Hash,
  modules: EvidenceKeeperModules,
): EvidenceKeeper {
  const { book, logger } = modules;
  const counts = new Map<EvidenceKind, number>();
  let pending: Promise<void> = Promise.resolve();

  const store = async (first: Statement, second: Statement): Promise<void> => {
    const view = viewOfStatement(first);
    invariant(view !== undefined, 'evidence is of one view');
    const { author, height, round, kind } = view;
    const bundle = encodeEvidence(genesisHash, first, second);
    const isNew = await book.add({ author, height, kind: MESSAGE_CODES[kind], bundle });
    if (!isNew) return;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    logger.error('a validator signed two contradicting messages', {
      author: bytesToHex(author),
      height: height.toString(),
      round,
      kind,
      remedy:
        'ehb evidence list shows the proof; vote the validator out or stop its second process',
    });
  };

  return {
    keep: (first, second) => {
      const stored = store(first, second).catch(modules.onFatal);
      pending = Promise.all([pending, stored]).then(() => {});
    },
    found: () => counts,
    settled: () => pending,
    list: async ({ author, kind, fromBlock, toBlock, skip, limit }) => {
      const code = kind && MESSAGE_CODES[kind];
      const wanted = (await book.list(author))
        .filter((record) => code === undefined || record.kind === code)
        .filter(({ height }) => height >= (fromBlock ?? 0n) && height <= (toBlock ?? height))
        .sort((a, b) => Number(a.height - b.height));
      const page = wanted.slice(skip, skip + limit);
      return { total: wanted.length, reports: page.map(({ bundle }) => reportOf(bundle)) };
    },
  };
}

function reportOf(bundle: Uint8Array): EvidenceReport {
  const decoded = decodeEvidence(bundle);
  invariant(decoded.ok, 'a stored bundle was encoded here');
  const { kind, height, round, author, restsOnBlock, statements } = decoded.evidence;
  return {
    kind,
    height,
    round,
    author,
    restsOnBlock,
    statements: statements.map(statementReport),
    bundle,
  };
}

function statementReport(statement: Statement): EvidenceReport['statements'][number] {
  switch (statement.kind) {
    case 'sealed-header': {
      const { header, seal } = statement;
      return { type: 'sealed-header', digest: commitSealHash(header), signature: seal };
    }
    case 'round-change': {
      const { prepared, signature } = statement.signed;
      const preparedRound = prepared?.round;
      return { type: 'message', digest: prepared?.digest, preparedRound, signature };
    }
    case 'proposal':
    case 'prepare':
    case 'commit': {
      const { digest, signature } = statement.signed;
      return { type: 'message', digest, signature };
    }
  }
}
