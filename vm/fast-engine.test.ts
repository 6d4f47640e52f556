/**
 * The fast engine at its limits: tables that grow, depth, memory, slices, faults of the state, and code
 * that has to make room. What instructions do is compared with the reference engine value by value.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { keccak256 } from '#crypto';
import {
  type Account,
  type Address,
  asAddress,
  bytesToBigint,
  bytesToHex,
  CodedError,
  EMPTY_ROOT,
  hexToBytes,
  InvariantError,
  logsBloom,
  type StateReader,
} from '../ledger/model/index.ts';
import { party } from '../ledger/model/testkit/party.ts';
import { FORK_NAMES, type ForkName, isAtLeast } from './chain-rules.ts';
import { createEngine } from './create-engine.ts';
import type { CallRequest, Engine } from './engine.ts';
import { createFastEngine } from './fast-engine.ts';
import { environmentOf } from './header-rules.ts';
import { createReferenceEngine } from './reference-engine.ts';
import { COIN, callRequest, createTestChain, signed, testRules } from './testkit/chain.ts';
import { createMemoryState } from './testkit/memory-state.ts';

const test = suite('vm/fast-engine');
const alice = party('alice');
const at = (byte: number): Address => asAddress(new Uint8Array(20).fill(byte));

/**
 * Bytecode out of words: numbers become the shortest PUSH, `0x..` bytes as they are, names opcodes; `:name`
 * is a JUMPDEST and `@name` pushes where the last one of that name is.
 */
function assemble(text: string): Uint8Array {
  const places = new Map<string, number>();
  let code = '';
  for (const word of text.trim().split(/\s+/)) {
    if (word.startsWith(':')) {
      places.set(word.slice(1), code.length / 2);
      code += '5b';
    } else if (word.startsWith('@')) {
      code += `61${(places.get(word.slice(1)) ?? 0).toString(16).padStart(4, '0')}`;
    } else if (word.startsWith('0x')) {
      code += word.slice(2);
    } else {
      code += OPCODES.get(word) ?? push(BigInt(word));
    }
  }
  return hexToBytes(`0x${code}`);
}

function push(value: bigint): string {
  const digits = value.toString(16);
  const even = digits.length % 2 === 0 ? digits : `0${digits}`;
  return (0x5f + even.length / 2).toString(16) + even;
}

const OPCODES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    STOP: '00',
    ADD: '01',
    MUL: '02',
    SUB: '03',
    DIV: '04',
    SDIV: '05',
    MOD: '06',
    SMOD: '07',
    ADDMOD: '08',
    MULMOD: '09',
    EXP: '0a',
    SIGNEXTEND: '0b',
    LT: '10',
    GT: '11',
    SLT: '12',
    SGT: '13',
    EQ: '14',
    ISZERO: '15',
    AND: '16',
    OR: '17',
    XOR: '18',
    NOT: '19',
    BYTE: '1a',
    SHL: '1b',
    SHR: '1c',
    SAR: '1d',
    CLZ: '1e',
    KECCAK256: '20',
    ADDRESS: '30',
    CALLER: '33',
    CALLDATALOAD: '35',
    GAS: '5a',
    EXTCODESIZE: '3b',
    POP: '50',
    MLOAD: '51',
    MSTORE: '52',
    SLOAD: '54',
    SSTORE: '55',
    JUMP: '56',
    JUMPI: '57',
    MSIZE: '59',
    JUMPDEST: '5b',
    TLOAD: '5c',
    TSTORE: '5d',
    DUP1: '80',
    DUP2: '81',
    SWAP1: '90',
    LOG1: 'a1',
    CREATE: 'f0',
    CALL: 'f1',
    RETURN: 'f3',
    DELEGATECALL: 'f4',
    STATICCALL: 'fa',
    REVERT: 'fd',
    INVALID: 'fe',
    SELFDESTRUCT: 'ff',
    RETURNDATASIZE: '3d',
    CODESIZE: '38',
    BALANCE: '31',
  }),
);

