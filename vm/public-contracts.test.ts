// time-limit: 300 s
/** Contracts as people deploy them, used through both engines: tokens, an exchange, an account of several. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Abi,
  decodeFunctionResult,
  encodeDeployData,
  encodeFunctionData,
  getCreate2Address,
  getCreateAddress,
  type Hex,
} from 'viem';
import { keccak256, sign } from '#crypto';
import {
  type Address,
  asAddress,
  bytesToHex,
  concatBytes,
  hexToBytes,
  type Receipt,
} from '../ledger/model/index.ts';
import { type Party, party } from '../ledger/model/testkit/party.ts';
import { environmentOf } from './header-rules.ts';
import { COIN, callRequest, createTestChain, signed, testRules } from './testkit/chain.ts';
import { createEngineCache } from './testkit/engines.ts';
import { textOf } from './testkit/fuzz/compare.ts';
import { type CompiledContract, compileContracts } from './testkit/solidity.ts';

const test = suite('vm/public-contracts');
const rules = testRules('osaka');
const contracts = compileContracts();
const [alice, bob, carol] = [party('alice'), party('bob'), party('carol')];
const MOST = 2n ** 256n - 1n;

type Deployed = { readonly address: Address; readonly contract: CompiledContract };

/** A chain whose every block and call goes through both engines, which must agree. */
function createWorld() {
  const people = [alice, bob, carol];
  const chain = createTestChain(
    rules,
    people.map(({ address }) => ({ address, balance: COIN })),
  );
  const engines = [createEngineCache('fast')(rules), createEngineCache('reference')(rules)];
  const nonces = new Map<Party, bigint>(people.map((one) => [one, 0n]));

  async function send(
    from: Party,
    to: Address | undefined,
    data: Uint8Array,
    value = 0n,
  ): Promise<Receipt> {
    const nonce = nonces.get(from) ?? 0n;
    const transaction = signed(from, {
      ...(to !== undefined && { to }),
      data,
      value,
      nonce,
      gasLimit: 6_000_000n,
    });
    const built = await chain.build([transaction]);
    const environment = environmentOf(built.executed.block.header);
    const outcomes = [];
    for (const engine of engines) {
      const input = { environment, transactions: [transaction], mode: 'validate' } as const;
      outcomes.push(await engine.executeBlock(input, chain.state));
    }
    assert.is(textOf(outcomes[0]), textOf(outcomes[1]));
    chain.append(built);
    nonces.set(from, nonce + 1n);
    return built.executed.receipts[0] as Receipt;
  }

  async function deploy(
    from: Party,
    name: string,
    args: readonly unknown[] = [],
  ): Promise<Deployed> {
    const contract = contracts.get(name) as CompiledContract;
    const nonce = nonces.get(from) ?? 0n;
    const bytecode = bytesToHex(contract.creation) as Hex;
    const data = encodeDeployData({ abi: contract.abi as Abi, bytecode, args: [...args] });
    assert.is((await send(from, undefined, hexToBytes(data))).status, 1, name);
    const address = getCreateAddress({ from: hex(from.address), nonce });
    return { address: asAddress(hexToBytes(address.toLowerCase())), contract };
  }

  /** Sends and expects success, unless told otherwise. */
  async function use(
    from: Party,
    on: Deployed,
    call: string,
    args: readonly unknown[],
    status = 1,
  ) {
    const receipt = await send(from, on.address, encode(on, call, args));
    assert.is(receipt.status, status, call);
    return receipt;
  }

  async function read<T>(on: Deployed, call: string, args: readonly unknown[] = []): Promise<T> {
    const data = encode(on, call, args);
    const environment = environmentOf(chain.head());
    const request = callRequest(alice.address, { to: on.address, data, gas: 5_000_000n });
    const results = [];
    for (const engine of engines)
      results.push(await engine.call(request, environment, chain.state));
    assert.is(textOf(results[0]), textOf(results[1]));
    const [result] = results;
    assert.ok(result?.kind === 'returned', call);
    return decodeFunctionResult({
      abi: on.contract.abi as Abi,
      functionName: call,
      data: hex(result.returnData),
    }) as T;
  }

  return { chain, send, deploy, use, read };
}

function encode(
  { contract }: Deployed,
  functionName: string,
  args: readonly unknown[],
): Uint8Array {
  return hexToBytes(
    encodeFunctionData({ abi: contract.abi as Abi, functionName, args: [...args] }),
  );
}

function hex(bytes: Uint8Array): Hex {
  return bytesToHex(bytes) as Hex;
}

test('an ERC-20 is transferred, approved, spent, and refuses what nobody has', async () => {
  const { deploy, use, read } = createWorld();
  const coin = await deploy(alice, 'Coin');
  const receipt = await use(alice, coin, 'transfer', [hex(bob.address), 100n]);
  assert.is(receipt.logs.length, 1);
  await use(bob, coin, 'approve', [hex(carol.address), 60n]);
  await use(carol, coin, 'transferFrom', [hex(bob.address), hex(carol.address), 40n]);
  await use(carol, coin, 'transferFrom', [hex(bob.address), hex(carol.address), 40n], 0);
  await use(carol, coin, 'transfer', [hex(alice.address), 41n], 0);
  assert.is(await read<bigint>(coin, 'balanceOf', [hex(bob.address)]), 60n);
  assert.is(await read<bigint>(coin, 'balanceOf', [hex(carol.address)]), 40n);
  assert.is(await read<bigint>(coin, 'allowance', [hex(bob.address), hex(carol.address)]), 20n);
});

