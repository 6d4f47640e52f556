import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { qbftRulesAt, transitionAt } from '../consensus/index.ts';
import { asAddress, bytesToHex, encodeExtraData, QBFT_MIX_HASH } from '../ledger/model/index.ts';
import { rulesAt } from '../vm/index.ts';
import type { Genesis } from './genesis.ts';
import { parseGenesis } from './parse.ts';

const FIXTURES = join(process.env['EHB_FIXTURES'] ?? '../shared/fixtures', 'qbft', 'genesis');
const test = suite('genesis/transitions');

const address = (n: number): string => bytesToHex(asAddress(new Uint8Array(20).fill(n)));
const CONTRACT = address(0x88);

type Json = { readonly [key: string]: unknown };
function file(transitions: unknown, config: Json = {}, change: Json = {}): Json {
  const extraData = encodeExtraData({
    vanity: new Uint8Array(32),
    validators: [1, 2, 3, 4].map((n) => asAddress(new Uint8Array(20).fill(n))),
    vote: undefined,
    round: 0,
    seals: [],
  });
  return {
    config: { chainId: 7, berlinBlock: 0, qbft: {}, transitions, ...config },
    extraData: bytesToHex(extraData),
    gasLimit: '0x1c9c380',
    difficulty: '0x1',
    mixHash: bytesToHex(QBFT_MIX_HASH),
    ...change,
  };
}

function accepted(json: unknown): Genesis {
  const parsed = parseGenesis(JSON.parse(JSON.stringify(json)));
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.problems.map(({ message }) => message).join('; '));
  return parsed.genesis;
}

function warnings(json: unknown): string {
  const parsed = parseGenesis(json);
  return parsed.ok ? parsed.warnings.join() : '';
}

/** Period, empty period and timeout at a height, in milliseconds. */
function paceAt({ qbft }: Genesis, height: bigint): readonly number[] {
  const { blockPeriodMs, emptyBlockPeriodMs, requestTimeoutMs } = qbftRulesAt(qbft, height);
  return [blockPeriodMs, emptyBlockPeriodMs, requestTimeoutMs];
}

test('G-10: periods of Besu change field by field, in the order of the blocks', () => {
  const genesis = accepted(
    file(
      {
        qbft: [
          { block: 30, xBlockPeriodMilliseconds: 500 },
          { BLOCK: '10', BlockPeriodSeconds: 5 },
          { block: 20, emptyBlockPeriodSeconds: 60 },
          { block: 40, xblockperiodmilliseconds: 0, blockperiodseconds: 2 },
        ],
      },
      { qbft: { blockPeriodSeconds: 2, requestTimeoutSeconds: 4 } },
    ),
  );
  assert.equal(paceAt(genesis, 9n), [2000, 2000, 4000]);
  assert.equal(paceAt(genesis, 10n), [5000, 5000, 4000]);
  assert.equal(paceAt(genesis, 20n), [5000, 60_000, 4000]);
  assert.equal(paceAt(genesis, 30n), [500, 60_000, 4000]);
  assert.equal(paceAt(genesis, 40n), [2000, 60_000, 4000]);
});

test('G-10: our own pace changes by config.ehb.transitions, and only by them', () => {
  const json = file(
    { qbft: [{ block: 5, blockperiodseconds: 9, blockreward: '7' }] },
    {
      ehb: {
        blockPeriodMs: 100,
        transitions: [
          { block: 5, blockPeriodMs: 50, requestTimeoutMs: 20_000 },
          { block: 8, emptyBlockPeriodMs: 900 },
        ],
      },
    },
  );
  const genesis = accepted(json);
  assert.equal(paceAt(genesis, 4n), [100, 0, 2000]);
  assert.equal(paceAt(genesis, 5n), [50, 0, 20_000]);
  assert.is(qbftRulesAt(genesis.qbft, 5n).maxRequestTimeoutMs, 20_000);
  assert.equal(paceAt(genesis, 8n), [50, 900, 20_000]);
  assert.is(rulesAt(genesis.rules, 5n).blockReward, 7n);
  assert.match(warnings(json), 'blockPeriodSeconds has no effect');
});

