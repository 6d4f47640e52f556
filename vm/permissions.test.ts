/** Rights in the storage of a contract, on both engines at once: who is in a block, and at which place. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { keccak256 } from '#crypto';
import {
  type Address,
  asAddress,
  bytesToHex,
  concatBytes,
  hexToBytes,
  signTransaction,
} from '../ledger/model/index.ts';
import { type Party, party } from '../ledger/model/testkit/party.ts';
import type { ChainRules, ForkName } from './chain-rules.ts';
import { createEngine } from './create-engine.ts';
import type { SignedTransaction } from './engine.ts';
import { environmentOf } from './header-rules.ts';
import { checkPermission, type PermissionRule, RIGHTS } from './permissions.ts';
import { COIN, createTestChain, signed, testRules } from './testkit/chain.ts';
import { validateBlock } from './validate-block.ts';

const test = suite('vm/permissions');
const [admin, bob, carol] = [party('admin'), party('bob'), party('carol')];
const contract = asAddress(new Uint8Array(20).fill(0xe1));
const target = asAddress(new Uint8Array(20).fill(0x77));
/**
 * Stores what the call data says: slot and value; of 65 bytes it stores and then reverts, of none it
 * destroys itself.
 */
const STORE = hexToBytes('0x36156013576020355f355536604114601657005b33ff5b5f5ffd');
const ALL = RIGHTS.send | RIGHTS.deploy | RIGHTS.administer | RIGHTS.named;
const EVERYONE = word(1n);

function word(value: bigint): Uint8Array {
  return hexToBytes(`0x${value.toString(16).padStart(64, '0')}`);
}

function slotOf(address: Address): Uint8Array {
  return keccak256(concatBytes(new Uint8Array(12), address, new Uint8Array(32)));
}

function rulesWith(rule: Partial<PermissionRule> = {}, fork: ForkName = 'osaka'): ChainRules {
  return testRules(fork, { permissions: { contract, from: 0n, ...rule } });
}

/** Where the admin alone may do anything. */
function begin(rules: ChainRules) {
  return createTestChain(rules, [
    ...[admin, bob, carol].map(({ address }) => ({ address, balance: COIN })),
    {
      address: contract,
      nonce: 1n,
      code: STORE,
      storage: [{ slot: slotOf(admin.address), value: Uint8Array.of(ALL) }],
    },
  ]);
}

/** The admin writes rights; `tail` bytes behind make the call revert. */
function write(nonce: number, slot: Uint8Array, rights: number, tail = 0): SignedTransaction {
  const data = concatBytes(slot, word(BigInt(rights)), new Uint8Array(tail));
  return signed(admin, { to: contract, data, nonce: BigInt(nonce) });
}

const pay = (from: Party, nonce = 0): SignedTransaction =>
  signed(from, { to: target, value: 1n, nonce: BigInt(nonce) });
const deploy = (from: Party, nonce = 0): SignedTransaction =>
  signed(from, { data: hexToBytes('0x5f5ff3'), nonce: BigInt(nonce) });

async function skippedOf(
  chain: ReturnType<typeof begin>,
  transactions: readonly SignedTransaction[],
): Promise<readonly (readonly [number, string])[]> {
  const built = await chain.build(transactions);
  return built.skipped.map(({ index, code }) => [index, code]);
}

test('X-51 X-53: who is not named may neither send nor deploy; who may send may not deploy therefore', async () => {
  const chain = begin(rulesWith());
  assert.equal(
    await skippedOf(chain, [
      pay(admin),
      deploy(admin, 1),
      pay(bob),
      deploy(bob),
      write(2, slotOf(bob.address), RIGHTS.named | RIGHTS.send),
      pay(bob),
      deploy(bob, 1),
      write(3, slotOf(bob.address), RIGHTS.named | RIGHTS.send | RIGHTS.deploy),
      deploy(bob, 1),
      write(4, slotOf(carol.address), RIGHTS.named | RIGHTS.deploy),
      deploy(carol),
    ]),
    [
      [2, 'VM_SENDER_NOT_PERMITTED'],
      [3, 'VM_SENDER_NOT_PERMITTED'],
      [6, 'VM_DEPLOYMENT_NOT_PERMITTED'],
      [10, 'VM_SENDER_NOT_PERMITTED'],
    ],
  );
});

