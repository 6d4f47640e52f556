// time-limit: 300 s
/** Contracts as people deploy them, used by viem and ethers through the validators of a running network. */
import { ethers } from 'ethers';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Abi,
  type Address,
  BaseError,
  ContractFunctionRevertedError,
  concatHex,
  decodeErrorResult,
  encodeFunctionData,
  getAddress,
  type Hex,
  type Log,
  parseEventLogs,
  type TransactionReceipt,
} from 'viem';
import { bytesToHex } from '../../ledger/model/index.ts';
import { temporaryDirectory } from '../../ledger/model/testkit/temporary-directory.ts';
import { type CompiledContract, compileContracts } from '../../vm/testkit/solidity.ts';
import { accountAt, CHAIN_ID, ethersAt, privateKeyAt, viemAt } from './accounts.ts';
import { type DevNetwork, describeNetwork, freeBasePort, heightOf, startDev } from './harness.ts';
import { until } from './until.ts';

const test = suite('public contracts on a running network');
const contracts = compileContracts();
const VALIDATORS = [0, 1, 2, 3] as const;
const [ALICE, BOB, CAROL] = [0, 1, 2];
const NEVER = 2n ** 64n;
const EVERYTHING = 2n ** 256n - 1n;
/** The first change of a pair in another second also writes its prices: more than an estimate in the same second. */
const SWAP_GAS = 500_000n;
let network: DevNetwork;

type Deployed = { readonly address: Address; readonly abi: Abi };

test.before(async () => {
  network = await startDev({ dataDir: temporaryDirectory(), basePort: await freeBasePort() });
});

test.after(async () => {
  console.log(await describeNetwork(network));
  await network.stop('SIGTERM');
});

/** The accounts speak with one validator each, in turn. */
function clientsOf(account: number): ReturnType<typeof viemAt> {
  return viemAt(network.urls[account % VALIDATORS.length] as string, accountAt(account));
}

function addressOf(account: number): Address {
  return accountAt(account).address;
}

/** The receipt, when every validator has its block: what comes next may be asked of any of them. */
async function finished(account: number, hash: Hex): Promise<TransactionReceipt> {
  const receipt = await clientsOf(account).reader.waitForTransactionReceipt({
    hash,
    timeout: 30_000,
  });
  await until(
    `block ${receipt.blockNumber} on all validators`,
    async () =>
      (await Promise.all(network.clients.map(heightOf))).every(
        (height) => BigInt(height) >= receipt.blockNumber,
      ),
    10_000,
  );
  return receipt;
}

async function deploy(
  account: number,
  name: string,
  args: readonly unknown[] = [],
): Promise<Deployed> {
  const { abi, creation } = contracts.get(name) as CompiledContract;
  const bytecode = bytesToHex(creation) as Hex;
  const hash = await clientsOf(account).wallet.deployContract({ abi: abi as Abi, bytecode, args });
  const { contractAddress, status } = await finished(account, hash);
  assert.is(status, 'success', name);
  return { address: contractAddress as Address, abi: abi as Abi };
}

/** Sends and expects success; returns the receipt. Without `gas` the node estimates it. */
async function use(
  account: number,
  on: Deployed,
  functionName: string,
  args: readonly unknown[],
  gas?: bigint,
): Promise<TransactionReceipt> {
  const { wallet } = clientsOf(account);
  const receipt = await finished(
    account,
    await wallet.writeContract({ ...on, functionName, args, ...(gas !== undefined && { gas }) }),
  );
  assert.is(receipt.status, 'success', functionName);
  return receipt;
}

/** What each validator answers, which must be the same. */
async function read<T>(
  on: Deployed,
  functionName: string,
  args: readonly unknown[] = [],
): Promise<T> {
  const answers = await Promise.all(
    VALIDATORS.map((index) => clientsOf(index).reader.readContract({ ...on, functionName, args })),
  );
  for (const answer of answers) assert.equal(answer, answers[0], functionName);
  return answers[0] as T;
}

type Reverted = { readonly name: string; readonly args: readonly unknown[] };