/** Repeats `body`, which finds the count from 1 on top of the stack and leaves it there, `times` times. */
function loop(times: number, body: string): string {
  return `0 :loop 1 ADD ${body} DUP1 ${times} GT @loop JUMPI POP`;
}

const RETURN_TOP = '0 MSTORE 32 0 RETURN';

type Contract = { readonly code: Uint8Array; readonly balance?: bigint };

/** Calls contract 1 on both engines; what both say. */
async function onBoth(
  contracts: readonly Contract[],
  changed: Partial<CallRequest> = {},
  fork: ForkName = 'osaka',
) {
  const state = createMemoryState([
    { address: alice.address, balance: COIN },
    ...contracts.map((contract, i) => ({ address: at(i + 1), nonce: 1n, ...contract })),
  ]);
  const rules = testRules(fork);
  const environment = environmentOf(createTestChain(rules, []).head());
  const request = callRequest(alice.address, { to: at(1), ...changed });
  const run = (engine: Engine) => engine.call(request, environment, state);
  const fast = await run(createFastEngine(rules));
  assert.equal(fast, await run(createReferenceEngine(rules)));
  return fast;
}

async function returnedNumber(code: string, ...others: readonly Contract[]): Promise<bigint> {
  const result = await onBoth([{ code: assemble(code) }, ...others]);
  assert.is(result.kind, 'returned');
  return result.kind === 'returned' ? bytesToBigint(result.returnData) : -1n;
}

/** Values at the edges of limbs, signs and shifts. */
const EDGES: readonly bigint[] = [
  0n,
  1n,
  2n,
  31n,
  32n,
  255n,
  256n,
  2n ** 32n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
  2n ** 64n,
  2n ** 128n - 1n,
  2n ** 192n,
  2n ** 255n - 1n,
  2n ** 255n,
  2n ** 256n - 2n,
  2n ** 256n - 1n,
];

test('arithmetic, comparison and bit instructions agree with the reference on edge values', async () => {
  const binary =
    'ADD MUL SUB DIV SDIV MOD SMOD EXP SIGNEXTEND LT GT SLT SGT EQ AND OR XOR BYTE SHL SHR SAR';
  for (const name of binary.split(' ')) {
    // All pairs in one program, each result folded into a hash of those before.
    const steps = EDGES.flatMap((a) =>
      EDGES.map((b) => `${a} ${b} ${name} 32 MSTORE 64 0 KECCAK256 0 MSTORE`),
    );
    await onBoth([{ code: assemble(`${steps.join(' ')} 32 0 RETURN`) }]);
  }
});

test('modular, unary and count instructions agree with the reference on edge values', async () => {
  const steps: string[] = [];
  for (const name of ['ADDMOD', 'MULMOD']) {
    for (const a of EDGES)
      for (const b of EDGES.slice(6))
        for (const m of EDGES.slice(0, 12)) {
          if ((a + b + m) % 3n === 0n) steps.push(`${m} ${b} ${a} ${name}`);
        }
  }
  for (const name of ['ISZERO', 'NOT', 'CLZ']) for (const a of EDGES) steps.push(`${a} ${name}`);
  const code = steps.map((step) => `${step} 32 MSTORE 64 0 KECCAK256 0 MSTORE`).join(' ');
  const result = await onBoth([{ code: assemble(`${code} 32 0 RETURN`) }]);
  assert.is(result.kind, 'returned');
});

test('every fork from Byzantium on has its own prices', async () => {
  const code = assemble(
    '1 0 SSTORE 0 0 SSTORE 2 SLOAD POP ADDRESS BALANCE POP 5 3 EXP POP GAS 0 MSTORE 32 0 RETURN',
  );
  const seen = new Map<string, bigint>();
  for (const fork of FORK_NAMES.filter((name) => isAtLeast(name, 'byzantium'))) {
    const result = await onBoth([{ code }], {}, fork);
    assert.is(result.kind, 'returned', fork);
    if (result.kind === 'returned') seen.set(fork, result.gasUsed);
  }
  assert.ok(new Set(seen.values()).size >= 5);
});

