// time-limit: 900 s
/**
 * A backup taken under load, on real processes: a node that was never there joins from it and agrees, and a validator
 * that lost its disk follows from it, signs nothing that it may have signed before, and votes again.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Printed, runEhb } from '../../cli/e2e/ehb-process.ts';
import { until } from '../../cli/e2e/until.ts';
import { verifySeals } from '../../consensus/index.ts';
import {
  bytesToHex,
  commitSealHash,
  decodeExtraData,
  equalBytes,
  headerHash,
  hexToBytes,
} from '../../ledger/model/index.ts';
import { createAcknowledgedLedger } from './acknowledged.ts';
import { createAudit } from './audit.ts';
import { loopbackFabric } from './fabric.ts';
import { startLoad } from './load.ts';
import { headerOf, type ShownBlock } from './shown-block.ts';
import { type StagedNetwork, stageNetwork } from './stage-network.ts';
import { createValidator, type ValidatorProcess } from './validator-process.ts';

const test = suite('a backup taken under load');
const SEED = 11;
const LIMIT_MS = 120_000;

/** Runs a command that must succeed. */
async function ehb(...args: readonly string[]): Promise<Printed> {
  const printed = await runEhb(...args);
  assert.is(printed.exitCode, 0, printed.output);
  return printed;
}

/** A node that does not answer yet is waited for. */
function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  return until(what, () => holds().catch(() => false), LIMIT_MS);
}

const headOf = async ({ client }: ValidatorProcess): Promise<number> =>
  Number(await client.request('eth_blockNumber', []));

function shown({ client }: ValidatorProcess, number: number): Promise<ShownBlock> {
  return client.request('eth_getBlockByNumber', [`0x${number.toString(16)}`, false]);
}

/** A node with keys of its own, let in by every validator, beside the four. */
async function createFollower({ network, directory }: StagedNetwork): Promise<ValidatorProcess> {
  const [first] = network.validators;
  const path = join(directory, 'follower');
  const { rpc, p2p } = await loopbackFabric(1);
  const bootPeers = await Promise.all(
    network.validators.map(async ({ client, directory: own }) => {
      const { peerId } = await client.request('ehb_status', []);
      const config = JSON.parse(readFileSync(join(own, 'config.json'), 'utf8')) as {
        readonly p2p: { readonly port: number };
      };
      return `/ip4/127.0.0.1/tcp/${config.p2p.port}/p2p/${peerId}`;
    }),
  );
  const created = await ehb(
    ...['node', 'create', '--data-dir', path, '--boot-peer', ...bootPeers],
    ...['--genesis', join(first?.directory ?? '', 'genesis.json')],
    ...['--rpc-port', String(rpc(0).port), '--p2p-port', String(p2p(0).port)],
  );
  for (const { directory: own } of network.validators) {
    const allow = [created['peerId'] ?? created['address']];
    writeFileSync(join(own, 'allowlist.json'), JSON.stringify({ allow, deny: [] }));
  }
  return createValidator({
    index: network.validators.length,
    directory: path,
    url: `http://127.0.0.1:${rpc(0).port}`,
    command: ([file = '', ...args]) => [file, ...args],
    onCrash: (description) => assert.unreachable(description),
  });
}

/** Whether that validator sealed the block, as another one holds it. */
async function isSealedBy(
  holder: ValidatorProcess,
  number: number,
  validator: string,
): Promise<boolean> {
  const header = headerOf(await shown(holder, number));
  const extra = decodeExtraData(header.extraData);
  assert.ok(extra.ok);
  const { seals, validators } = extra.extraData;
  const verdict = verifySeals(commitSealHash(header), seals, validators);
  assert.ok(verdict.ok);
  const { signers } = verdict;
  return signers.some((signer) => equalBytes(signer, hexToBytes(validator)));
}

