/** The contract as a network begins with it: its storage is what the engine reads, and its functions keep it so. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Abi, decodeErrorResult, encodeFunctionData, type Hex } from 'viem';
import { addressOf, keccak256 } from '#crypto';
import {
  type Address,
  asAddress,
  bytesToHex,
  commitState,
  compareBytes,
  EMPTY_ROOT,
  hexToBytes,
  keyOf,
  signTransaction,
} from '../../ledger/model/index.ts';
import { createEngine, environmentOf, RIGHTS } from '../../vm/index.ts';
import { callRequest } from '../../vm/testkit/chain.ts';
import { createMemoryState } from '../../vm/testkit/memory-state.ts';
import { createGenesis, DEFAULT_TIMING } from '../create-genesis.ts';
import { parseGenesis } from '../parse.ts';
import { PERMISSIONS_CONTRACT } from './addresses.ts';
import { Permissions } from './artefacts.ts';
import {
  decodeNamedAccounts,
  encodeForget,
  encodeNamedAccounts,
  encodeSetEveryone,
  encodeSetRights,
  GET_EVERYONE,
} from './permissions.ts';

const test = suite('genesis/contracts/permissions');
const ABI = Permissions.abi as unknown as Abi;
const PARTIES = Array.from({ length: 6 }, (_, i) => {
  const key = keccak256(Uint8Array.of(i, 9));
  return { key, address: addressOf(key) };
}).sort((a, b) => compareBytes(a.address, b.address));
const at = (index: number): (typeof PARTIES)[number] => PARTIES[index] as (typeof PARTIES)[number];
const [ADMIN, SENDER, OTHER, SECOND, VALIDATOR] = [0, 1, 2, 3, 4];
const ALL = RIGHTS.send | RIGHTS.deploy | RIGHTS.administer;

/** A chain of one's own: the state of block 0 of a permissioned genesis, and the engine on it. */
function begin(everyone = 0) {
  const json = createGenesis({
    chainId: 20_260n,
    validators: [at(VALIDATOR).address],
    validatorsBy: 'contract',
    permissions: {
      administrators: [at(ADMIN).address],
      senders: [at(SENDER).address],
      everyone,
    },
    accounts: [],
    timestamp: 0n,
    gasLimit: 30_000_000n,
    timing: DEFAULT_TIMING,
  });
  const parsed = parseGenesis(JSON.parse(JSON.stringify(json)));
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.message);
  assert.equal(parsed.warnings, []);
  const { genesis } = parsed;
  const state = createMemoryState([]);
  const empty = { stateRoot: EMPTY_ROOT, account: () => undefined, node: () => undefined };
  state.apply(genesis.accounts);
  assert.equal(state.root(), commitState(empty, genesis.accounts).stateRoot);
  const engine = createEngine('both', genesis.rules);
  const nonces = new Map<number, bigint>();

  /** A block with one call; the name of the contract's error, the code of a refusal, or nothing. */
  async function send(
    by: number,
    data: Uint8Array | undefined,
    to: Address | undefined = PERMISSIONS_CONTRACT.address,
  ): Promise<string | undefined> {
    const nonce = nonces.get(by) ?? 0n;
    const transaction = signTransaction(
      {
        type: 0,
        chainId: 20_260n,
        nonce,
        gasPrice: 0n,
        gasLimit: 1_000_000n,
        to: data === undefined ? undefined : to,
        value: 0n,
        data: data ?? new Uint8Array(0),
      },
      at(by).key,
    );
    const environment = environmentOf({ ...genesis.block.header, number: 1n, timestamp: 1n });
    const outcome = await engine.executeBlock(
      { environment, transactions: [{ transaction, sender: at(by).address }], mode: 'build' },
      state,
    );
    assert.ok(outcome.ok);
    const { skipped, receipts, changes } = outcome.execution;
    if (skipped[0] !== undefined) return skipped[0].code;
    nonces.set(by, nonce + 1n);
    state.apply(changes);
    const reason = receipts[0]?.revertReason;
    if (reason === undefined) return undefined;
    return decodeErrorResult({ abi: ABI, data: bytesToHex(reason) as Hex }).errorName;
  }

  async function call(data: Uint8Array): Promise<Uint8Array> {
    const result = await engine.call(
      callRequest(at(OTHER).address, { to: PERMISSIONS_CONTRACT.address, data, gas: 10_000_000n }),
      environmentOf(genesis.block.header),
      state,
    );
    assert.ok(result.kind === 'returned', result.kind);
    return result.returnData;
  }

  /** The named accounts by their place in `PARTIES`, with their rights. */
  async function named(): Promise<ReadonlyMap<number, number>> {
    const list = decodeNamedAccounts(await call(encodeNamedAccounts(0, 100)));
    const places = new Map(PARTIES.map(({ address }, index) => [keyOf(address), index]));
    const pairs = (list ?? []).map(({ address, rights }): [number, number] => [
      places.get(keyOf(address)) ?? -1,
      rights,
    ]);
    return new Map(pairs.sort(([a], [b]) => a - b));
  }

  const allowed = async (by: number, target: Address): Promise<boolean> => {
    const data = encodeFunctionData({
      abi: ABI,
      functionName: 'transactionAllowed',
      args: [bytesToHex(at(by).address), bytesToHex(target), 0n, 0n, 21_000n, '0x'],
    });
    return (await call(hexToBytes(data)))[31] === 1;
  };

  return { genesis, state, send, call, named, allowed };
}

