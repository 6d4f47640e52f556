// time-limit: 120 s
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeFunctionData, parseAbi } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { keccak256 } from '#crypto';
import { verifyProofBundle } from '../../consensus/index.ts';
import { VALIDATORS_CONTRACT } from '../../genesis/index.ts';
import { genesisOf } from '../../genesis/testkit/genesis-of.ts';
import {
  bytesToHex,
  compareBytes,
  concatBytes,
  decodeExtraData,
  hexToBytes,
} from '../../ledger/model/index.ts';
import {
  atSomeHead,
  createTestNetwork,
  nextValidators,
  receiptOf,
  send,
  type TestNetwork,
  type TestNode,
  transfer,
} from '../testkit/test-network.ts';

const FIXTURES = join(process.env['EHB_FIXTURES'] ?? '../shared/fixtures', 'qbft', 'genesis');
const sim = suite('node/sim/n7-validator-contract');
const TIMING = { blockPeriodMs: 0, requestTimeoutMs: 500, maxRequestTimeoutMs: 2000 };
const ABI = parseAbi(['function vote(address recipient, bool add)']);
const CONTRACT = bytesToHex(VALIDATORS_CONTRACT.address);

/** A vote by the validator key of a node, final when it resolves. */
async function voteOf(
  network: TestNetwork,
  by: TestNode,
  recipient: string,
  add: boolean,
  over: TestNode,
): Promise<void> {
  const validatorKey = await network.validatorKey(by.index);
  const account = privateKeyToAccount(bytesToHex(validatorKey) as `0x${string}`);
  const nonce = await over.client.request('eth_getTransactionCount', [account.address, 'pending']);
  const raw = await account.signTransaction({
    chainId: 20_260,
    nonce: Number(nonce),
    to: CONTRACT as `0x${string}`,
    gas: 500_000n,
    maxFeePerGas: 0n,
    maxPriorityFeePerGas: 0n,
    data: encodeFunctionData({
      abi: ABI,
      functionName: 'vote',
      args: [recipient as `0x${string}`, add],
    }),
  });
  const hash = await over.client.request<string>('eth_sendRawTransaction', [raw]);
  await receiptOf(over, hash);
}

/** P-7: a receipt and a slot after ten changes of the set, with the genesis file alone; a sample of altered bytes is refused. */
async function assertProved(network: TestNetwork, node: TestNode, hash: string): Promise<void> {
  const file = join(network.directoryOf(0), 'genesis.json');
  const { hash: genesisHash, validators, qbft } = genesisOf(JSON.parse(readFileSync(file, 'utf8')));
  assert.ok(qbft !== undefined);
  const anchor = { hash: genesisHash, validators, qbft };
  for (const subject of [
    { receipt: hash },
    { address: CONTRACT, slots: [`0x${'0'.repeat(64)}`] },
  ]) {
    const { bundle } = await node.client.request<{ bundle: string }>('ehb_getProof', [subject]);
    const bytes = hexToBytes(bundle);
    const proved = verifyProofBundle(bytes, anchor);
    assert.ok(proved.ok, proved.ok ? '' : proved.message);
    const { fact } = proved;
    if (fact.kind === 'receipt') assert.is(bytesToHex(fact.transaction.hash), hash);
    if (fact.kind === 'account') assert.is(fact.slots[0]?.value, 4n, 'the length of the set');
    for (let at = 0; at < bytes.length - 32; at += 1 + (bytes.length >> 6)) {
      const body = Uint8Array.from(bytes.subarray(0, bytes.length - 32));
      body[at] = (body[at] as number) ^ 1;
      const altered = concatBytes(body, keccak256(body));
      assert.not.ok(verifyProofBundle(altered, anchor).ok, `byte ${at}`);
    }
  }
}

function untilSet(node: TestNode, set: readonly string[]): Promise<true> {
  const wanted = [...set].sort().join();
  return atSomeHead(node, async () =>
    (await nextValidators(node)).join() === wanted ? true : null,
  );
}

