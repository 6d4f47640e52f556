import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeAbiParameters } from 'viem';
import type { QbftOptions } from '../consensus/index.ts';
import {
  type Address,
  asAddress,
  type BlockHeader,
  bytesToHex,
  CodedError,
  encodeExtraData,
  type Hash,
  hexToBytes,
  type StateReader,
} from '../ledger/model/index.ts';
import type { CallResult } from '../vm/index.ts';
import { openValidatorSets } from './validator-sets.ts';

const test = suite('node/validator-sets');

const at = (n: number): Address => asAddress(new Uint8Array(20).fill(n));
const told = (set: readonly Address[] | undefined): string | undefined =>
  set?.map(([first]) => first).join();

const PACE = {
  blockPeriodMs: 0,
  emptyBlockPeriodMs: 0,
  requestTimeoutMs: 1,
  maxRequestTimeoutMs: 1,
} as const;
const HEADERS: QbftOptions = {
  ...PACE,
  source: { kind: 'headers' },
  besuTimestamps: false,
  epochLength: 4n,
  transitions: [],
};

/** A chain whose blocks list these sets; block `n` is of `by[n]`, which votes to add 9. */
function createChain() {
  const headers: BlockHeader[] = [];
  let reads = 0;
  const append = (by: number, listed: readonly number[], vote?: number): BlockHeader => {
    const header = {
      number: BigInt(headers.length),
      beneficiary: at(by),
      gasLimit: 1_000_000n,
      timestamp: 0n,
      extraData: encodeExtraData({
        vanity: new Uint8Array(32),
        validators: listed.map(at),
        vote: vote === undefined ? undefined : { recipient: at(vote), add: true },
        round: 0,
        seals: [],
      }),
    } as BlockHeader;
    headers.push(header);
    return header;
  };
  return {
    append,
    reads: () => reads,
    head: () => ({ header: headers.at(-1) as BlockHeader, hash: new Uint8Array(32) as Hash }),
    header: (height: bigint) => {
      reads += 1;
      return headers[Number(height)];
    },
    stateAt: (height: bigint) => ({ height }) as unknown as StateReader,
  };
}

const noCalls = {
  call: async (): Promise<CallResult> => {
    throw new TypeError('nobody should call');
  },
};

test('R-9.1, R-9.2: the set follows the votes of the head, and past sets are those that headers list', async () => {
  const store = createChain();
  store.append(0, [1, 2]);
  const sets = await openValidatorSets(HEADERS, { store, engine: noCalls });
  assert.is(told(sets.next().validators), '1,2');
  await sets.advance(store.append(1, [1, 2], 9));
  await sets.advance(store.append(2, [1, 2], 9));
  assert.is(told(sets.next().validators), '1,2,9');
  assert.is(told(await sets.at(2n)), '1,2');
  assert.is(told(await sets.at(3n)), '1,2,9');
  assert.is(await sets.at(4n), undefined);
});

test('R-9.6: after a start it is the same, from one epoch of headers at most', async () => {
  const store = createChain();
  store.append(0, [1, 2, 3]);
  const live = await openValidatorSets(HEADERS, { store, engine: noCalls });
  for (let i = 1; i <= 39; i += 1) await live.advance(store.append((i % 3) + 1, [1, 2, 3], i));
  const before = store.reads();
  const again = await openValidatorSets(HEADERS, { store, engine: noCalls });
  assert.ok(store.reads() - before <= 6, `${store.reads() - before} headers`);
  assert.equal(again.next(), live.next());
});

const CONTRACT: QbftOptions = { ...HEADERS, source: { kind: 'contract', address: at(0x88) } };
const returned = (...numbers: readonly number[]): CallResult => ({
  kind: 'returned',
  returnData: hexToBytes(
    encodeAbiParameters(
      [{ type: 'address[]' }],
      [numbers.map((n) => bytesToHex(at(n)) as `0x${string}`)],
    ),
  ),
  logs: [],
  gasUsed: 0n,
  gasNeeded: 0n,
});

