/** Checks a whole store against its headers: every record, every block, the state, its tries and its past. */
import type { BlockHeader, HeaderHashRule } from '../../model/index.ts';
import { readHead } from '../batch-chain.ts';
import type { Reader } from '../database.ts';
import { createFindings, type Problem, type VerifyProgress } from './report.ts';
import { verifyBlocks } from './verify-blocks.ts';
import { verifyHistory } from './verify-history.ts';
import { verifyRecords } from './verify-records.ts';
import { verifyState } from './verify-state.ts';

export type VerifyOptions = {
  readonly hashRule: HeaderHashRule;
  /** What the store cannot know: whether a header is sealed by those who may. Returns what is wrong. */
  readonly checkHeader: (header: BlockHeader) => Promise<string | undefined>;
  readonly onProgress: (progress: VerifyProgress) => void;
};

export type VerifyReport = {
  readonly records: number;
  readonly head: string;
  /** The first hundred. */
  readonly problems: readonly Problem[];
  readonly problemCount: number;
};

export async function verifyStore(reader: Reader, options: VerifyOptions): Promise<VerifyReport> {
  const { hashRule, checkHeader, onProgress } = options;
  const findings = createFindings();
  const counts = await verifyRecords(reader, findings, (done) =>
    onProgress({ task: 'records', done, total: 0 }),
  );
  const head = attemptHead(reader);
  if (head === undefined) findings.add('metadata', 'the record of the head is missing or damaged');
  else {
    const check = { reader, hashRule, findings, checkHeader };
    await verifyBlocks(
      {
        ...check,
        onProgress: (done, total) =>
          onProgress({ task: 'blocks', done: Number(done), total: Number(total) }),
      },
      counts,
    );
    const versions = await verifyState(reader, findings, counts, (done) =>
      onProgress({ task: 'accounts', done, total: counts.get('account') ?? 0 }),
    );
    onProgress({ task: 'history', done: 0, total: 1 });
    await verifyHistory(reader, findings, versions, counts);
  }
  let records = 0;
  for (const count of counts.values()) records += count;
  return {
    records,
    head: head?.number.toString() ?? 'unknown',
    problems: findings.problems,
    problemCount: findings.count(),
  };
}

function attemptHead(reader: Reader): ReturnType<typeof readHead> {
  try {
    return readHead(reader);
  } catch {
    return undefined;
  }
}