function decoded(error: unknown): Reverted {
  const found =
    error instanceof BaseError
      ? error.walk((cause) => cause instanceof ContractFunctionRevertedError)
      : undefined;
  if (!(found instanceof ContractFunctionRevertedError)) throw error;
  return { name: found.data?.errorName ?? '', args: found.data?.args ?? [] };
}

/**
 * Why the contract refuses, as viem reads it from eth_call and from eth_estimateGas; then sent
 * nevertheless, which fails and leaves no logs.
 */
async function refused(
  account: number,
  on: Deployed,
  functionName: string,
  args: readonly unknown[],
): Promise<Reverted> {
  const { reader, wallet } = clientsOf(account);
  const request = { ...on, functionName, args, account: wallet.account };
  const nothing = (): undefined => undefined;
  const called = await reader.simulateContract(request).then(nothing, decoded);
  const estimated = await reader.estimateContractGas(request).then(nothing, decoded);
  assert.ok(called, `${functionName} was not refused`);
  assert.equal(estimated, called, functionName);
  const hash = await wallet.writeContract({ ...on, functionName, args, gas: 500_000n });
  const receipt = await finished(account, hash);
  assert.is(receipt.status, 'reverted', functionName);
  assert.is(receipt.logs.length, 0, functionName);
  const kept = decodeErrorResult({ abi: on.abi, data: await reasonOf(account, hash) });
  assert.equal({ name: kept.errorName, args: kept.args ?? [] }, called, functionName);
  return called;
}

/** What the receipt says that the transaction returned when it was reverted. */
async function reasonOf(validator: number, hash: Hex): Promise<Hex> {
  const client = network.clients[validator % VALIDATORS.length] as DevNetwork['clients'][number];
  const receipt = await client.request<{ revertReason: Hex }>('eth_getTransactionReceipt', [hash]);
  return receipt.revertReason;
}

/** The logs of a contract as eth_getLogs gives them on each validator, which must be the same. */
async function logsOf(on: Deployed): Promise<readonly Log[]> {
  const answers = await Promise.all(
    VALIDATORS.map((index) =>
      clientsOf(index).reader.getLogs({ address: on.address, fromBlock: 0n }),
    ),
  );
  for (const answer of answers) assert.equal(answer, answers[0]);
  return answers[0] ?? [];
}

test('an ERC-20 is transferred, approved and spent, and names who has too little', async () => {
  const coin = await deploy(ALICE, 'Coin');
  const receipt = await use(ALICE, coin, 'transfer', [addressOf(BOB), 100n]);
  const [event] = parseEventLogs({ abi: coin.abi, logs: receipt.logs, eventName: 'Transfer' });
  assert.equal(event?.args, { from: addressOf(ALICE), to: addressOf(BOB), value: 100n });
  await use(BOB, coin, 'approve', [addressOf(CAROL), 60n]);
  const spend = [addressOf(BOB), addressOf(CAROL), 40n];
  await use(CAROL, coin, 'transferFrom', spend);
  assert.equal(await refused(CAROL, coin, 'transferFrom', spend), {
    name: 'ERC20InsufficientAllowance',
    args: [addressOf(CAROL), 20n, 40n],
  });
  assert.equal(await refused(BOB, coin, 'transfer', [addressOf(ALICE), 61n]), {
    name: 'ERC20InsufficientBalance',
    args: [addressOf(BOB), 60n, 61n],
  });
  assert.is(await read<bigint>(coin, 'balanceOf', [addressOf(CAROL)]), 40n);
  const names = parseEventLogs({ abi: coin.abi, logs: [...(await logsOf(coin))] });
  assert.equal(
    names.map(({ eventName }) => eventName as string),
    ['Transfer', 'Transfer', 'Approval', 'Transfer'],
    'the mint, what succeeded, and nothing of what failed',
  );
});

