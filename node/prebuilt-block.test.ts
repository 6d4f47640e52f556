/** The next own block, built ahead on a real store, pool and engine: what is given out, and when nothing is. */
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesToHex, type ExecutedBlock, headerHash, invariant } from '../ledger/model/index.ts';
import { temporaryDirectory } from '../ledger/model/testkit/temporary-directory.ts';
import { openStore } from '../ledger/store/index.ts';
import type { Engine } from '../vm/index.ts';
import { type Chain, createChain } from './chain.ts';
import { systemClock } from './clock.ts';
import { silentLogger } from './logger.ts';
import { poolHeadOf, poolStateOf } from './pool-view.ts';
import { createSenderRecovery } from './sender-recovery.ts';
import { createSimChain, type SimChain } from './sim/sim-chain.ts';
import { createPool } from './txpool/index.ts';
import { openValidatorSets } from './validator-sets.ts';

const test = suite('node/prebuilt-block');

const directory: string = temporaryDirectory();
const TIMING = { requestTimeoutMs: 60_000, maxRequestTimeoutMs: 60_000 };
let made = 0;

type Validator = {
  readonly chain: Chain;
  add(...transactions: readonly { readonly raw: Uint8Array }[]): Promise<void>;
  /** Executes a block as for a vote. */
  vote(block: ExecutedBlock): Promise<ExecutedBlock>;
  /** Blocks executed or built so far. */
  executions(): number;
  /** Until nothing is being built. */
  settle(): Promise<void>;
};

async function createValidator(sim: SimChain, index: number): Promise<Validator> {
  const { genesis, identities } = sim;
  const { rules } = genesis;
  made += 1;
  const store = await openStore({
    path: join(directory, String(made)),
    genesis: { block: genesis.block, hash: genesis.hash, accounts: genesis.accounts },
    hashRule: genesis.hashRule,
  });
  test.after(() => store.close());
  let executions = 0;
  let running = 0;
  const engine: Engine = {
    ...sim.engine,
    executeBlock: async (input, state) => {
      executions += 1;
      running += 1;
      try {
        return await sim.engine.executeBlock(input, state);
      } finally {
        running -= 1;
      }
    },
  };
  const recoverSenders = createSenderRecovery(systemClock);
  const pool = createPool(
    { rules, head: poolHeadOf(store, rules), state: poolStateOf(store) },
    { recoverSenders, now: systemClock.now },
  );
  const sets = await openValidatorSets(genesis.qbft, { store, engine });
  const chain = createChain(
    { genesis, self: identities[index]?.signer.address, keepsRevertReasons: true },
    {
      store,
      engine,
      sets,
      votes: { next: () => undefined },
      pool,
      recoverSenders,
      clock: systemClock,
      logger: silentLogger,
    },
  );
  chain.onHead((executed) => pool.onHead(executed, poolHeadOf(store, rules), poolStateOf(store)));
  return {
    chain,
    add: async (...transactions) => {
      const verdicts = await pool.add(
        transactions.map(({ raw }) => raw),
        'local',
      );
      assert.ok(verdicts.every(({ ok }) => ok));
    },
    vote: async ({ block, senders }) => {
      const verdict = await chain.execute(block, senders);
      assert.ok(verdict?.ok, verdict?.ok === false ? verdict.message : 'not on the head');
      chain.expect(verdict.executed);
      return verdict.executed;
    },
    executions: () => executions,
    settle: async () => {
      // What is built ahead begins a turn of the event loop later.
      await systemClock.breathe();
      await systemClock.breathe();
      while (running > 0) await systemClock.breathe();
      await systemClock.breathe();
    },
  };
}

async function built(validator: Validator, height: bigint, round = 0): Promise<ExecutedBlock> {
  const executed = await validator.chain.build(height, round);
  invariant(executed !== undefined, 'the head is there');
  return executed;
}

const finalise = ({ chain }: Validator, executed: ExecutedBlock): Promise<void> =>
  chain.finalise(executed, executed.block.header);

const hashes = ({ block }: ExecutedBlock): readonly string[] =>
  block.transactions.map(({ hash }) => bytesToHex(hash));

/** The first validator proposes block 1, the second block 2. */
async function createPair(
  blockPeriodMs = 0,
): Promise<{ sim: SimChain; first: Validator; second: Validator }> {
  const sim = await createSimChain(2, { blockPeriodMs, ...TIMING });
  return { sim, first: await createValidator(sim, 0), second: await createValidator(sim, 1) };
}

