/** Makes a case that two engines disagree on smaller, as long as they still disagree. */
import type { FuzzCase, FuzzContract, FuzzTransaction } from './fuzz-case.ts';

/** Tries before it is left as it is. */
const MOST_TRIES = 600;

/**
 * @param differs whether the engines still disagree; asked at most some hundred times
 */
export async function minimise(
  found: FuzzCase,
  differs: (smaller: FuzzCase) => Promise<boolean>,
): Promise<FuzzCase> {
  let best = found;
  let tries = 0;
  const attempt = async (smaller: FuzzCase): Promise<boolean> => {
    tries += 1;
    if (tries > MOST_TRIES || !(await differs(smaller))) return false;
    best = smaller;
    return true;
  };
  await dropFrom(best.calls, (calls) => attempt({ ...best, calls }));
  await dropFrom(best.transactions, (transactions) => attempt({ ...best, transactions }));
  await dropFrom(best.contracts, (contracts) => attempt({ ...best, contracts }));
  for (let i = 0; i < best.transactions.length; i += 1) {
    for (const plain of plainer(best.transactions[i] as FuzzTransaction)) {
      await attempt({ ...best, transactions: best.transactions.with(i, plain) });
    }
  }
  for (let i = 0; i < best.contracts.length; i += 1) {
    const replaced = (changed: Partial<FuzzContract>): FuzzCase => ({
      ...best,
      contracts: best.contracts.with(i, { ...(best.contracts[i] as FuzzContract), ...changed }),
    });
    await attempt(replaced({ storage: [] }));
    await dropFrom((best.contracts[i] as FuzzContract).program, (program) =>
      attempt(replaced({ program })),
    );
  }
  return best;
}

/** Leaves out halves, quarters and so on down to single items, wherever `accepts` allows it. */
async function dropFrom<T>(
  items: readonly T[],
  accepts: (fewer: readonly T[]) => Promise<boolean>,
): Promise<void> {
  let kept = items;
  for (
    let size = Math.ceil(kept.length / 2);
    size >= 1;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let at = 0; at < kept.length; ) {
      const fewer = [...kept.slice(0, at), ...kept.slice(at + size)];
      if (await accepts(fewer)) kept = fewer;
      else at += size;
    }
  }
}

function plainer(transaction: FuzzTransaction): readonly FuzzTransaction[] {
  const { fields } = transaction;
  return [
    { ...transaction, fields: { ...fields, data: new Uint8Array(0) } },
    { ...transaction, fields: { ...fields, value: 0n } },
    ...('accessList' in fields
      ? [{ ...transaction, fields: { ...fields, accessList: [] } as typeof fields }]
      : []),
  ];
}
