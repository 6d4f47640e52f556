/** The tracers over small programs whose traces are known: the same transactions were traced by another client. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { keccak256, sign } from '#crypto';
import {
  type Address,
  type Authorization,
  asAddress,
  bigintToBytes,
  bytesToHex,
  type CallFrame,
  CodedError,
  concatBytes,
  contractAddress,
  encodeRlp,
  hexToBytes,
  type PrestateAccount,
  type TraceResult,
  type TracerChoice,
} from '../../ledger/model/index.ts';
import { type Party, party } from '../../ledger/model/testkit/party.ts';
import type { CallRequest } from '../engine.ts';
import { createFastEngine } from '../fast-engine.ts';
import { environmentOf } from '../header-rules.ts';
import { assemble, deploying } from '../testkit/assemble.ts';
import { COIN, callRequest, createTestChain, GAS_LIMIT, testRules } from '../testkit/chain.ts';
import { createTracer } from './create-tracer.ts';
import { createTraceBudget } from './trace-budget.ts';

const test = suite('vm/tracers');
const alice = party('alice');
const at = (byte: number): Address => asAddress(new Uint8Array(20).fill(byte));
const address = (byte: number): string => bytesToHex(at(byte));
const PLENTY = 1_000_000;

const STRUCT_LOGS = {
  kind: 'structLogs',
  disableStack: false,
  disableStorage: false,
  enableMemory: false,
  enableReturnData: false,
  limit: 0,
} as const;
const CALLS = { kind: 'callTracer', onlyTopCall: false, withLog: true } as const;
const PRESTATE = {
  kind: 'prestateTracer',
  diffMode: false,
  disableCode: false,
  disableStorage: false,
  includeEmpty: false,
} as const;

/** Stores the value it got, logs, gives the slot back and returns a word. */
const STORING = assemble(
  'CALLVALUE PUSH0 SSTORE 7 PUSH0 MSTORE 0x1111 32 PUSH0 LOG1 PUSH0 PUSH0 SSTORE 32 PUSH0 RETURN',
);
/** Reverts with Error("nope"). */
const REVERTING = assemble(
  `0x08c379a0${'00'.repeat(28)} PUSH0 MSTORE 32 4 MSTORE 4 36 MSTORE 0x6e6f7065${'00'.repeat(28)} 68 MSTORE 100 PUSH0 REVERT`,
);
const call = (kind: string, to: number | string, value: string, gas = 'GAS'): string =>
  `32 PUSH0 4 PUSH0 ${value} ${typeof to === 'string' ? to : address(to)} ${gas} ${kind} POP`;
const CALLING = assemble(
  [
    `0xaabbccdd${'00'.repeat(28)} PUSH0 MSTORE`,
    call('CALL', 1, '3'),
    call('DELEGATECALL', 1, ''),
    call('STATICCALL', 1, '', '40000'),
    call('CALL', 2, 'PUSH0'),
    call('CALL', 1, '0xffffffffff'),
    call('CALL', '2', 'PUSH0'),
    call('CALL', '6', 'PUSH0', '1'),
  ].join(' '),
);
const CHILD = deploying(assemble('1 PUSH0 SSTORE CALLER SELFDESTRUCT'));
/** Creates a child, has it destroy itself, and creates it twice at one address. */
const CREATING = assemble(
  `0x${bytesToHex(CHILD).slice(2).padEnd(64, '0')} PUSH0 MSTORE ${CHILD.length} PUSH0 2 CREATE ` +
    `PUSH0 PUSH0 PUSH0 PUSH0 PUSH0 DUP6 GAS CALL POP POP ` +
    `7 ${CHILD.length} PUSH0 1 CREATE2 POP 7 ${CHILD.length} PUSH0 1 CREATE2 POP`,
);