test('an instruction of a later fork is invalid', async () => {
  const result = await onBoth([{ code: assemble(`1 CLZ ${RETURN_TOP}`) }], {}, 'prague');
  assert.is(result.kind === 'halted' ? result.reason : result.kind, 'invalid opcode');
});

test('a frame that fails leaves storage, transient storage, balances, logs and refunds as they were', async () => {
  const inner = assemble(
    '7 0 SSTORE 9 0 TSTORE 1 0 0 LOG1 0 1 SSTORE 0 0 0 0 5 0x73' +
      '03'.repeat(20) +
      ' GAS CALL POP INVALID',
  );
  const outer = assemble(`
    1 1 SSTORE 3 0 TSTORE 4 0 SSTORE
    0 0 0 0 0x73${'02'.repeat(20)} 200000 DELEGATECALL
    0 SLOAD 0 TLOAD ADD ADD 0x73${'03'.repeat(20)} BALANCE ADD ${RETURN_TOP}`);
  const result = await onBoth([
    { code: outer, balance: 50n },
    { code: inner },
    { code: new Uint8Array(0) },
  ]);
  assert.is(result.kind === 'returned' ? bytesToBigint(result.returnData) : -1n, 7n);
  assert.equal(result.kind === 'returned' ? result.logs : undefined, []);
});

test('warmth of a failed frame is forgotten', async () => {
  const inner = assemble(`0 SLOAD 0x73${'03'.repeat(20)} BALANCE INVALID`);
  const outer = assemble(`
    0 0 0 0 0x73${'02'.repeat(20)} 100000 DELEGATECALL POP
    GAS 0 SLOAD POP 0x73${'03'.repeat(20)} BALANCE POP GAS SWAP1 SUB ${RETURN_TOP}`);
  const cost = await onBoth([{ code: outer }, { code: inner }, { code: new Uint8Array(0) }]);
  assert.is(cost.kind === 'returned' ? bytesToBigint(cost.returnData) > 4_700n : false, true);
});

test('tables of slots, transient slots, accounts, journal and logs grow while a transaction runs', async () => {
  const gas = 3n * 10n ** 9n;
  const code = assemble(
    `${loop(6_000, 'DUP1 DUP1 SSTORE DUP1 DUP1 TSTORE DUP1 SLOAD POP')} 42 ${RETURN_TOP}`,
  );
  const result = await onBoth([{ code }], { gas }, 'prague');
  assert.is(result.kind, 'returned');
  const accounts = assemble(`${loop(3_000, 'DUP1 100000 ADD BALANCE POP')} MSIZE ${RETURN_TOP}`);
  assert.is((await onBoth([{ code: accounts }], { gas }, 'prague')).kind, 'returned');
  const logs = assemble(`1 0 MSTORE ${loop(700, 'DUP1 200 0 LOG1')} MSIZE ${RETURN_TOP}`);
  const logged = await onBoth([{ code: logs }], { gas }, 'prague');
  assert.is(logged.kind === 'returned' ? logged.logs.length : 0, 700);
});

test('frame memory stays whole when tables grow under it', async () => {
  const inner = assemble(
    `77 4096 MSTORE ${loop(5_000, 'DUP1 DUP1 SSTORE')} 4096 MLOAD ${RETURN_TOP}`,
  );
  const outer = assemble(`
    55 64 MSTORE 32 0 0 0 0 0x73${'02'.repeat(20)} GAS CALL POP
    64 MLOAD 1000 MUL 0 MLOAD ADD ${RETURN_TOP}`);
  const result = await onBoth([{ code: outer }, { code: inner }], { gas: 10n ** 9n }, 'prague');
  assert.is(result.kind === 'returned' ? bytesToBigint(result.returnData) : -1n, 55_077n);
});

