/** How long after a fault the network is whole again, asked by sending through every validator. */
import { setTimeout as pause } from 'node:timers/promises';
import { RpcError } from '../../rpc/client.ts';
import type { Account, SignedTransfer } from './accounts.ts';
import type { Load } from './load.ts';
import type { ValidatorProcess } from './validator-process.ts';

/** From the end of the fault; undefined: not within the limit. */
export type Recovery = {
  /** Until a new transaction was final on a quorum of validators. */
  readonly quorumMs: number | undefined;
  /** Until one sent through each validator was final on all of them. */
  readonly allMs: number | undefined;
  /** Until everything that was waiting when the fault ended was final. */
  readonly backlogMs: number | undefined;
  /** The transactions that were not, at the limit. */
  readonly stuck: readonly string[];
};

const POLL_MS = 50;

/** @param probes one account for each validator */
export async function measureRecovery(
  validators: readonly ValidatorProcess[],
  probes: readonly Account[],
  load: Load,
  { limitMs, signal }: { readonly limitMs: number; readonly signal: AbortSignal },
): Promise<Recovery> {
  const startedMs = performance.now();
  const elapsed = (): number => performance.now() - startedMs;
  const inTime = (): boolean => elapsed() < limitMs && !signal.aborted;
  const quorum = validators.length - Math.floor((validators.length - 1) / 3);
  const backlog = new Set(load.unfinished());

  let quorumMs: number | undefined;
  const probe = async (validator: ValidatorProcess, account: Account): Promise<boolean> => {
    const transfer = account.sign();
    if (!(await sendUntilTaken(validator, transfer, inTime))) return false;
    let on = new Set<number>();
    while (on.size < validators.length && inTime()) {
      on = await holders(validators, transfer, on);
      if (on.size >= quorum) quorumMs ??= elapsed();
      if (on.size < validators.length) await pause(POLL_MS);
    }
    return on.size === validators.length;
  };
  const probed = Promise.all(
    validators.map((validator, index) => probe(validator, probes[index] as Account)),
  ).then((results) => (results.every(Boolean) ? elapsed() : undefined));

  const drained = async (): Promise<number | undefined> => {
    for (;;) {
      const left = load.unfinished().filter((entry) => backlog.has(entry));
      if (left.length === 0) return elapsed();
      if (!inTime()) return undefined;
      await pause(POLL_MS);
    }
  };
  const [allMs, backlogMs] = await Promise.all([probed, drained()]);
  const stuck = load.unfinished().filter((entry) => backlog.has(entry));
  return {
    quorumMs,
    allMs,
    backlogMs,
    stuck: stuck.map(
      ({ transfer, validator, takenBy }) =>
        `${transfer.hash} sent to validator ${validator}${takenBy === undefined ? ', which did not take it' : ''}`,
    ),
  };
}

/** False when the time is over. A node that is still starting is asked again. */
async function sendUntilTaken(
  { client }: ValidatorProcess,
  { raw }: SignedTransfer,
  inTime: () => boolean,
): Promise<boolean> {
  while (inTime()) {
    try {
      await client.request('eth_sendRawTransaction', [raw]);
      return true;
    } catch (error) {
      if (error instanceof RpcError && /already known|nonce too low/.test(error.message)) {
        return true;
      }
      await pause(POLL_MS);
    }
  }
  return false;
}

/** The validators that show a receipt, those of `known` not asked again. */
async function holders(
  validators: readonly ValidatorProcess[],
  { hash }: SignedTransfer,
  known: ReadonlySet<number>,
): Promise<Set<number>> {
  const holding = new Set(known);
  await Promise.all(
    validators.map(async ({ index, client }) => {
      if (holding.has(index)) return;
      const receipt = await client
        .request('eth_getTransactionReceipt', [hash])
        .catch(() => undefined);
      if (receipt !== null && receipt !== undefined) holding.add(index);
    }),
  );
  return holding;
}