const chain = createTestChain(testRules('prague'), [
  { address: alice.address, balance: COIN },
  { address: at(1), nonce: 1n, code: STORING },
  { address: at(2), nonce: 1n, code: REVERTING },
  { address: at(3), nonce: 1n, balance: 5n, code: CALLING },
  { address: at(4), nonce: 1n, balance: 50n, code: CREATING },
  { address: at(5), nonce: 1n, code: assemble('1 0x0fffff MSTORE') },
  { address: at(6), nonce: 1n, code: assemble('1 1 SSTORE') },
  { address: at(7), nonce: 1n, code: assemble('INVALID') },
  { address: at(8), nonce: 1n, code: Uint8Array.of(0xb0) },
  { address: at(9), nonce: 1n, code: assemble('1 ADD') },
  { address: at(10), nonce: 1n, code: assemble('JUMPDEST PUSH0 JUMP') },
  // Reads slot 1, clears slot 2 (was 5) and writes slot 3.
  {
    address: at(11),
    nonce: 1n,
    code: assemble('1 SLOAD POP PUSH0 2 SSTORE 9 3 SSTORE'),
    storage: [
      { slot: new Uint8Array(32).fill(1, 31), value: Uint8Array.of(4) },
      { slot: new Uint8Array(32).fill(2, 31), value: Uint8Array.of(5) },
    ],
  },
  { address: at(12), nonce: 1n, code: assemble('1 0x0fffff MSTORE8 JUMPDEST 8 JUMP') },
]);
const environment = environmentOf(chain.head());
const engine = createFastEngine(chain.rules);

async function trace(
  choice: TracerChoice,
  to: number | undefined,
  changed: Partial<CallRequest> = {},
  limitBytes: number = PLENTY,
): Promise<TraceResult> {
  const { tracer, result } = createTracer(choice, createTraceBudget(limitBytes));
  const callee = to === undefined ? undefined : at(to);
  const request = callRequest(alice.address, { to: callee, feeCap: 0n, ...changed });
  await engine.call(request, environment, chain.state, { tracer });
  return result();
}

async function steps(
  to: number,
  changed: Partial<CallRequest> = {},
  choice: Partial<typeof STRUCT_LOGS> | object = {},
): Promise<Extract<TraceResult, { kind: 'structLogs' }>> {
  const result = await trace({ ...STRUCT_LOGS, ...choice }, to, changed);
  assert.is(result.kind, 'structLogs');
  return result as Extract<TraceResult, { kind: 'structLogs' }>;
}

async function tree(
  choice: Partial<typeof CALLS> | object,
  to: number | undefined,
  changed: Partial<CallRequest> = {},
): Promise<CallFrame> {
  const result = await trace({ ...CALLS, ...choice }, to, changed);
  assert.is(result.kind, 'callTracer');
  return (result as { frame: CallFrame }).frame;
}

test('X-33: each instruction is recorded with its price, its stack and the storage that it leaves', async () => {
  const { structLogs, failed, returnValue, gas } = await steps(1, { value: 5n });
  assert.equal(
    structLogs.map(({ op, gasCost }) => `${op} ${gasCost}`),
    [
      'CALLVALUE 2',
      'PUSH0 2',
      'SSTORE 22100',
      'PUSH1 3',
      'PUSH0 2',
      'MSTORE 6',
      'PUSH2 3',
      'PUSH1 3',
      'PUSH0 2',
      'LOG1 1006',
      'PUSH0 2',
      'PUSH0 2',
      'SSTORE 100',
      'PUSH1 3',
      'PUSH0 2',
      'RETURN 0',
    ],
  );
  assert.equal(structLogs[2]?.stack, [5n, 0n]);
  assert.equal(
    structLogs[2]?.storage?.map(({ value }) => value.at(-1)),
    [5],
  );
  assert.equal(
    structLogs[12]?.storage?.map(({ value }) => value.at(-1)),
    [0],
  );
  assert.is(structLogs[0]?.storage, undefined);
  assert.is(structLogs[13]?.refund, 19_900n);
  assert.is(structLogs[0]?.depth, 1);
  assert.is(failed, false);
  assert.is(returnValue.at(-1), 7);
  const paid = structLogs.reduce((sum, { gasCost }) => sum + gasCost, 21_000n);
  assert.is(gas, paid - paid / 5n);
});