test('G-10: reward, beneficiary and gas cap change; an empty beneficiary is the proposer again', () => {
  const genesis = accepted(
    file(
      {
        qbft: [
          {
            block: 10,
            blockreward: '0x5',
            miningbeneficiary: address(0x55),
            pertxgaslimit: 30_000,
          },
          { block: 20, blockreward: 0, miningbeneficiary: '' },
          { block: 30, pertxgaslimit: 0 },
        ],
      },
      { qbft: { blockReward: '1000', perTxGasLimit: 50_000 } },
    ),
  );
  const at = (height: bigint): readonly unknown[] => {
    const { blockReward, beneficiary, perTransactionGasLimit } = rulesAt(genesis.rules, height);
    return [blockReward, beneficiary && bytesToHex(beneficiary), perTransactionGasLimit];
  };
  assert.equal(at(9n), [1000n, undefined, 50_000n]);
  assert.equal(at(10n), [5n, address(0x55), 30_000n]);
  assert.equal(at(20n), [0n, undefined, 30_000n]);
  assert.equal(at(30n), [0n, undefined, undefined]);
});

test('G-10, G-11: prices of precompiled contracts change as a whole list', () => {
  const genesis = accepted(
    file(
      {},
      {
        ehb: {
          precompileGasFactors: { '0x06': 2, '0x08': 3 },
          transitions: [
            { block: 10, precompileGasFactors: { '0x06': 4 } },
            { block: 20, blockPeriodMs: 1 },
            { block: 30, precompileGasFactors: {} },
          ],
        },
      },
    ),
  );
  const at = (height: bigint): unknown => rulesAt(genesis.rules, height).precompileGasFactors;
  assert.equal(at(9n), [
    { address: 0x06, factor: 2 },
    { address: 0x08, factor: 3 },
  ]);
  assert.equal(at(10n), [{ address: 0x06, factor: 4 }]);
  assert.equal(at(20n), at(10n));
  assert.equal(at(30n), []);
});

test('G-10: validators are listed in any order, once each', () => {
  const json = file({ qbft: [{ block: 3, validators: [address(9), address(7), address(9)] }] });
  const { qbft } = accepted(json);
  assert.equal(transitionAt(qbft, 3n)?.validators?.map(bytesToHex), [address(7), address(9)]);
  assert.match(warnings(json), 'repeats');
});

test('G-10: a contract names the validators for a while', () => {
  const { qbft } = accepted(
    file({
      qbft: [
        { block: 3, validatorSelectionMode: 'CONTRACT', validatorContractAddress: CONTRACT },
        { block: 5, validatorselectionmode: 'blockheader', validators: [address(7)] },
      ],
    }),
  );
  const kinds = [2n, 3n, 4n, 5n].map((height) => qbftRulesAt(qbft, height).source.kind);
  assert.equal(kinds, ['headers', 'contract', 'contract', 'headers']);
});

test('two entries of different lists for one block are one transition', () => {
  const { qbft } = accepted(
    file(
      { qbft: [{ block: 3, validators: [address(7)] }] },
      { ehb: { transitions: [{ block: 3, blockPeriodMs: 7 }] } },
    ),
  );
  assert.is(qbft.transitions.length, 1);
  assert.is(qbft.transitions[0]?.blockPeriodMs, 7);
  assert.is(qbft.transitions[0]?.validators?.length, 1);
});