test('X-52: everyone has the rights of slot 1, but for those who are named', async () => {
  const chain = begin(rulesWith());
  assert.equal(
    await skippedOf(chain, [
      write(0, EVERYONE, RIGHTS.send),
      pay(bob),
      deploy(bob, 1),
      write(1, slotOf(bob.address), RIGHTS.named),
      pay(bob, 1),
      write(2, slotOf(bob.address), 0),
      pay(bob, 1),
    ]),
    [
      [2, 'VM_DEPLOYMENT_NOT_PERMITTED'],
      [4, 'VM_SENDER_NOT_PERMITTED'],
    ],
  );
});

test('X-54: a right that an earlier transaction of the block takes away is gone, and the block with it', async () => {
  const chain = begin(rulesWith());
  const allowed = await chain.build([write(0, slotOf(bob.address), RIGHTS.named | RIGHTS.send)]);
  chain.append(allowed);
  const deny = write(1, slotOf(bob.address), RIGHTS.named);
  assert.equal(await skippedOf(chain, [pay(bob), deny, pay(bob, 1)]), [
    [2, 'VM_SENDER_NOT_PERMITTED'],
  ]);
  // The same three, in a block that claims all of them: refused by each engine, whatever its header says.
  const transactions = [pay(bob), deny, pay(bob, 1)];
  const { executed } = await chain.build(transactions);
  for (const name of ['fast', 'reference'] as const) {
    const outcome = await createEngine(name, chain.rules).executeBlock(
      { environment: environmentOf(executed.block.header), transactions, mode: 'validate' },
      chain.state,
    );
    assert.is(outcome.ok ? '' : outcome.code, 'VM_SENDER_NOT_PERMITTED', name);
    assert.ok(!outcome.ok && outcome.message.startsWith('transaction 2: '), name);
  }
  const verdict = await validateBlock(
    {
      parent: chain.head(),
      rules: chain.rules,
      block: executed.block,
      senders: executed.senders,
    },
    createEngine('both', chain.rules),
    chain.state,
  );
  assert.ok(verdict.ok, 'what the builder left out was all that was wrong');
});

test('X-54: what a reverted transaction wrote counts for nothing', async () => {
  const chain = begin(rulesWith());
  const give = RIGHTS.named | RIGHTS.send;
  assert.equal(
    await skippedOf(chain, [
      write(0, slotOf(bob.address), give, 1),
      pay(bob),
      write(1, slotOf(bob.address), give),
      write(2, slotOf(bob.address), 0, 1),
      pay(bob),
    ]),
    [[1, 'VM_SENDER_NOT_PERMITTED']],
  );
});

test('X-52: a contract that is gone, or never was, has no rights to give', async () => {
  const before = begin(rulesWith({}, 'shanghai'));
  const destroy = signed(admin, { to: contract, nonce: 1n });
  assert.equal(
    await skippedOf(before, [write(0, EVERYONE, RIGHTS.send), destroy, pay(bob), pay(admin, 2)]),
    [
      [2, 'VM_SENDER_NOT_PERMITTED'],
      [3, 'VM_SENDER_NOT_PERMITTED'],
    ],
  );
  const nowhere = begin(rulesWith({ contract: asAddress(new Uint8Array(20).fill(9)) }));
  assert.equal(await skippedOf(nowhere, [pay(admin)]), [[0, 'VM_SENDER_NOT_PERMITTED']]);
});

test('X-51: the rule holds from its first block until the one that ends it', async () => {
  const chain = begin(rulesWith({ from: 2n, until: 3n }));
  const expected = [[], [[0, 'VM_SENDER_NOT_PERMITTED']], []];
  for (const skipped of expected) {
    const built = await chain.build([pay(bob, chain.head().number === 0n ? 0 : 1)]);
    assert.equal(
      built.skipped.map(({ index, code }) => [index, code]),
      skipped,
    );
    chain.append(built);
  }
});

test('X-55: asking makes nothing warm and leaves nothing behind: gas and state are as without the rule', async () => {
  const transactions = [
    write(0, slotOf(admin.address), ALL),
    write(1, slotOf(bob.address), RIGHTS.named | RIGHTS.send),
    pay(bob),
  ];
  const with_ = await begin(rulesWith()).build(transactions);
  const without = await begin(testRules('osaka')).build(transactions);
  assert.is(with_.skipped.length, 0);
  assert.is(with_.executed.block.header.gasUsed, without.executed.block.header.gasUsed);
  assert.equal(
    bytesToHex(with_.executed.block.header.stateRoot),
    bytesToHex(without.executed.block.header.stateRoot),
  );
});