test('ethers moves ERC-721 and ERC-1155 items, and decodes why one is refused', async () => {
  const deeds = await deploy(ALICE, 'Deeds');
  const goods = await deploy(ALICE, 'Goods');
  const wallet = ethersAt(network.urls[BOB] as string, privateKeyAt(BOB));
  const open = (on: Deployed): ethers.Contract =>
    new ethers.Contract(on.address, on.abi as ethers.InterfaceAbi, wallet);
  const done = async (sent: ethers.TransactionResponse): Promise<void> => {
    await sent.wait(1, 30_000);
    await finished(BOB, sent.hash as Hex);
  };
  try {
    const [deed, good] = [open(deeds), open(goods)];
    await done(await deed.getFunction('mint')(addressOf(BOB)));
    await done(await deed.getFunction('transferFrom')(addressOf(BOB), addressOf(CAROL), 1n));
    assert.is(await read<Address>(deeds, 'ownerOf', [1n]), addressOf(CAROL));
    const again = deed.getFunction('transferFrom');
    const call = [addressOf(CAROL), addressOf(BOB), 1n];
    for (const attempt of [again.staticCall(...call), again.estimateGas(...call)]) {
      const error = await attempt.then(
        () => undefined,
        (thrown: { data: string }) => deed.interface.parseError(thrown.data),
      );
      assert.is(error?.name, 'ERC721InsufficientApproval');
      assert.equal([...(error?.args ?? [])], [addressOf(BOB), 1n]);
    }
    await done(await good.getFunction('mint')(addressOf(BOB), [1n, 2n], [10n, 20n]));
    await done(
      await good.getFunction('safeBatchTransferFrom')(
        addressOf(BOB),
        addressOf(ALICE),
        [1n, 2n],
        [3n, 4n],
        '0x',
      ),
    );
    assert.equal(
      await read(goods, 'balanceOfBatch', [
        [addressOf(ALICE), addressOf(BOB)],
        [1n, 2n],
      ]),
      [3n, 16n],
    );
    assert.is((await good.queryFilter('TransferBatch', 0)).length, 2);
  } finally {
    (wallet.provider as ethers.JsonRpcProvider).destroy();
  }
  assert.equal(
    await refused(BOB, goods, 'safeTransferFrom', [addressOf(BOB), deeds.address, 1n, 1n, '0x']),
    { name: 'ERC1155InvalidReceiver', args: [getAddress(deeds.address)] },
    'a contract that takes no items',
  );
  assert.is((await logsOf(deeds)).length, 2);
});

test('liquidity is added, swapped against without the product falling, and taken out again', async () => {
  const [first, second] = [await deploy(ALICE, 'Coin'), await deploy(ALICE, 'Coin')];
  const factory = await deploy(ALICE, 'Factory');
  const router = await deploy(ALICE, 'Router', [factory.address]);
  const tokens = [first.address, second.address];
  assert.is((await refused(ALICE, router, 'pairOf', tokens)).name, 'NoPair');
  await use(ALICE, factory, 'create', tokens);
  const pair: Deployed = {
    address: await read<Address>(router, 'pairOf', tokens),
    abi: contracts.get('Pair')?.abi as Abi,
  };
  for (const token of [first, second, pair]) {
    await use(ALICE, token, 'approve', [router.address, EVERYTHING]);
  }
  const added = [...tokens, 1_000_000n, 4_000_000n, addressOf(ALICE), NEVER];
  await use(ALICE, router, 'addLiquidity', added, SWAP_GAS);
  assert.is(await read<bigint>(pair, 'totalSupply'), 2_000_000n);
  const product = async (): Promise<bigint> =>
    (await read<bigint>(pair, 'reserve0')) * (await read<bigint>(pair, 'reserve1'));
  const before = await product();
  const swap = [...tokens, 10_000n, 39_000n, addressOf(BOB)];
  const receipt = await use(ALICE, router, 'swapExact', [...swap, NEVER], SWAP_GAS);
  assert.equal(
    parseEventLogs({ abi: pair.abi, logs: receipt.logs }).map(({ eventName }) => eventName),
    ['Transfer', 'Transfer', 'Sync', 'Swap'],
  );
  // 10 000 less the fee of 0.3 %, on the curve: 9 970 * 4 000 000 / 1 009 970.
  const out = (9_970n * 4_000_000n) / 1_009_970n;
  assert.is(await read<bigint>(second, 'balanceOf', [addressOf(BOB)]), out);
  const after = await product();
  assert.ok(after > before, 'the fee stays in the reserves');
  assert.is(after, 1_010_000n * (4_000_000n - out));
  const less = await refused(ALICE, router, 'swapExact', [...swap, NEVER]);
  assert.is(less.name, 'LessThanAsked', 'the second swap of the same amount gives less');
  assert.equal(await refused(ALICE, router, 'swapExact', [...swap, 1n]), {
    name: 'TooLate',
    args: [1n],
  });
  const greedy = await refused(BOB, pair, 'swap', [1n, 0n, addressOf(BOB)]);
  assert.is(greedy.name, 'ProductFell');
  assert.is(await product(), after);
  const removed = [...tokens, 500_000n, addressOf(CAROL), NEVER];
  await use(ALICE, router, 'removeLiquidity', removed, SWAP_GAS);
  assert.is(await read<bigint>(first, 'balanceOf', [addressOf(CAROL)]), 252_500n);
  assert.is(await read<bigint>(second, 'balanceOf', [addressOf(CAROL)]), (4_000_000n - out) / 4n);
  const events = parseEventLogs({ abi: pair.abi, logs: [...(await logsOf(pair))] });
  assert.equal(
    events.filter(({ eventName }) => eventName === 'Sync').length,
    3,
    'one for each change of the reserves',
  );
});

