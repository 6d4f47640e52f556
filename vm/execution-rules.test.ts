/** Where the chain differs from mainnet, on both engines (docs/spec/execution.md). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  asAddress,
  asHash,
  bytesToHex,
  encodeReceipt,
  hexToBytes,
  receiptsRoot,
  type StateReader,
  signTransaction,
} from '../ledger/model/index.ts';
import { party } from '../ledger/model/testkit/party.ts';
import { checkBody } from './body-rules.ts';
import type { BlockEnvironment, Engine } from './engine.ts';
import { environmentOf } from './header-rules.ts';
import { COIN, callRequest, createTestChain, signed, testRules } from './testkit/chain.ts';
import { createEngineCache } from './testkit/engines.ts';

const test = suite('vm/execution-rules');
const alice = party('alice');
const ENGINES = ['fast', 'reference'] as const;

/** A chain's first block, and the rules of a chain with small contracts. */
async function firstBlock() {
  const rules = testRules('osaka', { contractSizeLimit: 40, initcodeSizeLimit: 60 });
  const chain = createTestChain(rules, [{ address: alice.address, balance: COIN }]);
  const { block } = (await chain.build([])).executed;
  const environment: BlockEnvironment = environmentOf(block.header);
  return { rules, chain, block, environment };
}

/** Creation code that returns so many zero bytes. */
function deploying(length: number): Uint8Array {
  return hexToBytes(`0x60${length.toString(16).padStart(2, '0')}5ff3`);
}

test('X-5: a blob transaction makes a body invalid; BLOBBASEFEE returns 1 and BLOBHASH 0', async () => {
  const { chain, block, environment, rules } = await firstBlock();
  const transaction = signTransaction(
    {
      type: 3,
      chainId: rules.chainId,
      nonce: 0n,
      gasLimit: 100_000n,
      maxFeePerGas: 1n,
      maxPriorityFeePerGas: 1n,
      maxFeePerBlobGas: 1n,
      blobVersionedHashes: [asHash(Uint8Array.of(1, ...new Uint8Array(31)))],
      to: alice.address,
      value: 0n,
      data: new Uint8Array(0),
      accessList: [],
    },
    alice.key,
  );
  const body = { ...block, transactions: [transaction] };
  assert.is(checkBody(body, { senders: [alice.address] }, 'osaka')?.code, 'VM_BLOB_TRANSACTION');
  // BLOBBASEFEE, BLOBHASH(0), each to memory, and both returned.
  const data = hexToBytes('0x4a5f525f4960205260405ff3');
  const request = callRequest(alice.address, { data, gas: 200_000n });
  for (const name of ENGINES) {
    const engine = createEngineCache(name)({ ...rules, contractSizeLimit: 24_576 });
    const result = await engine.call(request, environment, chain.state);
    assert.is(
      result.kind === 'returned' && bytesToHex(result.returnData),
      `0x${'1'.padStart(64, '0')}${'0'.repeat(64)}`,
      name,
    );
  }
});

test('X-12: the sizes of code and creation code are those of the rules', async () => {
  const { rules, chain, environment } = await firstBlock();
  const creations = [deploying(40), deploying(41), new Uint8Array(61)];
  const transactions = creations.map((data, i) => signed(alice, { data, nonce: BigInt(i) }));
  for (const name of ENGINES) {
    const engine = createEngineCache(name)(rules);
    const outcome = await engine.executeBlock(
      { environment, transactions, mode: 'build' },
      chain.state,
    );
    assert.ok(outcome.ok);
    const { receipts, skipped } = outcome.execution;
    assert.equal(
      receipts.map(({ status }) => status),
      [1, 0],
      name,
    );
    assert.equal(
      skipped.map(({ index, code }) => [index, code]),
      [[2, 'VM_INITCODE_SIZE']],
      name,
    );
  }
});