test('calls end at depth 1024, wherever they come from', async () => {
  // Counts in transient slot 0 how often it was entered.
  const code = assemble(
    '0 TLOAD 1 ADD 0 TSTORE 0 0 0 0 0 ADDRESS GAS CALL POP 0 TLOAD 0 MSTORE 32 0 RETURN',
  );
  const result = await onBoth([{ code }], { gas: 10n ** 15n }, 'prague');
  assert.is(result.kind === 'returned' ? bytesToBigint(result.returnData) : -1n, 1_025n);
});

test('memory grows as far as the gas pays, and no offset breaks it', async () => {
  assert.is(await returnedNumber('1 2000000 MSTORE MSIZE 0 MSTORE 32 0 RETURN'), 2_000_032n);
  for (const offset of EDGES.slice(7)) {
    for (const code of [
      `1 ${offset} MSTORE`,
      `${offset} MLOAD`,
      `${offset} 0 KECCAK256`,
      `1 ${offset} KECCAK256`,
      `0 ${offset} KECCAK256 0 ${offset} RETURN`,
      `${offset} ${offset} 0 LOG1`,
      `1 0 ${offset} LOG1`,
      `1 ${offset} 0 CREATE`,
      `${offset} 1 0 CREATE`,
      `${offset} JUMP`,
      `1 ${offset} RETURN`,
      `${offset} 0 REVERT`,
      `0 0 ${offset} ${offset} 0 ADDRESS GAS CALL`,
      `${offset} CALLDATALOAD ${RETURN_TOP}`,
    ]) {
      await onBoth([{ code: assemble(code) }]);
    }
  }
});

test('more memory than an address space has is a fault of the node, if gas pays for it', async () => {
  const rules = testRules('prague');
  const state = createMemoryState([
    { address: at(1), nonce: 1n, code: assemble('1 68719476736 MSTORE') },
  ]);
  const request = callRequest(alice.address, { to: at(1) });
  const environment = environmentOf(createTestChain(rules, []).head());
  const engine = createFastEngine(rules);
  let caught: unknown;
  await engine.call({ ...request, gas: 10n ** 17n }, environment, state).catch((error: unknown) => {
    caught = error;
  });
  assert.instance(caught, InvariantError);
  const poor = await engine.call({ ...request, gas: 10n ** 12n }, environment, state);
  assert.is(poor.kind === 'halted' ? poor.reason : poor.kind, 'out of gas');
});

test('a long transaction gives the caller its turns', async () => {
  const rules = testRules('prague');
  const state = createMemoryState([
    { address: alice.address, balance: COIN },
    { address: at(1), nonce: 1n, code: assemble(loop(2_000_000, '')) },
  ]);
  const environment = environmentOf(createTestChain(rules, []).head());
  const turns: number[] = [];
  const outcome = await createFastEngine(rules).executeBlock(
    {
      environment: { ...environment, number: 1n, gasLimit: 10n ** 9n },
      transactions: [signed(alice, { to: at(1), gasLimit: 10n ** 9n })],
      mode: 'validate',
      pause: async () => {
        turns.push(turns.length);
      },
    },
    state,
  );
  assert.ok(outcome.ok);
  assert.is(outcome.execution.receipts[0]?.status, 1);
  assert.ok(turns.length > 5);
});