test('X-53: who authorizes a delegation (EIP-7702) and what contracts create are not asked', async () => {
  const chain = begin(rulesWith());
  const factory = asAddress(new Uint8Array(20).fill(0xfa));
  // CREATE of nothing.
  chain.state.apply({
    accounts: [
      {
        address: factory,
        account: { nonce: 1n, balance: 0n, codeHash: keccak256(hexToBytes('0x5f5f5ff0')) },
        storageCleared: false,
        storage: [],
      },
    ],
    codes: [
      {
        codeHash: keccak256(hexToBytes('0x5f5f5ff0')),
        code: hexToBytes('0x5f5f5ff0'),
      },
    ],
  });
  const give = write(0, slotOf(bob.address), RIGHTS.named | RIGHTS.send);
  const transaction = signTransaction(
    {
      type: 4,
      chainId: chain.rules.chainId,
      nonce: 0n,
      maxPriorityFeePerGas: 0n,
      maxFeePerGas: 0n,
      gasLimit: 300_000n,
      to: factory,
      value: 0n,
      data: new Uint8Array(0),
      accessList: [],
      authorizationList: [
        {
          chainId: 0n,
          address: factory,
          nonce: 0n,
          yParity: 0,
          r: new Uint8Array(32).fill(3),
          s: new Uint8Array(32).fill(1),
        },
      ],
    },
    bob.key,
  );
  const built = await chain.build([give, { transaction, sender: bob.address }]);
  assert.equal(built.skipped, []);
  assert.equal(
    built.executed.receipts.map(({ status }) => status),
    [1, 1],
  );
});

test('random blocks: what is left out is what a model of the rights says', async () => {
  const seed = Number(process.env['EHB_SEED'] ?? Date.now() % 1_000_000);
  console.log(`rerun with EHB_SEED=${seed}`);
  let state = seed;
  const random = (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
  const chain = begin(rulesWith());
  const rights = new Map<string, number>([[bytesToHex(slotOf(admin.address)), ALL]]);
  const nonces = new Map<Party, number>();
  const may = ({ address }: Party, right: number): boolean => {
    const own = rights.get(bytesToHex(slotOf(address))) ?? 0;
    const valid = (own & RIGHTS.named) !== 0 ? own : (rights.get(bytesToHex(EVERYONE)) ?? 0);
    return (valid & right) === right;
  };
  for (let block = 0; block < 12; block += 1) {
    const transactions: SignedTransaction[] = [];
    const expected: [number, string][] = [];
    for (let index = 0; index < 14; index += 1) {
      const nonce = (who: Party): number => nonces.get(who) ?? 0;
      if (random(3) === 0) {
        const slot = [slotOf(bob.address), slotOf(carol.address), EVERYONE][
          random(3)
        ] as Uint8Array;
        const [value, tail] = [random(16), random(4) === 0 ? 1 : 0];
        transactions.push(write(nonce(admin), slot, value, tail));
        nonces.set(admin, nonce(admin) + 1);
        if (tail === 0) rights.set(bytesToHex(slot), value);
        continue;
      }
      const who = [bob, carol][random(2)] as Party;
      const isDeployment = random(2) === 0;
      transactions.push((isDeployment ? deploy : pay)(who, nonce(who)));
      if (!may(who, RIGHTS.send)) expected.push([index, 'VM_SENDER_NOT_PERMITTED']);
      else if (isDeployment && !may(who, RIGHTS.deploy)) {
        expected.push([index, 'VM_DEPLOYMENT_NOT_PERMITTED']);
      } else nonces.set(who, nonce(who) + 1);
    }
    const built = await chain.build(transactions);
    assert.equal(
      built.skipped.map(({ index, code }) => [index, code]),
      expected,
      `block ${block}`,
    );
    chain.append(built);
  }
});

test('a chain without the rule reads no storage', () => {
  const read = (): Uint8Array => {
    throw new TypeError('nobody is to be asked');
  };
  assert.is(checkPermission({ to: undefined }, bob.address, undefined, 5n, read), undefined);
});

test.run();
