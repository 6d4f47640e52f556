/** The contract as a network begins with it: made into a genesis, executed block by block. */
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeErrorResult, encodeFunctionData, parseAbi, toHex } from 'viem';
import { addressOf, keccak256 } from '#crypto';
import { decodeValidators, GET_VALIDATORS, readNamedSet } from '../../consensus/index.ts';
import {
  type Address,
  asAddress,
  asHash,
  bigintToBytes,
  bytesToHex,
  compareBytes,
  hexToBytes,
  signTransaction,
} from '../../ledger/model/index.ts';
import { temporaryDirectory } from '../../ledger/model/testkit/temporary-directory.ts';
import { type ChainStore, openStore } from '../../ledger/store/index.ts';
import { buildBlock, createEngine, type Engine, environmentOf } from '../../vm/index.ts';
import { createGenesis, DEFAULT_TIMING } from '../create-genesis.ts';
import type { Genesis } from '../genesis.ts';
import { parseGenesis } from '../parse.ts';
import { SYSTEM_CONTRACTS, VALIDATORS_CONTRACT } from './addresses.ts';
import { Validators } from './artefacts.ts';
import { validatorsAccount } from './validators.ts';

type Fixture = { store: ChainStore; genesis: Genesis; engine: Engine };
const test = suite<Fixture>('genesis/contracts/validators');

const ABI = parseAbi([
  'function vote(address recipient, bool add)',
  'function retract(address recipient)',
  'function votesNeeded() view returns (uint256)',
  'function minimumValidators() view returns (uint256)',
  'error NotValidator(address sender)',
  'error NothingToChange(address recipient, bool add)',
  'error NoValidator(address recipient)',
  'error TooFewValidators(uint256 minimum)',
]);

/** The same keys always, ascending by address. */
const PARTIES = Array.from({ length: 8 }, (_, i) => {
  const key = keccak256(Uint8Array.of(i, 7));
  return { key, address: addressOf(key) };
}).sort((a, b) => compareBytes(a.address, b.address));
const at = (index: number): (typeof PARTIES)[number] => PARTIES[index] as (typeof PARTIES)[number];

async function begin(fixture: Fixture | Partial<Fixture>, validators: number): Promise<void> {
  const json = createGenesis({
    chainId: 20_260n,
    validators: PARTIES.slice(0, validators).map(({ address }) => address),
    validatorsBy: 'contract',
    accounts: [],
    timestamp: 0n,
    gasLimit: 30_000_000n,
    timing: DEFAULT_TIMING,
  });
  const parsed = parseGenesis(JSON.parse(JSON.stringify(json)));
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.message);
  assert.equal(parsed.warnings, []);
  fixture.genesis = parsed.genesis;
  fixture.engine = createEngine('fast', parsed.genesis.rules);
  await fixture.store?.close();
  const { block, hash, accounts, hashRule } = parsed.genesis;
  const path = join(temporaryDirectory(), 'chain');
  fixture.store = await openStore({ path, genesis: { block, hash, accounts }, hashRule });
}

test.after.each(async (fixture: Partial<Fixture>) => {
  await fixture.store?.close();
  delete fixture.store;
});

async function members({ engine, store }: Fixture): Promise<string> {
  const { header } = store.head();
  const result = await engine.call(
    {
      from: asAddress(new Uint8Array(20)),
      to: VALIDATORS_CONTRACT.address,
      data: GET_VALIDATORS,
      value: 0n,
      gas: header.gasLimit,
      gasPrice: 0n,
    },
    environmentOf(header),
    store.state(),
  );
  assert.is(result.kind, 'returned');
  const decoded = decodeValidators(
    result.kind === 'returned' ? result.returnData : hexToBytes('0x'),
  );
  assert.ok(decoded.ok, decoded.ok ? '' : decoded.message);
  return decoded.validators
    .map((address) => PARTIES.findIndex((one) => compareBytes(one.address, address) === 0))
    .join();
}

/** A block with one call of party `by`; the name of the error if it reverts. */
async function send(
  { engine, store, genesis }: Fixture,
  by: number,
  functionName: 'vote' | 'retract',
  recipient: Address,
  add?: boolean,
): Promise<string | undefined> {
  const { key, address } = at(by);
  const to = bytesToHex(recipient);
  const data = hexToBytes(
    functionName === 'vote'
      ? encodeFunctionData({ abi: ABI, functionName, args: [to, add ?? true] })
      : encodeFunctionData({ abi: ABI, functionName, args: [to] }),
  );
  const { header: parent } = store.head();
  const call = {
    from: address,
    to: VALIDATORS_CONTRACT.address,
    data,
    value: 0n,
    gas: 1_000_000n,
    gasPrice: 0n,
  };
  const tried = await engine.call(call, environmentOf(parent), store.state());
  const nonce = store.state().account(address)?.nonce ?? 0n;
  const fields = { chainId: 20_260n, nonce, gasLimit: 1_000_000n, gasPrice: 0n, value: 0n };
  const transaction = signTransaction({ type: 0, ...fields, to: call.to, data }, key);
  const { executed } = await buildBlock(
    {
      parent,
      rules: genesis.rules,
      timestamp: parent.timestamp + 1n,
      beneficiary: at(0).address,
      extraData: parent.extraData,
      gasLimit: parent.gasLimit,
      transactions: [{ transaction, sender: address }],
    },
    engine,
    store.state(),
  );
  await store.write(executed);
  const status = executed.receipts[0]?.status;
  assert.is(status, tried.kind === 'returned' ? 1 : 0, 'call and block agree');
  if (tried.kind !== 'reverted') return undefined;
  return decodeErrorResult({ abi: ABI, data: toHex(tried.returnData) }).errorName;
}