const setRights = (index: number, rights: number): Uint8Array =>
  encodeSetRights({ address: at(index).address, rights });

test('G-15: a genesis begins with its administrators, senders and validators, and the engine knows them', async () => {
  const { genesis, send, named, call } = begin();
  assert.equal(genesis.rules.permissions, { contract: PERMISSIONS_CONTRACT.address, from: 0n });
  assert.equal(
    await named(),
    new Map([
      [ADMIN, ALL],
      [SENDER, RIGHTS.send],
      [VALIDATOR, RIGHTS.send],
    ]),
  );
  assert.equal(await call(GET_EVERYONE), new Uint8Array(32));
  assert.is(await send(SENDER, Uint8Array.of(1), at(OTHER).address), undefined);
  assert.is(await send(SENDER, undefined), 'VM_DEPLOYMENT_NOT_PERMITTED');
  assert.is(await send(ADMIN, undefined), undefined);
  assert.is(await send(OTHER, Uint8Array.of(1), at(OTHER).address), 'VM_SENDER_NOT_PERMITTED');
});

test('X-52: what the contract is told, the engine holds from the next transaction on', async () => {
  const { send, named, allowed } = begin();
  const target = at(OTHER).address;
  assert.is(await allowed(OTHER, target), false);
  assert.is(await send(ADMIN, setRights(OTHER, RIGHTS.send)), undefined);
  assert.is(await send(OTHER, Uint8Array.of(1), target), undefined);
  assert.is(await allowed(OTHER, target), true);
  assert.is(await allowed(OTHER, asAddress(new Uint8Array(20))), false, 'a deployment');
  assert.is(await send(OTHER, undefined), 'VM_DEPLOYMENT_NOT_PERMITTED');
  assert.is(await send(ADMIN, setRights(OTHER, RIGHTS.send | RIGHTS.deploy)), undefined);
  assert.is(await send(OTHER, undefined), undefined);
  assert.is(await allowed(OTHER, asAddress(new Uint8Array(20))), true);
  assert.is(await send(ADMIN, setRights(OTHER, 0)), undefined);
  assert.is(await send(OTHER, Uint8Array.of(1), target), 'VM_SENDER_NOT_PERMITTED');
  assert.is(await send(ADMIN, encodeSetEveryone(RIGHTS.send)), undefined);
  assert.is(await send(OTHER, Uint8Array.of(1), target), 'VM_SENDER_NOT_PERMITTED', 'named');
  assert.is(await send(SECOND, Uint8Array.of(1), target), undefined, 'one of everyone');
  assert.is(await send(SECOND, undefined), 'VM_DEPLOYMENT_NOT_PERMITTED');
  assert.is(await send(ADMIN, encodeForget(at(OTHER).address)), undefined);
  assert.is(await send(OTHER, Uint8Array.of(1), target), undefined);
  assert.is((await named()).has(OTHER), false);
});

test('administrators alone change rights, and there is always one', async () => {
  const { send, named } = begin(RIGHTS.send);
  for (const data of [
    setRights(SENDER, ALL),
    encodeForget(at(ADMIN).address),
    encodeSetEveryone(0),
  ]) {
    assert.is(await send(SENDER, data), 'NotAdministrator');
    assert.is(await send(OTHER, data), 'NotAdministrator');
  }
  assert.is(await send(ADMIN, setRights(ADMIN, RIGHTS.send)), 'LastAdministrator');
  assert.is(await send(ADMIN, encodeForget(at(ADMIN).address)), 'LastAdministrator');
  assert.is(await send(ADMIN, setRights(OTHER, 8)), 'UnknownRights');
  assert.is(await send(ADMIN, encodeSetEveryone(RIGHTS.administer)), 'UnknownRights');
  assert.is(await send(ADMIN, setRights(SECOND, ALL)), undefined);
  assert.is(await send(ADMIN, setRights(SECOND, ALL)), undefined, 'twice is counted once');
  assert.is(await send(SECOND, encodeForget(at(ADMIN).address)), undefined);
  assert.is(await send(ADMIN, setRights(OTHER, 0)), 'NotAdministrator');
  assert.is(await send(SECOND, encodeForget(at(SECOND).address)), 'LastAdministrator');
  assert.equal([...(await named()).keys()], [SENDER, SECOND, VALIDATOR]);
});

test('named accounts are listed page by page', async () => {
  const { call } = begin();
  const pages = [
    [0, 2, 2],
    [2, 2, 1],
    [3, 2, 0],
    [9, 2, 0],
  ] as const;
  for (const [from, count, found] of pages) {
    const list = decodeNamedAccounts(await call(encodeNamedAccounts(from, count)));
    assert.is(list?.length, found, `${from}`);
  }
  assert.is(decodeNamedAccounts(new Uint8Array(0)), undefined);
  assert.is(decodeNamedAccounts(new Uint8Array(128).fill(255)), undefined);
});

test.run();