sim(
  'R-9.10, R-9.11: a set grows from 1 to 7 and shrinks to 4 by the votes in a contract',
  async () => {
    const network = await createTestNetwork(1, TIMING, { candidates: 6, validatorsBy: 'contract' });
    try {
      const addresses = network.addresses.map(bytesToHex);
      const nodes = await Promise.all(addresses.map((_, index) => network.start(index)));
      const first = nodes[0] as TestNode;
      const last = nodes[6] as TestNode;
      const refusal = await first.client
        .request('qbft_proposeValidatorVote', [addresses[1], true])
        .catch((error: unknown) => error);
      assert.match(String(refusal), 'Method not enabled');

      for (const index of [1, 2, 3, 4, 5, 6]) {
        const needed = nodes.slice(0, Math.floor(index / 2) + 1);
        for (const node of needed)
          await voteOf(network, node, addresses[index] as string, true, first);
        await Promise.all(nodes.map((node) => untilSet(node, addresses.slice(0, index + 1))));
      }
      // The last one stays: whoever is no member cannot pass transactions on.
      for (const index of [0, 1, 2]) {
        const members = nodes.slice(index);
        for (const node of members.slice(-(Math.floor(members.length / 2) + 1)))
          await voteOf(network, node, addresses[index] as string, false, last);
        await Promise.all(nodes.map((node) => untilSet(node, addresses.slice(index + 1))));
      }

      const { raw, hash } = transfer(0, 0);
      await send(last, raw);
      const { blockNumber } = await receiptOf(last, hash);
      for (const node of nodes) assert.is((await receiptOf(node, hash)).blockNumber, blockNumber);
      const report = await first.client.request<{ source: string; contract: string }>(
        'ehb_validators',
        [],
      );
      assert.is(report.source, 'contract');
      assert.is(report.contract, CONTRACT);

      // Past sets are read from past states; headers list nobody.
      const sizes: number[] = [];
      for (let number = 0; number <= Number(blockNumber); number += 1) {
        const at = `0x${number.toString(16)}`;
        const set = await last.client.request<readonly string[]>(
          'qbft_getValidatorsByBlockNumber',
          [at],
        );
        if (sizes.at(-1) !== set.length) sizes.push(set.length);
      }
      assert.is(sizes.join(' '), '1 2 3 4 5 6 7 6 5 4');
      await assertProved(network, last, hash);
    } finally {
      await network.close();
    }
  },
);

if (existsSync(FIXTURES)) {
  sim(
    "R-9.8, R-9.9: Besu's contract, another one, then headers: each from its block on",
    async () => {
      const file = join(FIXTURES, 'genesis_validator_contract_shanghai.json');
      const { alloc } = JSON.parse(readFileSync(file, 'utf8')) as {
        alloc: Record<string, { code: string }>;
      };
      const [one, two] = [`0x${'0'.repeat(36)}8888`, `0x${'0'.repeat(36)}9999`];
      const mode = { validatorselectionmode: 'contract' };
      const wanted: { sets?: readonly (readonly string[])[] } = {};
      const network = await createTestNetwork(4, TIMING, {
        amend: (genesis) => {
          const json = structuredClone(genesis) as {
            config: object;
            alloc: object;
            extraData: string;
          };
          const decoded = decodeExtraData(hexToBytes(json.extraData));
          assert.ok(decoded.ok);
          const all = decoded.extraData.validators.map(bytesToHex).sort();
          const three = all.slice(1);
          const two_ = all.slice(0, 2);
          wanted.sets = [all, three, all, two_];
          const withSet = (set: readonly string[]): object => ({
            code: alloc[one]?.code,
            storage: {
              '0x0': `0x${set.length.toString(16)}`,
              ...Object.fromEntries(
                set.map((address, i) => [
                  (0x290decd9548b62a8d60345a988386fc84ba6bc95484008f6362f93160ef3e563n + BigInt(i))
                    .toString(16)
                    .padStart(64, '0'),
                  address,
                ]),
              ),
            },
          });
          return {
            ...json,
            config: {
              ...json.config,
              transitions: {
                qbft: [
                  { block: 3, ...mode, validatorcontractaddress: one },
                  { block: 5, ...mode, validatorcontractaddress: two },
                  { block: 7, validatorselectionmode: 'blockheader', validators: two_ },
                ],
              },
            },
            alloc: { ...json.alloc, [one]: withSet(three), [two]: withSet(all) },
          };
        },
      });
      try {
        const nodes = await Promise.all([0, 1, 2, 3].map((index) => network.start(index)));
        const order = [...nodes].sort((a, b) => compareBytes(a.address, b.address));
        // The one who is a member all the time; others could not pass transactions on.
        const sender = order[1] as TestNode;
        for (let nonce = 0; nonce < 9; nonce += 1) {
          const { raw, hash } = transfer(0, nonce);
          await send(sender, raw);
          for (const node of nodes) await receiptOf(node, hash);
        }
        const setAt = (node: TestNode, number: number): Promise<readonly string[]> =>
          node.client.request('qbft_getValidatorsByBlockNumber', [`0x${number.toString(16)}`]);
        for (const node of nodes) {
          for (const [i, number] of [1, 3, 5, 7].entries()) {
            assert.equal(await setAt(node, number), wanted.sets?.[i], `block ${number}`);
            assert.equal(await setAt(node, number + 1), wanted.sets?.[i], `block ${number + 1}`);
          }
        }
        // In the middle of it all a restart knows the set, too.
        const again = order[3] as TestNode;
        await again.running.close();
        const back = await network.start(again.index);
        assert.equal(await nextValidators(back), wanted.sets?.[3]);
      } finally {
        await network.close();
      }
    },
  );
} else {
  assert.is(process.env['EHB_FIXTURES'], undefined, `no fixtures at ${FIXTURES}`);
  console.log('fixtures absent');
}

sim.run();