test('the table gives each contract an address of its own in the range of the table', () => {
  const addresses = SYSTEM_CONTRACTS.map(({ address }) => BigInt(bytesToHex(address)));
  assert.is(new Set(addresses).size, addresses.length);
  assert.ok(addresses.every((address) => address > 0xe000n && address <= 0xe0ffn));
});

test('R-9.11: at genesis it names the validators of the network, in any number', async (fixture) => {
  await begin(fixture, 7);
  assert.is(await members(fixture), '0,1,2,3,4,5,6');
  assert.is(fixture.genesis.validators.length, 0);
});

test('more than half add one, and more than half drop one', async (fixture) => {
  await begin(fixture, 4);
  for (const by of [0, 1]) assert.is(await send(fixture, by, 'vote', at(4).address), undefined);
  assert.is(await members(fixture), '0,1,2,3');
  assert.is(await send(fixture, 2, 'vote', at(4).address), undefined);
  assert.is(await members(fixture), '0,1,2,3,4');
  // The new one votes at once; three of five are needed.
  for (const by of [4, 0, 1]) await send(fixture, by, 'vote', at(3).address, false);
  assert.is(await members(fixture), '0,1,2,4');
});

test('only validators vote, and only for a change', async (fixture) => {
  await begin(fixture, 4);
  const nobody = asAddress(new Uint8Array(20));
  assert.is(await send(fixture, 5, 'vote', at(5).address), 'NotValidator');
  assert.is(await send(fixture, 5, 'retract', at(5).address), 'NotValidator');
  assert.is(await send(fixture, 0, 'vote', at(1).address), 'NothingToChange');
  assert.is(await send(fixture, 0, 'vote', at(5).address, false), 'NothingToChange');
  assert.is(await send(fixture, 0, 'vote', nobody), 'NoValidator');
});

test('a network of four or more keeps four validators, a smaller one keeps one', async (fixture) => {
  await begin(fixture, 4);
  assert.is(await send(fixture, 0, 'vote', at(3).address, false), 'TooFewValidators');
  await begin(fixture, 2);
  for (const by of [0, 1]) await send(fixture, by, 'vote', at(1).address, false);
  assert.is(await members(fixture), '0');
  assert.is(await send(fixture, 0, 'vote', at(0).address, false), 'TooFewValidators');
});

test('a vote can be taken back and turned', async (fixture) => {
  await begin(fixture, 3);
  await send(fixture, 0, 'vote', at(5).address);
  await send(fixture, 0, 'retract', at(5).address);
  await send(fixture, 1, 'vote', at(5).address);
  assert.is(await members(fixture), '0,1,2');
  await send(fixture, 2, 'vote', at(5).address);
  assert.is(await members(fixture), '0,1,2,5');
});

test('votes of a time before count no more: decided ones, and those by who has left since', async (fixture) => {
  await begin(fixture, 5);
  // Party 4 votes for 6, is dropped, and added again: its old vote is gone.
  await send(fixture, 4, 'vote', at(6).address);
  for (const by of [0, 1, 2]) await send(fixture, by, 'vote', at(4).address, false);
  assert.is(await members(fixture), '0,1,2,3');
  for (const by of [0, 1]) await send(fixture, by, 'vote', at(6).address);
  for (const by of [0, 1, 2]) await send(fixture, by, 'vote', at(4).address);
  assert.is(await members(fixture), '0,1,2,3,4');
  assert.is(await send(fixture, 2, 'vote', at(6).address), undefined);
  assert.is(await members(fixture), '0,1,2,3,4,6');
  // The votes that added 4 do not help to add it again.
  for (const by of [0, 1, 2, 3]) await send(fixture, by, 'vote', at(4).address, false);
  await send(fixture, 0, 'vote', at(4).address);
  assert.is(await members(fixture), '0,1,2,3,6');
});

test('P-7: the proof verifier knows the contract by its code, and reads its set where it lies', () => {
  const codeHash = asHash(keccak256(hexToBytes(Validators.runtimeCode)));
  const addresses = [3, 1, 2].map((fill) => asAddress(new Uint8Array(20).fill(fill)));
  const [, account] = validatorsAccount(addresses);
  const { storage } = account as { readonly storage: Readonly<Record<string, string>> };
  const read = readNamedSet(codeHash, (slot) => ({
    ok: true,
    value: bigintToBytes(BigInt(storage[bytesToHex(slot)] ?? 0)),
  }));
  assert.ok(read.ok);
  assert.equal(read.validators.map(bytesToHex), addresses.map(bytesToHex).sort());
});

test.run();
