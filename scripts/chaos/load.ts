/**
 * Continuous transfers: each account sends through one validator and asks that one for the receipts.
 *
 * A client sends a transaction again only where a real one would: when the node did not answer, or was
 * started anew and has lost its pool. So a transaction that a node took and then forgot to pass on is
 * seen as one that never becomes final.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Account, SignedTransfer } from './accounts.ts';
import type { AcknowledgedLedger } from './acknowledged.ts';
import { places } from './audit.ts';
import { batch } from './batch.ts';
import type { ValidatorProcess } from './validator-process.ts';

export type Load = {
  /** Transactions that no receipt was seen of, the oldest ones first. */
  unfinished(): readonly Unfinished[];
  /** What nodes answered other than accepting it; empty in a healthy run. */
  refusals(): readonly string[];
  stop(): Promise<void>;
};

export type Unfinished = {
  readonly transfer: SignedTransfer;
  readonly validator: number;
  readonly signedAtMs: number;
  /** Number of the start of the process that took it; undefined while none has. */
  takenBy: number | undefined;
};

export type LoadOptions = {
  /** Sends through the validator with the same index, modulo their number. */
  readonly accounts: readonly Account[];
  /** Of all accounts together. */
  readonly perSecond: number;
};

/** Transactions of one account without a receipt; a stalled node is not flooded. */
const WINDOW = 16;
const POLL_MS = 100;
const CALL_LIMIT_MS = 3_000;

export function startLoad(
  options: LoadOptions,
  validators: readonly ValidatorProcess[],
  ledger: AcknowledgedLedger,
): Load {
  const { accounts, perSecond } = options;
  const stopped = new AbortController();
  const refusals: string[] = [];
  const open = accounts.map((): Unfinished[] => []);

  const runAccount = async (account: Account, index: number): Promise<void> => {
    const validator = validators[index % validators.length] as ValidatorProcess;
    const own = open[index] as Unfinished[];
    const everyMs = (1_000 * accounts.length) / perSecond;
    let nextAtMs = performance.now() + everyMs * (index / accounts.length);
    while (!stopped.signal.aborted) {
      const nowMs = performance.now();
      if (nowMs >= nextAtMs && own.length < WINDOW) {
        nextAtMs = Math.max(nextAtMs + everyMs, nowMs);
        const entry = { validator: validator.index, signedAtMs: nowMs, takenBy: undefined };
        own.push({ transfer: account.sign(), ...entry });
      }
      // A node that is down, stopped or behind a long line is simply asked again.
      await serve(validator, own, ledger, refusals).catch(() => {});
      await pause(POLL_MS);
    }
  };

  const loops = accounts.map(runAccount);
  return {
    unfinished: () => open.flat().sort((a, b) => a.signedAtMs - b.signedAtMs),
    refusals: () => refusals,
    stop: async () => {
      stopped.abort();
      await Promise.all(loops);
    },
  };
}

/** Sends what the validator has not taken, then asks for receipts of what it has. */
async function serve(
  validator: ValidatorProcess,
  own: Unfinished[],
  ledger: AcknowledgedLedger,
  refusals: string[],
): Promise<void> {
  const starts = validator.starts();
  const unsent = own.filter(({ takenBy }) => takenBy !== starts);
  const calls = unsent.map(({ transfer }) => ({
    method: 'eth_sendRawTransaction',
    params: [transfer.raw],
  }));
  for (const [index, answer] of (await batch(validator.url, calls, CALL_LIMIT_MS)).entries()) {
    const entry = unsent[index] as Unfinished;
    if (answer.ok || isThereAlready(answer.message)) entry.takenBy = starts;
    else refusals.push(`validator ${validator.index}: ${answer.message}`);
  }
  const asked = own.filter(({ takenBy }) => takenBy !== undefined);
  const found = await places(
    validator.url,
    asked.map(({ transfer }) => transfer.hash),
  );
  for (const [index, place] of found.entries()) {
    const entry = asked[index];
    if (place === undefined || entry === undefined) continue;
    ledger.add({ hash: entry.transfer.hash, ...place, by: validator.index });
    own.splice(own.indexOf(entry), 1);
  }
}

/** Sent before: it waits in the pool, or its nonce was used, which only it can have done. */
function isThereAlready(message: string): boolean {
  return /already known|nonce too low/.test(message);
}