test('a multisig acts on orders that enough owners signed as typed data, once each', async () => {
  const implementation = await deploy(ALICE, 'Multisig');
  const proxy = await deploy(ALICE, 'Proxy', [implementation.address]);
  const account: Deployed = { address: proxy.address, abi: implementation.abi };
  const coin = await deploy(BOB, 'Coin');
  const owners = [ALICE, BOB, CAROL].sort((a, b) =>
    addressOf(a).toLowerCase() < addressOf(b).toLowerCase() ? -1 : 1,
  );
  await use(ALICE, account, 'setUp', [owners.map(addressOf), 2n]);
  assert.is((await refused(BOB, account, 'setUp', [[addressOf(BOB)], 1n])).name, 'AlreadySetUp');
  await use(BOB, coin, 'transfer', [account.address, 1_000n]);
  const paying = (value: bigint): Hex =>
    encodeFunctionData({ abi: coin.abi, functionName: 'transfer', args: [addressOf(9), value] });
  /** Signatures over one order in the order of the accounts given, joined. */
  const signed = async (signers: readonly number[], data: Hex, nonce: bigint): Promise<Hex> => {
    const order = { to: coin.address, value: 0n, data, delegated: false, nonce };
    const signatures = signers.map((signer) =>
      accountAt(signer).signTypedData({
        domain: { chainId: CHAIN_ID, verifyingContract: account.address },
        types: {
          Order: [
            { name: 'to', type: 'address' },
            { name: 'value', type: 'uint256' },
            { name: 'data', type: 'bytes' },
            { name: 'delegated', type: 'bool' },
            { name: 'nonce', type: 'uint256' },
          ],
        },
        primaryType: 'Order',
        message: order,
      }),
    );
    return concatHex(await Promise.all(signatures));
  };
  const order = (data: Hex, signatures: Hex): readonly unknown[] => [
    coin.address,
    0n,
    data,
    false,
    signatures,
  ];
  const [low, , high] = owners as [number, number, number];
  const rejected = async (args: readonly unknown[], why: string): Promise<void> =>
    assert.is((await refused(9, account, 'execute', args)).name, 'BadSignatures', why);
  await rejected(order(paying(300n), await signed([low], paying(300n), 0n)), 'too few');
  await rejected(order(paying(300n), await signed([low, 7], paying(300n), 0n)), 'no owner');
  await rejected(order(paying(300n), await signed([low, low], paying(300n), 0n)), 'twice the same');
  await rejected(order(paying(301n), await signed([low, high], paying(300n), 0n)), 'another order');
  const good = order(paying(300n), await signed([low, high], paying(300n), 0n));
  const receipt = await use(9, account, 'execute', good);
  const [executed] = parseEventLogs({
    abi: account.abi,
    logs: receipt.logs,
    eventName: 'Executed',
  });
  assert.equal(executed?.args, { nonce: 0n, success: true });
  assert.is(await read<bigint>(coin, 'balanceOf', [addressOf(9)]), 300n);
  await rejected(good, 'the same order again');
  const tooMuch = paying(701n);
  const failed = await refused(
    9,
    account,
    'execute',
    order(tooMuch, await signed([low, high], tooMuch, 1n)),
  );
  assert.is(failed.name, 'Failed');
  const inner = decodeErrorResult({ abi: coin.abi, data: failed.args[0] as Hex });
  assert.is(inner.errorName, 'ERC20InsufficientBalance');
  assert.equal(inner.args, [getAddress(account.address), 700n, 701n]);
  assert.is(await read<bigint>(account, 'nonce'), 1n, 'what failed can be tried again');
  assert.is(await read<bigint>(implementation, 'nonce'), 0n);
});