test('X-50: what REVERT gave is beside the receipt, cut at 1024 bytes; other failures have nothing', async () => {
  const rules = testRules('osaka');
  const chain = createTestChain(rules, [{ address: alice.address, balance: COIN }]);
  const { block } = (await chain.build([])).executed;
  const environment = environmentOf(block.header);
  const blake2 = asAddress(Uint8Array.of(...new Uint8Array(19), 9));
  /** Creation code that fills memory with ones and reverts with so many bytes of it. */
  const reverting = (length: number): Uint8Array => {
    const size = length.toString(16).padStart(4, '0');
    return hexToBytes(`0x5f195f5261${size}5ffd`);
  };
  const transactions = [
    signed(alice, { data: reverting(32), nonce: 0n }),
    signed(alice, { data: reverting(0), nonce: 1n }),
    signed(alice, { data: reverting(5_000), nonce: 2n }),
    signed(alice, { data: hexToBytes('0xfe'), nonce: 3n }),
    signed(alice, { data: Uint8Array.of(1, 2, 3), to: blake2, nonce: 4n }),
    signed(alice, { data: deploying(1), nonce: 5n }),
  ];
  const encoded = [];
  for (const name of ENGINES) {
    const engine = createEngineCache(name)(rules);
    const outcome = await engine.executeBlock(
      { environment, transactions, mode: 'validate' },
      chain.state,
    );
    assert.ok(outcome.ok);
    const { receipts } = outcome.execution;
    assert.equal(
      receipts.map(({ status, revertReason }) => [
        status,
        revertReason && bytesToHex(revertReason),
      ]),
      [
        [0, `0x${'ff'.repeat(32)}`],
        [0, '0x'],
        [0, `0x${'ff'.repeat(32)}${'00'.repeat(992)}`],
        [0, undefined],
        [0, undefined],
        [1, undefined],
      ],
      name,
    );
    encoded.push(receipts.map((receipt) => bytesToHex(encodeReceipt(receipt))));
    const without = receipts.map(({ revertReason: _, ...receipt }) => receipt);
    assert.equal(receiptsRoot(receipts), receiptsRoot(without), 'no part of what is hashed');
  }
  assert.equal(encoded[0], encoded[1]);
});

test('X-40: a precompiled contract costs its factor, to the last unit of gas, from the block on that says so', async () => {
  const { chain, environment } = await firstBlock();
  const later = [{ address: 0x02, factor: 5 }];
  const rules = testRules('osaka', {
    precompileGasFactors: [
      { address: 0x02, factor: 3 },
      { address: 0x09, factor: 2 },
      { address: 0xff, factor: 9 },
    ],
    changes: [
      {
        from: environment.number + 1n,
        blockReward: 0n,
        beneficiary: undefined,
        perTransactionGasLimit: undefined,
        precompileGasFactors: later,
      },
    ],
  });
  // SHA-256 of two words costs 60 + 2 * 12, copying them 15 + 2 * 3.
  const prices: readonly (readonly [number: bigint, address: number, price: bigint])[] = [
    [environment.number, 0x02, 3n * 84n],
    [environment.number, 0x04, 21n],
    [environment.number + 1n, 0x02, 5n * 84n],
  ];
  for (const name of ENGINES) {
    const engine = createEngineCache(name)(rules);
    for (const [number, address, price] of prices) {
      const result = await callWithGas(engine, { ...environment, number }, address, price, chain);
      assert.is(result, 1n, `${name}, ${address} with all it costs`);
      const short = await callWithGas(
        engine,
        { ...environment, number },
        address,
        price - 1n,
        chain,
      );
      assert.is(short, 0n, `${name}, ${address} with one less`);
    }
  }
});

/** What CALL says when 64 bytes are hashed or copied with so much gas. */
async function callWithGas(
  engine: Engine,
  environment: BlockEnvironment,
  address: number,
  gas: bigint,
  { state }: { readonly state: StateReader },
): Promise<bigint> {
  const hex = (value: number | bigint): string => value.toString(16).padStart(4, '0');
  // No output; 64 bytes at 0; no value. MSTORE, RETURN.
  const data = hexToBytes(`0x5f5f60405f5f61${hex(address)}61${hex(gas)}f15f5260205ff3`);
  const request = callRequest(alice.address, { data, gas: 200_000n });
  const result = await engine.call(request, environment, state);
  assert.is(result.kind, 'returned');
  return result.kind === 'returned' ? BigInt(bytesToHex(result.returnData)) : -1n;
}

test.run();
