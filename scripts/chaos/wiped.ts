/** A validator that loses its chain and its consensus log, with its keys kept (design D2: lost). */
import { setTimeout as pause } from 'node:timers/promises';
import type { Scenario } from './scenario.ts';
import type { ValidatorProcess } from './validator-process.ts';

const SYNC_LIMIT_MS = 30_000;
const VOTE_LIMIT_MS = 20_000;
const POLL_MS = 200;

export const wipedScenario: Scenario = {
  name: 'wipe',
  title: 'one validator loses chain and consensus log: it syncs, serves, and votes again',
  restarts: true,
  seconds: 30,
  run: async (stage) => {
    const { network, victim } = stage;
    const lost = network.validators[victim] as ValidatorProcess;
    const [other] = network.validators.filter(({ index }) => index !== victim);
    const proposer = (await lost.client.request('ehb_status', [])).validatorAddress ?? '';
    await lost.kill();
    await lost.wipe('log and chain');
    await stage.wait(2_000);
    await lost.start();
    const started = performance.now();
    const head = await headOf(other as ValidatorProcess);
    const synced = await until(async () => (await headOf(lost)) >= head, SYNC_LIMIT_MS);
    stage.expect(synced, `validator ${victim} did not fetch the chain again`);
    stage.note(`synced ${head} blocks in ${((performance.now() - started) / 1_000).toFixed(1)} s`);
    const votes = await until(
      async () => await proposedSince(other as ValidatorProcess, head, proposer),
      VOTE_LIMIT_MS,
    );
    const { consensus } = await lost.client.request('ehb_status', []);
    const afterS = ((performance.now() - started) / 1_000).toFixed(1);
    const reason = consensus.notVotingBecause ?? 'no reason given';
    stage.expect(votes, `validator ${victim} did not propose again: ${reason}`);
    if (votes) stage.note(`proposed again ${afterS} s after its start`);
  },
};

async function headOf({ client }: ValidatorProcess): Promise<number> {
  return Number(await client.request('eth_blockNumber', []));
}

/** Whether a block above `from` was proposed by that address. */
async function proposedSince(
  validator: ValidatorProcess,
  from: number,
  proposer: string,
): Promise<boolean> {
  const head = await headOf(validator);
  for (let number = head; number > Math.max(from, head - 40); number -= 1) {
    const block = await validator.client.request<{ readonly miner: string }>(
      'eth_getBlockByNumber',
      [`0x${number.toString(16)}`, false],
    );
    if (block.miner.toLowerCase() === proposer.toLowerCase()) return true;
  }
  return false;
}

async function until(holds: () => Promise<boolean>, limitMs: number): Promise<boolean> {
  const deadlineMs = performance.now() + limitMs;
  while (performance.now() < deadlineMs) {
    if (await holds().catch(() => false)) return true;
    await pause(POLL_MS);
  }
  return false;
}