test('what was executed ahead is what is proposed, and others find it true', async () => {
  const { sim, first, second } = await createPair();
  const [one, two] = [sim.transfer(0, 0), sim.transfer(0, 1)];
  await first.add(one);
  await second.add(one, two, sim.transfer(1, 0));
  const block = await built(first, 1n);
  await first.settle();
  assert.is(first.executions(), 1, 'the turn after its own is not its own');

  const voted = await second.vote(block);
  await second.settle();
  assert.is(second.executions(), 2, 'one for the vote, one ahead');
  assert.is(await second.chain.build(2n, 0), undefined, 'nothing before the block below is final');

  await finalise(second, voted);
  const next = await built(second, 2n);
  assert.is(second.executions(), 2, 'nothing was executed again');
  const wanted = [two, sim.transfer(1, 0)].map(({ hash }) => bytesToHex(hash));
  assert.equal([...hashes(next)].sort(), wanted.sort());
  assert.equal(next.block.header.parentHash, headerHash(block.block.header, 'qbft'));

  await finalise(first, voted);
  const checked = await first.vote(next);
  assert.equal(checked.commitment.stateRoot, next.commitment.stateRoot);
  await finalise(first, checked);
  await finalise(second, next);
  assert.equal(first.chain.head().hash, second.chain.head().hash);
});

test('the block below becomes final while the next one is being executed', async () => {
  const { sim, first, second } = await createPair();
  const transactions = Array.from({ length: 150 }, (_, nonce) => sim.transfer(0, nonce));
  await first.add(...transactions.slice(0, 50));
  await second.add(...transactions);
  const voted = await second.vote(await built(first, 1n));
  // One turn: the first transactions of the next block are executed, not all.
  await systemClock.breathe();
  await finalise(second, voted);
  const next = await built(second, 2n);
  assert.is(second.executions(), 2);
  assert.is(next.block.transactions.length, 100);
  await finalise(first, voted);
  await finalise(first, await first.vote(next));
});

test('if another block wins, what was built on the loser is thrown away', async () => {
  const { sim, first, second } = await createPair();
  const transactions = [sim.transfer(0, 0), sim.transfer(1, 0), sim.transfer(2, 0)];
  await first.add(sim.transfer(0, 0));
  await second.add(...transactions);
  const loser = await built(first, 1n);
  await second.vote(loser);
  await second.settle();
  // In round 1 it is the second's turn: another block, of all three.
  const winner = await built(second, 1n, 1);
  assert.is(winner.block.transactions.length, 3);
  await finalise(second, winner);
  const next = await built(second, 2n);
  assert.equal(next.block.header.parentHash, headerHash(winner.block.header, 'qbft'));
  assert.is(next.block.transactions.length, 0);
  await finalise(first, await first.vote(winner));
  await first.vote(next);
});

test('a transaction that came meanwhile is not left for a later block', async () => {
  const { sim, first, second } = await createPair();
  await first.add(sim.transfer(0, 0));
  await second.add(sim.transfer(0, 0), sim.transfer(0, 1));
  const voted = await second.vote(await built(first, 1n));
  await second.settle();
  await second.add(sim.transfer(1, 0));
  await finalise(second, voted);
  const next = await built(second, 2n);
  assert.is(next.block.transactions.length, 2);
  assert.is(second.executions(), 3, 'built anew');
});

test('only round 0 takes it, and with a gap between blocks only a full block is built ahead', async () => {
  const { sim, first, second } = await createPair();
  await first.add(sim.transfer(0, 0));
  await second.add(sim.transfer(0, 0), sim.transfer(0, 1));
  const voted = await second.vote(await built(first, 1n));
  await second.settle();
  await finalise(second, voted);
  await built(second, 2n, 3);
  assert.is(second.executions(), 3, 'built anew for a later round');

  const slow = await createPair(200);
  await slow.first.add(slow.sim.transfer(0, 0));
  await slow.second.add(slow.sim.transfer(0, 0), slow.sim.transfer(0, 1));
  await slow.second.vote(await built(slow.first, 1n));
  await slow.second.settle();
  assert.is(slow.second.executions(), 1, 'there is time after the gap, and more may come in it');
});

test.run();