test('ERC-721 and ERC-1155 items change hands, and not into contracts that cannot take them', async () => {
  const { deploy, use, read } = createWorld();
  const deeds = await deploy(alice, 'Deeds');
  await use(alice, deeds, 'mint', [hex(bob.address)]);
  await use(bob, deeds, 'transferFrom', [hex(bob.address), hex(carol.address), 1n]);
  await use(bob, deeds, 'transferFrom', [hex(carol.address), hex(bob.address), 1n], 0);
  assert.is((await read<string>(deeds, 'ownerOf', [1n])).toLowerCase(), hex(carol.address));
  const goods = await deploy(alice, 'Goods');
  await use(alice, goods, 'mint', [hex(bob.address), [1n, 2n], [10n, 20n]]);
  const move = [hex(bob.address), hex(alice.address), [1n, 2n], [3n, 4n], '0x'];
  await use(bob, goods, 'safeBatchTransferFrom', move);
  assert.is(await read<bigint>(goods, 'balanceOf', [hex(bob.address), 2n]), 16n);
  await use(
    bob,
    goods,
    'safeTransferFrom',
    [hex(bob.address), hex(deeds.address), 1n, 1n, '0x'],
    0,
  );
  await use(alice, deeds, 'mint', [hex(goods.address)], 0);
});

test('a pair at a CREATE2 address takes reserves, swaps by the product rule, and pays out', async () => {
  const { deploy, use, read } = createWorld();
  const tokens = [await deploy(alice, 'Coin'), await deploy(alice, 'Coin')];
  tokens.sort((a, b) => (hex(a.address) < hex(b.address) ? -1 : 1));
  const [a, b] = tokens as [Deployed, Deployed];
  const factory = await deploy(alice, 'Factory');
  await use(alice, factory, 'create', [hex(a.address), hex(b.address)]);
  const pairContract = contracts.get('Pair') as CompiledContract;
  const salt = keccak256(concatBytes(new Uint8Array(12), a.address, new Uint8Array(12), b.address));
  const bytecode = encodeDeployData({
    abi: pairContract.abi as Abi,
    bytecode: hex(pairContract.creation),
    args: [hex(a.address), hex(b.address)],
  });
  const address = getCreate2Address({ from: hex(factory.address), salt: hex(salt), bytecode });
  const pair = { address: asAddress(hexToBytes(address.toLowerCase())), contract: pairContract };
  for (const token of [a, b]) await use(alice, token, 'transfer', [hex(pair.address), 1_000_000n]);
  await use(alice, pair, 'mint', [hex(alice.address)]);
  assert.is(await read<bigint>(pair, 'balanceOf', [hex(alice.address)]), 1_000_000n);
  await use(alice, a, 'transfer', [hex(pair.address), 10_000n]);
  await use(bob, pair, 'swap', [0n, 9_901n, hex(bob.address)], 0);
  const receipt = await use(bob, pair, 'swap', [0n, 9_871n, hex(bob.address)]);
  assert.is(receipt.logs.length, 3);
  assert.is(await read<bigint>(b, 'balanceOf', [hex(bob.address)]), 9_871n);
  assert.is(await read<bigint>(pair, 'reserve0'), 1_010_000n);
  await use(alice, pair, 'transfer', [hex(pair.address), 500_000n]);
  await use(alice, pair, 'burn', [hex(carol.address)]);
  assert.is(await read<bigint>(a, 'balanceOf', [hex(carol.address)]), 505_000n);
});

test('a multisig behind a proxy acts when enough owners signed, once each order', async () => {
  const { chain, send, deploy, use, read } = createWorld();
  const implementation = await deploy(alice, 'Multisig');
  const proxy = await deploy(alice, 'Proxy', [hex(implementation.address)]);
  const account: Deployed = { address: proxy.address, contract: implementation.contract };
  const owners = [alice, bob, carol].sort((x, y) => (hex(x.address) < hex(y.address) ? -1 : 1));
  await use(alice, account, 'setUp', [owners.map(({ address }) => hex(address)), 2n]);
  await use(bob, account, 'setUp', [[hex(bob.address)], 1n], 0);
  assert.is((await send(alice, account.address, new Uint8Array(0), 1_000n)).status, 1);
  const target = party('somebody').address;
  const order = [hex(target), 400n, '0x', false];
  const hash = hexToBytes(await read<Hex>(account, 'orderHash', [...order, 0n]));
  const signatures = (signers: readonly Party[]): Hex =>
    hex(
      concatBytes(
        ...signers.map(({ key }) => {
          const { signature, yParity } = sign(hash, key);
          return concatBytes(signature, Uint8Array.of(27 + yParity));
        }),
      ),
    );
  await use(alice, account, 'execute', [...order, signatures(owners.slice(0, 1))], 0);
  await use(alice, account, 'execute', [...order, signatures(owners.slice(0, 2).reverse())], 0);
  await use(alice, account, 'execute', [...order, signatures(owners.slice(1))]);
  assert.is(chain.state.account(target)?.balance, 400n);
  await use(alice, account, 'execute', [...order, signatures(owners.slice(1))], 0);
  assert.is(await read<bigint>(account, 'nonce'), 1n);
  assert.is(await read<bigint>(implementation, 'nonce'), 0n);
  await use(carol, account, 'execute', [hex(target), MOST, '0x', false, '0x'], 0);
});

test.run();