test('X-33: memory and return data are recorded when asked for, and stack and storage are left out', async () => {
  const plain = await steps(3);
  assert.ok(plain.structLogs.every(({ memory, returnData }) => !memory && !returnData));
  const options = {
    disableStack: true,
    disableStorage: true,
    enableMemory: true,
    enableReturnData: true,
  };
  const { structLogs } = await steps(3, {}, options);
  assert.ok(structLogs.every(({ stack, storage }) => stack === undefined && storage === undefined));
  const afterCall = structLogs.find(({ depth, op }, i) => i > 12 && depth === 1 && op === 'POP');
  assert.is(afterCall?.returnData?.length, 32);
  assert.is(afterCall?.memory?.length, 32);
});

test('X-33: `limit` ends the record, not the transaction', async () => {
  const { structLogs, gas } = await steps(1, {}, { limit: 3 });
  assert.is(structLogs.length, 3);
  assert.is(gas, (await steps(1)).gas);
});

test('X-31: what cannot be paid for is told with its price', async () => {
  const lastOf = async (to: number, gas: bigint): Promise<string> => {
    const { structLogs, failed, returnValue } = await steps(to, { gas });
    assert.ok(failed && returnValue.length === 0);
    const { op, gasCost, error } = structLogs.at(-1) as NonNullable<(typeof structLogs)[0]>;
    return `${op} ${gasCost} ${error}`;
  };
  assert.is(await lastOf(5, 40_000n), 'MSTORE 2195590 out of gas');
  assert.is(await lastOf(6, 30_000n), 'SSTORE 22100 out of gas');
  assert.is(await lastOf(6, 23_000n), 'SSTORE 0 out of gas: not enough gas for reentrancy sentry');
  assert.is(await lastOf(9, 60_000n), 'ADD 3 stack underflow (1 <=> 2)');
  assert.is(await lastOf(10, 21_020n), 'JUMP 8 out of gas');
});

test('X-31: a call costs what it hands on, a creation does not', async () => {
  const { structLogs } = await steps(3);
  const calls = structLogs.filter(({ depth, op }) => depth === 1 && /CALL$/.test(op));
  const [first] = calls;
  const inner = structLogs[structLogs.indexOf(first as (typeof structLogs)[0]) + 1];
  // Cold account, value; the stipend comes on top of what is handed on.
  assert.is(first?.gasCost, (inner?.gas as bigint) - 2_300n + 2_600n + 9_000n);
  const created = (await steps(4)).structLogs.filter(({ op }) => /^CREATE/.test(op));
  // 32 bytes are one word of initcode, which CREATE2 also hashes.
  assert.equal(
    created.map(({ gasCost }) => gasCost),
    [32_002n, 32_008n, 32_008n],
  );
});

test('X-32, X-34: the tree of calls has kinds, gas, values and errors as geth tells them', async () => {
  const frame = await tree({}, 3, { value: 100n });
  assert.is(frame.gas, GAS_LIMIT);
  assert.is(frame.error, undefined);
  assert.equal(
    frame.calls.map(({ kind, to, value, error }) => [kind, to?.at(-1), value, error]),
    [
      ['call', 1, 3n, undefined],
      ['delegatecall', 1, 100n, undefined],
      ['staticcall', 1, undefined, 'write protection'],
      ['call', 2, 0n, 'execution reverted'],
      ['call', 1, 0xff_ffff_ffffn, 'insufficient balance for transfer'],
      ['call', 2, 0n, undefined],
      ['call', 6, 0n, 'out of gas'],
    ],
  );
  const [plain, delegated, written, reverted, poor, hashed, curve] = frame.calls as CallFrame[];
  assert.is(bytesToHex(plain?.input as Uint8Array), '0xaabbccdd');
  assert.is(plain?.output?.at(-1), 7);
  assert.is(bytesToHex(delegated?.from as Address), address(3));
  assert.is(written?.gasUsed, written?.gas);
  assert.is(written?.output, undefined);
  assert.is(reverted?.output?.length, 100);
  assert.is(poor?.gasUsed, 0n);
  assert.is(hashed?.output?.length, 32);
  assert.equal([curve?.gas, curve?.gasUsed], [1n, 1n]);
});

test('X-34: logs have their place among the calls, and what failed has none', async () => {
  const frame = await tree({}, 3, { value: 100n });
  assert.equal(
    frame.calls.map(({ logs }) => logs.map(({ index, position }) => [index, position])),
    [[[0, 0]], [[1, 0]], [], [], [], [], []],
  );
  assert.is(frame.calls[0]?.logs[0]?.topics[0]?.at(-1), 0x11);
  assert.is((await tree({ withLog: false }, 1)).logs.length, 0);
  assert.is((await tree({ onlyTopCall: true }, 3)).calls.length, 0);
});