type TracedCall = {
  readonly type: string;
  readonly gasUsed: Hex;
  readonly to?: Hex;
  readonly error?: string;
  readonly output?: Hex;
  readonly calls?: readonly TracedCall[];
  readonly logs?: readonly TracedLog[];
};
type TracedLog = Readonly<Record<'address' | 'data' | 'index', string>> & {
  readonly topics: readonly string[];
};

function tracedLogsOf({ logs = [], calls = [] }: TracedCall): readonly TracedLog[] {
  return [...logs, ...calls.flatMap(tracedLogsOf)];
}

test('what a trace tells of each transaction is what its receipt says', async () => {
  const height = Math.min(...(await Promise.all(network.clients.map(heightOf))));
  const withLog = { tracer: 'callTracer', tracerConfig: { withLog: true } };
  let failed = 0;
  for (let number = 1; number <= height; number += 1) {
    const tag = `0x${number.toString(16)}`;
    const client = network.clients[number % VALIDATORS.length] as (typeof network.clients)[number];
    const traces = await client.request<{ result: TracedCall }[]>('debug_traceBlockByNumber', [
      tag,
      withLog,
    ]);
    const receipts = await client.request<TransactionReceipt[]>('eth_getBlockReceipts', [tag]);
    assert.is(traces.length, receipts.length);
    for (const [index, receipt] of receipts.entries()) {
      const { result } = traces[index] as { result: TracedCall };
      const { gasUsed, status, contractAddress, to, logs, transactionHash } = receipt;
      assert.is(result.gasUsed, gasUsed as unknown as Hex, transactionHash);
      assert.is(result.error === undefined, (status as string) === '0x1', transactionHash);
      if (result.error === undefined) assert.is(result.to, to ?? contractAddress);
      else failed += 1;
      const told = tracedLogsOf(result).toSorted((a, b) => Number(a.index) - Number(b.index));
      assert.equal(
        told.map(({ address, topics, data }) => ({ address, topics, data })),
        logs.map(({ address, topics, data }) => ({ address, topics, data })),
      );
    }
  }
  assert.ok(failed > 3, 'refused transactions are among them');
});

test('all validators have the same blocks, state roots and receipts', async () => {
  const height = Math.min(...(await Promise.all(network.clients.map(heightOf))));
  assert.ok(height > 30, `only ${height} blocks`);
  for (let number = 0; number <= height; number += 1) {
    const tag = `0x${number.toString(16)}`;
    const answers = await Promise.all(
      network.clients.map(async (client) => {
        // Which seals a node has, above a quorum, is its own affair; the hash is without them.
        const { extraData, size, ...block } = await client.request<Record<string, unknown>>(
          'eth_getBlockByNumber',
          [tag, true],
        );
        assert.ok(extraData && size);
        return { block, receipts: await client.request('eth_getBlockReceipts', [tag]) };
      }),
    );
    assert.ok(answers[0]?.block['stateRoot'], tag);
    for (const answer of answers) assert.equal(answer, answers[0], tag);
  }
});

test.run();
