// time-limit: 180 s
/** L-33 around the store: seals from the genesis on, and a node that begins with a snapshot, follows and votes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Genesis } from '../../genesis/index.ts';
import { genesisOf } from '../../genesis/testkit/genesis-of.ts';
import { bytesToHex } from '../../ledger/model/index.ts';
import { party } from '../../ledger/model/testkit/party.ts';
import { refusalOf } from '../../ledger/model/testkit/refusal.ts';
import { temporaryDirectory } from '../../ledger/model/testkit/temporary-directory.ts';
import { besuFile, byAddress, forgeBlocks, transfer } from '../testkit/forged-chain.ts';
import {
  atSomeHead,
  createTestNetwork,
  nextValidators,
  transfer as payment,
  receiptOf,
  send,
} from '../testkit/test-network.ts';
import type { LedgerPlace } from './ledger-files.ts';
import { restoreSnapshot, takeSnapshot } from './snapshots.ts';
import { verifyLedger } from './verify-ledger.ts';

const test = suite('node/maintenance/snapshots');
const four = ['one', 'two', 'three', 'four'].map(party).sort(byAddress);
const fifth = party('five');
const rich = party('rich');
const directory = temporaryDirectory();
const genesis = genesisOf(besuFile(four, rich));
const freshPlace = (): LedgerPlace<Genesis> => ({ dataDir: temporaryDirectory(), genesis });

/** Eight blocks, with a fifth validator from the fifth on; the third is sealed by so many. */
async function snapshotOf(sealsOfThird: number): Promise<string> {
  const place = freshPlace();
  const plan = Array.from({ length: 8 }, (_, index) => ({
    validators: index > 3 ? [...four, fifth].sort(byAddress) : four,
    extra: index < 4 && index > 0 ? { vote: { recipient: fifth.address, add: true } } : {},
    transaction: transfer(rich, index, fifth.address),
    ...(index === 2 && { seals: sealsOfThird }),
  }));
  await forgeBlocks(place, plan, rich);
  const file = join(place.dataDir, 'snapshot');
  await takeSnapshot({ ...place, file }, () => {});
  return file;
}

test('headers are followed by their seals from the genesis on, through a change of validators', async () => {
  const file = await snapshotOf(3);
  const place = freshPlace();
  const summary = await restoreSnapshot({ ...place, file }, () => {});
  assert.is(summary.height, 8n);
  assert.equal((await verifyLedger(place, () => {})).problems, []);
  const again = restoreSnapshot({ ...place, file }, () => {});
  assert.is(await refusalOf(again), 'STORE_NOT_EMPTY');
});

test('one header without a quorum of seals, and nothing is loaded', async () => {
  const file = await snapshotOf(2);
  const restoring = restoreSnapshot({ ...freshPlace(), file }, () => {});
  assert.is(await refusalOf(restoring), 'STORE_SNAPSHOT_INVALID');
  assert.match(String(await restoring.catch(String)), 'block 3');
});

test('where a contract names the validators there are no snapshots', async () => {
  const base = besuFile(four, rich);
  const contract = `0x${'88'.repeat(20)}`;
  const config = base['config'] as { readonly qbft: object };
  const qbft = { ...config.qbft, validatorContractAddress: contract };
  const alloc = { ...(base['alloc'] as object), [contract]: { balance: '0x0', code: '0x00' } };
  const other = genesisOf({ ...base, config: { ...config, qbft }, alloc });
  const file = join(directory, 'never');
  const place = { dataDir: freshPlace().dataDir, genesis: other, file };
  assert.is(await refusalOf(takeSnapshot(place, () => {})), 'NODE_SNAPSHOT_BY_CONTRACT');
  assert.is(await refusalOf(restoreSnapshot(place, () => {})), 'NODE_SNAPSHOT_BY_CONTRACT');
});

test('a new node that begins with a snapshot follows from there, and votes when it is voted in', async () => {
  const timing = { blockPeriodMs: 0, requestTimeoutMs: 500, maxRequestTimeoutMs: 2000 };
  const network = await createTestNetwork(1, timing, { candidates: 1 });
  let nonce = 0;
  try {
    const alone = await network.start(0);
    for (; nonce < 5; nonce += 1) {
      const { raw, hash } = payment(0, nonce);
      await send(alone, raw);
      await receiptOf(alone, hash);
    }
    await alone.running.close();
    const placeOf = (index: number): { dataDir: string; genesis: Genesis } => {
      const dataDir = network.directoryOf(index);
      const json = JSON.parse(readFileSync(join(dataDir, 'genesis.json'), 'utf8'));
      return { dataDir, genesis: genesisOf(json) };
    };
    const file = join(directory, 'network.snapshot');
    const { height } = await takeSnapshot({ ...placeOf(0), file }, () => {});
    await restoreSnapshot({ ...placeOf(1), file }, () => {});

    const [first, joined] = await Promise.all([network.start(0), network.start(1)]);
    const decide = async (): Promise<void> => {
      const { raw, hash } = payment(0, nonce);
      nonce += 1;
      await send(first, raw);
      assert.equal(await receiptOf(joined, hash), await receiptOf(first, hash));
    };
    await decide();
    const capabilities = await joined.client.request<{ state: { oldestBlock: string } }>(
      'eth_capabilities',
      [],
    );
    assert.is(BigInt(capabilities.state.oldestBlock), height);

    // Two validators need both: from here on each block has the seal of the one that joined.
    const candidate = bytesToHex(joined.address);
    await first.client.request('qbft_proposeValidatorVote', [candidate, true, true]);
    await atSomeHead(first, async () =>
      (await nextValidators(first)).includes(candidate) ? true : null,
    );
    for (let block = 0; block < 3; block += 1) await decide();
    const { consensus } = await joined.client.request('ehb_status', []);
    assert.ok(consensus.voting, consensus.notVotingBecause);
    await first.running.close();
    await joined.running.close();
    assert.equal((await verifyLedger(placeOf(1), () => {})).problems, []);
  } finally {
    await network.close();
  }
});

test.run();