test('X-32, X-34: creations show the code that they leave, and fail without an address', async () => {
  const { calls } = await tree({}, 4);
  assert.equal(
    calls.map(({ kind, error, to, value }) => [kind, error, to !== undefined, value]),
    [
      ['create', undefined, true, 2n],
      ['call', undefined, true, 0n],
      ['create2', undefined, true, 1n],
      ['create2', 'contract address collision', false, 1n],
    ],
  );
  assert.is(bytesToHex(calls[0]?.output as Uint8Array), bytesToHex(CHILD.slice(10)));
  assert.is(calls[3]?.gasUsed, calls[3]?.gas);
  const [payment] = (calls[1] as CallFrame).calls;
  assert.is(payment?.kind, 'selfdestruct');
  assert.equal([payment?.value, payment?.gas, payment?.gasUsed], [2n, 0n, 0n]);
  assert.is(bytesToHex(payment?.to as Address), address(4));
  const made = await tree({}, undefined, { data: CHILD });
  assert.is(made.kind, 'create');
  assert.is(bytesToHex(made.to as Address), bytesToHex(contractAddress(alice.address, 0n)));
  assert.is(bytesToHex(made.output as Uint8Array), bytesToHex(CHILD.slice(10)));
});

test('X-34: halts are named in the words of geth', async () => {
  const errorOf = async (to: number): Promise<string | undefined> =>
    (await tree({}, to, { gas: 60_000n })).error;
  assert.is(await errorOf(7), 'invalid opcode: INVALID');
  assert.is(await errorOf(8), 'invalid opcode: opcode 0xb0 not defined');
  assert.is(await errorOf(9), 'stack underflow (1 <=> 2)');
  assert.is(await errorOf(10), 'out of gas');
  const stopped = await tree({}, 6, { gas: 23_000n });
  assert.is(stopped.error, 'out of gas: not enough gas for reentrancy sentry');
});

const shown = ({ address: who, balance, nonce, code, storage }: PrestateAccount): unknown => [
  who.at(-1),
  balance,
  nonce,
  code?.length,
  storage.map(({ slot, value }) => [slot.at(-1), value.at(-1)]),
];

test('X-35: accounts and slots are told as they were before', async () => {
  const result = await trace(PRESTATE, 11, { value: 1n });
  assert.is(result.kind, 'prestateTracer');
  const accounts = result.kind === 'prestateTracer' ? result.accounts : [];
  assert.equal(accounts.map(shown), [
    [alice.address.at(-1), COIN, 0n, 0, []],
    [
      11,
      0n,
      1n,
      13,
      [
        [1, 4],
        [2, 5],
        [3, 0],
      ],
    ],
  ]);
  const bare = await trace(
    { ...PRESTATE, disableCode: true, disableStorage: true, includeEmpty: true },
    11,
  );
  const listed = bare.kind === 'prestateTracer' ? bare.accounts : [];
  assert.equal(listed.map(shown)[1], [11, 0n, 1n, undefined, []]);
  assert.is(listed.length, 3, 'with the empty account that earns the fees');
});

test('X-35: a difference has what changed, before and after', async () => {
  const result = await trace({ ...PRESTATE, diffMode: true }, 11, { value: 1n });
  assert.is(result.kind, 'prestateDiff');
  if (result.kind !== 'prestateDiff') return;
  assert.equal(result.pre.map(shown), [
    [alice.address.at(-1), COIN, 0n, 0, []],
    [11, 0n, 1n, 13, [[2, 5]]],
  ]);
  assert.equal(result.post.map(shown), [
    [alice.address.at(-1), COIN - 1n, 1n, undefined, []],
    [11, 1n, undefined, undefined, [[3, 9]]],
  ]);
});