/** A damaged ledger is named, moved aside by one command and made again by the peers; the log is kept, so votes go on. */
async function damageAndRepair(victim: ValidatorProcess, other: ValidatorProcess): Promise<void> {
  await victim.kill();
  const chain = join(victim.directory, 'chain');
  for (const name of readdirSync(chain).filter((file) => /\.(log|ldb)$/.test(file))) {
    const bytes = readFileSync(join(chain, name));
    bytes.fill(0xa5, bytes.length >> 1, (bytes.length >> 1) + 64);
    writeFileSync(join(chain, name), bytes);
  }
  const log = readFileSync(join(victim.directory, 'consensus.log'));
  const repaired = await ehb('repair', '--data-dir', victim.directory);
  assert.is(repaired['kept'], `${chain}.damaged-1`);
  assert.ok((repaired['damage'] as readonly string[]).length > 0);
  assert.ok(readFileSync(join(victim.directory, 'consensus.log')).equals(log));
  await victim.start();
  const head = await headOf(other);
  await eventually('the repaired one has caught up', async () => (await headOf(victim)) >= head);
  await eventually('it votes', async () => {
    const { consensus } = await victim.client.request('ehb_status', []);
    return consensus.voting;
  });
}

test('it brings back a node that joins and agrees, and a validator that votes above what it may have signed', async () => {
  const staged = await stageNetwork(SEED, undefined);
  const { network, senders, directory } = staged;
  const { validators } = network;
  const [first, second, third] = validators as [
    ValidatorProcess,
    ValidatorProcess,
    ValidatorProcess,
  ];
  const ledger = createAcknowledgedLedger();
  const load = startLoad({ accounts: senders, perSecond: 20 }, validators, ledger);
  let follower: ValidatorProcess | undefined;
  try {
    await eventually('some load', async () => ledger.size() > 60);
    const file = join(directory, 'under-load.ehb');
    const taken = await ehb('backup', file, '--url', first.url);
    const height = Number(taken['height']);
    assert.ok(height > 0);
    const sizeThen = ledger.size();
    await eventually('load after the backup', async () => ledger.size() > sizeThen + 20);

    follower = await createFollower(staged);
    const restored = await ehb('restore', file, '--data-dir', follower.directory);
    assert.is(Number(restored['height']), height);
    await follower.start();
    const joined = follower;
    assert.ok((await headOf(joined)) >= height, 'it begins where the backup ends');
    await eventually(
      'the follower has the head',
      async () => (await headOf(joined)) >= (await headOf(first)),
    );

    await second.kill();
    await second.wipe('log and chain');
    await ehb('restore', file, '--data-dir', second.directory);
    assert.not.ok(readdirSync(second.directory).includes('consensus.log'));
    await second.start();
    const { validatorAddress, consensus } = await second.client.request('ehb_status', []);
    const address = validatorAddress ?? '';
    const startedAt = await headOf(first);
    assert.not(consensus.voting, 'it cannot know what it signed');
    let bound = 0;
    await eventually('it votes again', async () => {
      const { consensus: now } = await second.client.request('ehb_status', []);
      bound = Math.max(bound, Number(now.votingAfterBlock ?? 0));
      return now.voting;
    });
    await eventually('it seals blocks', async () => {
      const head = await headOf(first);
      return await isSealedBy(first, head, address);
    });
    const last = Math.min(bound, await headOf(first));
    for (let number = startedAt + 1; number <= last; number += 1) {
      assert.not(
        await isSealedBy(first, number, address),
        `block ${number}, up to ${bound} it is mute`,
      );
    }

    await damageAndRepair(third, first);

    await load.stop();
    const all = [...validators, joined];
    const top = Math.max(...(await Promise.all(all.map(headOf))));
    await eventually(
      'all have the head',
      async () => Math.min(...(await Promise.all(all.map(headOf)))) >= top,
    );
    assert.equal(await createAudit(all, ledger).look('all'), []);
    const heads = await Promise.all(all.map((each) => shown(each, top)));
    for (const head of heads) {
      assert.is(bytesToHex(headerHash(headerOf(head), 'qbft')), heads[0]?.['hash']);
      for (const root of ['stateRoot', 'receiptsRoot']) assert.is(head[root], heads[0]?.[root]);
    }
    assert.equal(network.crashes, []);
  } finally {
    await load.stop();
    await follower?.stop();
    await staged.close(false);
  }
});

test.run();