const INVALID = 'GENESIS_TRANSITION_INVALID';
const REFUSALS: readonly (readonly [title: string, code: string, list: unknown, config?: Json])[] =
  [
    ['a list that is none', INVALID, { block: 3 }],
    ['an entry that is none', 'GENESIS_NOT_AN_OBJECT', [3]],
    ['no block', 'GENESIS_FIELD_MISSING', [{ blockperiodseconds: 3 }]],
    ['block 0', INVALID, [{ block: 0, blockperiodseconds: 3 }]],
    ['a negative block', 'GENESIS_FIELD_INVALID', [{ block: -1 }]],
    ['one block twice', INVALID, [{ block: 3 }, { block: 3 }]],
    ['a time', INVALID, [{ block: 1_764_000_000 }]],
    ['a period of 0', 'GENESIS_FIELD_INVALID', [{ block: 3, blockperiodseconds: 0 }]],
    ['headers and nobody', INVALID, [{ block: 3, validatorselectionmode: 'blockheader' }]],
    [
      'headers and an empty list',
      INVALID,
      [{ block: 3, validatorselectionmode: 'blockheader', validators: [] }],
    ],
    ['a contract without address', INVALID, [{ block: 3, validatorselectionmode: 'contract' }]],
    ['an address without mode', INVALID, [{ block: 3, validatorcontractaddress: CONTRACT }]],
    ['an unknown mode', INVALID, [{ block: 3, validatorselectionmode: 'lottery' }]],
    ['a name for a validator', INVALID, [{ block: 3, validators: ['alice'] }]],
    ['validators that are no list', INVALID, [{ block: 3, validators: address(1) }]],
    [
      'a gas cap above the gas limit',
      'GENESIS_FIELDS_CONTRADICT',
      [{ block: 3, pertxgaslimit: '0xffffffff' }],
    ],
    ['too many', INVALID, Array.from({ length: 1001 }, (_, i) => ({ block: i + 1 }))],
    [
      'an unknown key of ours',
      'GENESIS_FIELD_INVALID',
      [],
      { ehb: { transitions: [{ block: 3, blockPeriodSeconds: 1 }] } },
    ],
    [
      'contradicting periods of ours',
      'GENESIS_FIELDS_CONTRADICT',
      [],
      { ehb: { emptyBlockPeriodMs: 10, transitions: [{ block: 3, blockPeriodMs: 11 }] } },
    ],
  ];
for (const [title, code, list, config] of REFUSALS) {
  test(`G-10: transitions with ${title} are refused with ${code}`, () => {
    const parsed = parseGenesis(JSON.parse(JSON.stringify(file({ qbft: list }, config))));
    assert.not(parsed.ok);
    assert.is(!parsed.ok && parsed.code, code, parsed.ok ? '' : parsed.message);
  });
}

test('what other clients know and transitions do not is warned of', () => {
  assert.match(warnings(file({ qbft: [{ block: 3, colour: 1, epochlength: 2 }] })), 'colour');
  assert.is(warnings(file({ qbft: [] })), '');
  assert.is(warnings(file({ ibft2: [] })), '');
});

const CONTRACT_FILES = [
  'genesis_validator_contract.json',
  'genesis_validator_contract_london.json',
  'genesis_validator_contract_shanghai.json',
  'genesis_migrating_validator_contract.json',
] as const;

if (existsSync(FIXTURES)) {
  for (const name of CONTRACT_FILES) {
    test(`G-5, G-10: Besu's ${name} loads with the config of its tests`, () => {
      const json = JSON.parse(readFileSync(join(FIXTURES, name), 'utf8'));
      const contract = `0x${'0'.repeat(36)}8888`;
      const isMigrating = name.includes('migrating');
      const mode = { validatorselectionmode: 'contract', validatorcontractaddress: contract };
      const genesis = accepted({
        ...json,
        config: {
          chainId: 1337,
          berlinBlock: 0,
          ...(json.baseFeePerGas !== undefined && { londonBlock: 0 }),
          ...(name.includes('shanghai') && { shanghaiTime: 0 }),
          qbft: isMigrating ? {} : { validatorContractAddress: contract },
          transitions: { qbft: isMigrating ? [{ block: 1, ...mode }] : [] },
        },
      });
      const source = qbftRulesAt(genesis.qbft, 1n).source;
      assert.ok(source.kind === 'contract' && bytesToHex(source.address) === contract);
      assert.is(genesis.validators.length, isMigrating ? 1 : 0);
    });
  }
} else {
  assert.is(process.env['EHB_FIXTURES'], undefined, `no fixtures at ${FIXTURES}`);
  console.log('fixtures absent');
}

test('G-5: where a contract names the validators, those in extraData are warned of', () => {
  const alloc = { [CONTRACT]: { code: '0x00' } };
  const json = file({}, { qbft: { validatorContractAddress: CONTRACT } }, { alloc });
  assert.match(warnings(json), 'they are not used');
  assert.is(accepted(json).validators.length, 0);
});

test.run();