test('X-35: what a transaction creates was not there before, and what it destroys is not there after', async () => {
  const result = await trace({ ...PRESTATE, diffMode: true }, 4);
  if (result.kind !== 'prestateDiff') return assert.unreachable();
  assert.equal(
    result.pre.map(({ address: who }) => who.at(-1)),
    [alice.address.at(-1), 4],
  );
  const created = result.post.find(({ code }) => code !== undefined);
  assert.equal(
    [created?.balance, created?.nonce, created?.code?.length],
    [1n, 1n, CHILD.length - 10],
  );
  assert.is(result.post.length, 3, 'the first child destroyed itself');
});

/** Lets `who` run the code of an account (EIP-7702). */
function delegating(who: Party, to: Address): Authorization {
  const fields = encodeRlp([bigintToBytes(chain.rules.chainId), to, new Uint8Array(0)]);
  const digest = keccak256(concatBytes(Uint8Array.of(5), fields));
  const { signature, yParity } = sign(digest, who.key);
  const [r, s] = [signature.slice(0, 32), signature.slice(32)];
  return { chainId: chain.rules.chainId, address: to, nonce: 0n, yParity, r, s };
}

test('EIP-7702: a delegation is told as the call of who delegates, with its refund and both accounts', async () => {
  const bob = party('bob');
  const authorizationList = [delegating(bob, at(1))];
  const to = bob.address;
  const run = async (choice: TracerChoice): Promise<TraceResult> =>
    trace(choice, undefined, { to, authorizationList, value: 4n });
  const frame = ((await run(CALLS)) as { frame: CallFrame }).frame;
  assert.equal([frame.kind, frame.to, frame.output?.at(-1)], ['call', to, 7]);
  assert.equal(frame.logs[0]?.address, to);
  const steps = await run(STRUCT_LOGS);
  assert.is(steps.kind === 'structLogs' && steps.structLogs[0]?.refund, 0n, 'it did not exist');
  const before = await run({ ...PRESTATE, includeEmpty: true });
  const accounts = before.kind === 'prestateTracer' ? before.accounts : [];
  assert.ok(
    accounts.some(({ address: who, code }) => who[0] === 1 && code?.length === STORING.length),
  );
  const changes = await run({ ...PRESTATE, diffMode: true });
  const after = changes.kind === 'prestateDiff' ? changes.post : [];
  const delegated = after.find(({ address: who }) => bytesToHex(who) === bytesToHex(to));
  assert.equal([delegated?.nonce, delegated?.code?.length, delegated?.balance], [1n, 23, 4n]);
});

test('X-36: selectors are counted with the length of their arguments, precompiles left out', async () => {
  const result = await trace({ kind: '4byteTracer' }, 3, { data: hexToBytes('0xdeadbeef0011') });
  const calls = result.kind === '4byteTracer' ? result.calls : [];
  assert.equal(
    calls.map(({ selector, argumentBytes, count }) => [bytesToHex(selector), argumentBytes, count]),
    [
      ['0xdeadbeef', 2, 1],
      ['0xaabbccdd', 0, 1],
      // What the calls before have returned lies in their input.
      ['0x00000000', 0, 3],
      ['0x08c379a0', 0, 1],
    ],
  );
  assert.equal(await trace({ kind: 'noopTracer' }, 3), { kind: 'noopTracer' });
});

test('X-37: a trace that grows beyond its bound ends the run, before memory is taken', async () => {
  const choices: readonly [TracerChoice, number, Partial<CallRequest>][] = [
    // Every step of the loop has a megabyte of memory.
    [{ ...STRUCT_LOGS, enableMemory: true }, 12, {}],
    [STRUCT_LOGS, 10, {}],
    [CALLS, 3, { data: new Uint8Array(60_000) }],
    [PRESTATE, 3, {}],
    [{ kind: '4byteTracer' }, 3, {}],
  ];
  for (const [choice, to, changed] of choices) {
    const limitBytes = choice.kind === 'structLogs' || choice.kind === 'callTracer' ? 100_000 : 20;
    await trace(choice, to, changed, limitBytes).then(
      () => assert.unreachable(`${choice.kind} stays within its bound`),
      (error: unknown) => {
        assert.instance(error, CodedError);
        assert.is((error as CodedError<{ code: string }>).detail.code, 'VM_TRACE_TOO_LARGE');
      },
    );
  }
  // The engine is as good as before.
  assert.is((await steps(1)).failed, false);
});

test.run();