test('R-9.11: the contract is asked on the state of the parent, with the gas limit of the parent', async () => {
  const store = createChain();
  store.append(0, []);
  store.append(1, []);
  const asked: string[] = [];
  const engine = {
    call: async (...[request, environment, state]: readonly unknown[]): Promise<CallResult> => {
      const { to, gas } = request as { to: Address; gas: bigint };
      const { height } = state as { height: bigint };
      const { number } = environment as { number: bigint };
      asked.push(`${told([to])} on ${height}, in ${number}, gas ${gas}`);
      return returned(Number(height) + 3, 2);
    },
  };
  const sets = await openValidatorSets(CONTRACT, { store, engine });
  assert.is(told(sets.next().validators), '2,4');
  assert.is(told(await sets.at(1n)), '2,3');
  await sets.advance(store.append(1, []));
  assert.is(told(sets.next().validators), '2,5');
  assert.equal(asked, [
    '136 on 1, in 1, gas 1000000',
    '136 on 0, in 0, gas 1000000',
    '136 on 2, in 2, gas 1000000',
  ]);
});

test('R-9.8: which contract it is, is what holds for the next block', async () => {
  const store = createChain();
  store.append(0, []);
  const later = { kind: 'contract', address: at(0x99) } as const;
  const options = {
    ...CONTRACT,
    transitions: [{ ...PACE, from: 2n, source: later, validators: undefined }],
  };
  const engine = {
    call: async ({ to }: { to: Address | undefined }): Promise<CallResult> =>
      returned(to?.[0] === 0x99 ? 7 : 5),
  };
  const sets = await openValidatorSets(options, { store, engine });
  assert.is(told(sets.next().validators), '5');
  await sets.advance(store.append(5, []));
  assert.is(told(sets.next().validators), '7');
  assert.is(told(await sets.at(1n)), '5');
});

const cost = { gasUsed: 0n, gasNeeded: 0n } as const;
const UNUSABLE: readonly (readonly [title: string, result: CallResult, words: string])[] = [
  ['an empty answer', { ...returned(), returnData: new Uint8Array(0) } as CallResult, 'not a list'],
  ['nobody', returned(), 'names no validators'],
  ['one twice', returned(3, 3), 'twice'],
  ['a revert', { kind: 'reverted', returnData: new Uint8Array(0), ...cost }, 'reverted'],
  ['an exception', { kind: 'halted', reason: 'out of gas', ...cost }, 'out of gas'],
  ['a refusal', { kind: 'refused', code: 'VM_X', message: 'no' }, 'cannot be called'],
];
for (const [title, result, words] of UNUSABLE) {
  test(`R-9.11: ${title} ends the chain with the name of the block and what to do`, async () => {
    const store = createChain();
    store.append(0, []);
    const engine = { call: async (): Promise<CallResult> => result };
    const failure = await openValidatorSets(CONTRACT, { store, engine }).catch((e: unknown) => e);
    assert.ok(failure instanceof CodedError && failure.code === 'NODE_VALIDATORS_UNREADABLE');
    assert.match(failure.message, 'nobody can make block 1');
    assert.match(failure.message, words);
  });
}

test('R-9.11: a set that becomes unusable while the node runs is found with the block that did it', async () => {
  const store = createChain();
  store.append(0, []);
  let result = returned(5);
  const sets = await openValidatorSets(CONTRACT, { store, engine: { call: async () => result } });
  result = returned();
  const failure = await sets.advance(store.append(5, [])).catch((e: unknown) => e);
  assert.ok(failure instanceof CodedError && failure.code === 'NODE_VALIDATORS_UNREADABLE');
});

test('R-9.9: a transition for the block that nobody could make repairs such a chain', async () => {
  const store = createChain();
  store.append(0, []);
  store.append(5, []);
  const transition = {
    ...PACE,
    from: 2n,
    source: { kind: 'headers' },
    validators: [at(3), at(4)],
  } as const;
  const options = { ...CONTRACT, transitions: [transition] };
  const sets = await openValidatorSets(options, { store, engine: noCalls });
  assert.is(told(sets.next().validators), '3,4');
  await sets.advance(store.append(3, [3, 4]));
  assert.is(told(sets.next().validators), '3,4');
});

test.run();