test('X-4: a fault of the state passes through, and the next block runs in a fresh instance', async () => {
  const rules = testRules('osaka');
  const state = createMemoryState([
    { address: alice.address, balance: COIN },
    {
      address: at(1),
      nonce: 1n,
      code: assemble('0 SLOAD 1 ADD 0 SSTORE'),
      storage: [{ slot: new Uint8Array(32), value: Uint8Array.of(5) }],
    },
  ]);
  const engine = createFastEngine(rules);
  const input = {
    environment: { ...environmentOf(createTestChain(rules, []).head()), number: 1n },
    transactions: [signed(alice, { to: at(1) })],
    mode: 'validate',
  } as const;
  const fault = new CodedError('the store is damaged', { code: 'STORE_DAMAGED' });
  const broken: StateReader = {
    ...state,
    storage: () => {
      throw fault;
    },
  };
  let caught: unknown;
  await engine.executeBlock(input, broken).catch((error: unknown) => {
    caught = error;
  });
  assert.is(caught, fault);
  const outcome = await engine.executeBlock(input, state);
  assert.ok(outcome.ok);
  assert.equal(outcome.execution.changes.accounts[0]?.storage[0]?.value, Uint8Array.of(6));
});

test('more code than there is room for is read again when it is wanted', async () => {
  const rules = testRules('prague');
  const contracts = 3_200;
  let reads = 0;
  /** 24 576 bytes that begin with what returns CODESIZE and are different for each number. */
  const codeOf = (number: number): Uint8Array => {
    const code = new Uint8Array(24_576).fill(number & 0xff);
    code.set(assemble(`CODESIZE ${RETURN_TOP}`));
    new DataView(code.buffer).setUint32(100, number);
    return code;
  };
  const caller = assemble(`
    ${loop(contracts, 'DUP1 1000000 ADD EXTCODESIZE POP')}
    32 0 0 0 0 1000001 GAS CALL POP 0 MLOAD ${RETURN_TOP}`);
  const account = (codeHash: Account['codeHash']): Account => ({
    nonce: 1n,
    balance: 0n,
    storageRoot: EMPTY_ROOT,
    codeHash,
  });
  const numberOf = (bytes: Uint8Array): number => Number(bytesToBigint(bytes.slice(-8)));
  const state: StateReader = {
    account: (address) => {
      if (bytesToHex(address) === bytesToHex(at(1))) return account(keccak256(caller));
      const number = numberOf(address);
      return number > 1_000_000 ? account(hashOf(number)) : undefined;
    },
    storage: () => new Uint8Array(0),
    code: (hash) => {
      if (bytesToHex(hash) === bytesToHex(keccak256(caller))) return caller;
      reads += 1;
      return codeOf(numberOf(hash));
    },
    blockHash: () => undefined,
  };
  const hashOf = (number: number): Account['codeHash'] => {
    const hash = new Uint8Array(32).fill(1) as Account['codeHash'];
    new DataView(hash.buffer).setBigUint64(24, BigInt(number));
    return hash;
  };
  const result = await createFastEngine(rules).call(
    callRequest(alice.address, { to: at(1), gas: 10n ** 9n }),
    environmentOf(createTestChain(rules, []).head()),
    state,
  );
  assert.is(result.kind === 'returned' ? bytesToBigint(result.returnData) : -1n, 24_576n);
  assert.is(reads, contracts + 1);
});

test('the bloom filter of a receipt is the one of its logs', async () => {
  const rules = testRules('osaka');
  const code = assemble(`1 0 MSTORE ${loop(9, 'DUP1 7 MUL 32 0 LOG1 CALLER 0 0 LOG1')}`);
  const state = createMemoryState([{ address: at(1), nonce: 1n, code }]);
  const environment = { ...environmentOf(createTestChain(rules, []).head()), number: 1n };
  for (const engine of [createFastEngine(rules), createEngine('reference', rules)]) {
    const outcome = await engine.executeBlock(
      { environment, transactions: [signed(alice, { to: at(1) })], mode: 'validate' },
      state,
    );
    assert.ok(outcome.ok);
    const [receipt] = outcome.execution.receipts;
    assert.is(receipt?.logs.length, 18);
    assert.equal(receipt?.logsBloom, logsBloom(receipt?.logs ?? []));
  }
});

test.run();
