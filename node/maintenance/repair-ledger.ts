/**
 * Makes way for a sound ledger in place of a damaged one: that one is moved aside, and a backup restored if there is
 * one; otherwise the node fetches all blocks from its peers when it starts. Keys and consensus log are never touched.
 */
import { rename, stat } from 'node:fs/promises';
import { CodedError, type Height } from '../../ledger/model/index.ts';
import type { VerifyProgress } from '../../ledger/store/index.ts';
import { openStore, syncDirectoryOf } from '../../ledger/store/index.ts';
import { chainPath, type LedgerPlace, storeOptionsOf } from './ledger-files.ts';
import { restoreLedger } from './restore-ledger.ts';
import { verifyLedger } from './verify-ledger.ts';

export type RepairOptions = LedgerPlace & {
  /** A backup to restore; undefined leaves it to the peers. */
  readonly backup: string | undefined;
  /** Moves a ledger aside without looking for damage. */
  readonly force: boolean;
};

export type RepairSummary = {
  /** What is wrong with the ledger that was found; empty if it is sound, or was not looked at. */
  readonly damage: readonly string[];
  /** Where that ledger is now; undefined: there was none, or it is sound and was left. */
  readonly kept: string | undefined;
  readonly isSound: boolean;
  /** Of the backup that was restored. */
  readonly restored: Height | undefined;
};

type Progress = (
  done:
    | ({ readonly kind: 'verify' } & VerifyProgress)
    | { readonly kind: 'restore'; readonly bytes: number },
) => void;

const MOST_NAMED = 5;

/**
 * The node must not run.
 * @throws CodedError `STORE_LOCKED`, of a disk that fails, or of the backup; a ledger that was moved aside stays there
 */
export async function repairLedger(
  { backup, force, ...place }: RepairOptions,
  onProgress: Progress,
): Promise<RepairSummary> {
  const chain = chainPath(place.dataDir);
  const isThere = await exists(chain);
  const damage = isThere && !force ? await damageOf(place, onProgress) : [];
  if (isThere && !force && damage.length === 0) {
    return { damage, kept: undefined, isSound: true, restored: undefined };
  }
  if (isThere && force) await requireNobody(place);
  const kept = isThere ? await setAside(chain) : undefined;
  if (backup === undefined) return { damage, kept, isSound: false, restored: undefined };
  const { height } = await restoreLedger({ ...place, file: backup }, ({ bytes }) =>
    onProgress({ kind: 'restore', bytes }),
  );
  return { damage, kept, isSound: false, restored: height };
}

/** A ledger that cannot be opened at all is damaged as well; one that is in use, or on a bad disk, is not repaired. */
async function damageOf(place: LedgerPlace, onProgress: Progress): Promise<readonly string[]> {
  try {
    const { problems } = await verifyLedger(place, (done) =>
      onProgress({ kind: 'verify', ...done }),
    );
    return problems.slice(0, MOST_NAMED).map(({ where, fact }) => `${where}: ${fact}`);
  } catch (error) {
    return [requireDamage(error)];
  }
}

const DAMAGE: ReadonlySet<string> = new Set(['STORE_DAMAGED', 'STORE_MISSING']);

function requireDamage(error: unknown): string {
  if (error instanceof CodedError && DAMAGE.has(error.code)) return error.message;
  throw error;
}

async function requireNobody(place: LedgerPlace): Promise<void> {
  try {
    await (await openStore(storeOptionsOf(place))).close();
  } catch (error) {
    requireDamage(error);
  }
}

async function setAside(chain: string): Promise<string> {
  let number = 1;
  while (await exists(`${chain}.damaged-${number}`)) number += 1;
  const kept = `${chain}.damaged-${number}`;
  await rename(chain, kept);
  await syncDirectoryOf(chain);
  return kept;
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
