import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBlockHeader } from '@ethereumjs/block';
import { Common, Hardfork, Mainnet } from '@ethereumjs/common';
import { createMPT } from '@ethereumjs/mpt';
import { RLP } from '@ethereumjs/rlp';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { keccak256 } from '#crypto';
import {
  asAddress,
  bigintToBytes,
  bytesToHex,
  EMPTY_ROOT,
  encodeExtraData,
  encodeHeader,
  hexToBytes,
  QBFT_MIX_HASH,
  type StateChanges,
  ZERO_HASH,
} from '../ledger/model/index.ts';
import { createGenesis, DEFAULT_TIMING } from './create-genesis.ts';
import { developmentAccounts } from './development.ts';
import { GENESIS_ERRORS } from './errors.ts';
import type { Genesis } from './genesis.ts';
import { parseGenesis } from './parse.ts';
import { BOUNDED_PRECOMPILE_GAS, precompileName } from './precompile-gas.ts';

const FIXTURES = join(process.env['EHB_FIXTURES'] ?? '../shared/fixtures', 'qbft', 'genesis');
const parse = suite('genesis/parse');

const validator = (byte: number): ReturnType<typeof asAddress> =>
  asAddress(new Uint8Array(20).fill(byte));
const FOUR = [0x11, 0x22, 0x33, 0x44].map(validator);
const extraDataOf = (validators: readonly Uint8Array[]): string =>
  bytesToHex(
    encodeExtraData({
      vanity: new Uint8Array(32),
      validators: validators.map((address) => asAddress(address)),
      vote: undefined,
      round: 0,
      seals: [],
    }),
  );

type Json = { [key: string]: unknown };
const minimal = (change: Json = {}, config: Json = {}): Json => ({
  config: { chainId: 7, berlinBlock: 0, qbft: {}, ...config },
  extraData: extraDataOf(FOUR),
  gasLimit: '0x1c9c380',
  difficulty: '0x1',
  mixHash: bytesToHex(QBFT_MIX_HASH),
  alloc: {},
  ...change,
});

function accepted(json: unknown): Genesis {
  const parsed = parseGenesis(json);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.problems.map(({ message }) => message).join('; '));
  return parsed.genesis;
}

/** Codes of all problems. */
function refused(json: unknown): string[] {
  const parsed = parseGenesis(json);
  return parsed.ok ? [] : parsed.problems.map(({ code }) => code);
}

function warnings(json: unknown): readonly string[] {
  const parsed = parseGenesis(json);
  return parsed.ok ? parsed.warnings : [];
}

/** The state root by another implementation of the trie. */
async function independentStateRoot({ accounts }: StateChanges): Promise<Uint8Array> {
  const state = await createMPT({ useKeyHashing: true });
  for (const { address, account, storage } of accounts) {
    const slots = await createMPT({ useKeyHashing: true });
    for (const { slot, value } of storage) await slots.put(slot, RLP.encode(value));
    const storageRoot = storage.length === 0 ? EMPTY_ROOT : slots.root();
    const { nonce = 0n, balance = 0n, codeHash = ZERO_HASH } = account ?? {};
    const fields = [bigintToBytes(nonce), bigintToBytes(balance), storageRoot, codeHash];
    await state.put(address, RLP.encode(fields));
  }
  return state.root();
}

async function assertIndependently(genesis: Genesis, hardfork: string): Promise<void> {
  const { header } = genesis.block;
  const root = await independentStateRoot(genesis.accounts);
  assert.is(bytesToHex(header.stateRoot), bytesToHex(root));
  const common = new Common({ chain: Mainnet, hardfork });
  const other = createBlockHeader(
    {
      parentHash: header.parentHash,
      stateRoot: root,
      difficulty: header.difficulty,
      gasLimit: header.gasLimit,
      timestamp: header.timestamp,
      mixHash: header.mixHash,
      nonce: header.nonce,
      ...(header.baseFeePerGas !== undefined && { baseFeePerGas: header.baseFeePerGas }),
      ...(header.parentBeaconBlockRoot && { parentBeaconBlockRoot: ZERO_HASH }),
      ...(header.requestsHash && { requestsHash: header.requestsHash }),
    },
    { common, skipConsensusFormatValidation: true },
  );
  // That library refuses a long extraData, so it goes into its RLP by hand (field 12).
  const raw = [...other.raw()];
  raw[12] = header.extraData;
  const encoded = RLP.encode(raw);
  assert.is(bytesToHex(encodeHeader(header)), bytesToHex(encoded));
  assert.is(bytesToHex(genesis.hash), bytesToHex(keccak256(encoded)));
}

parse(
  'G-4 block 0 of each fork has the hash that an independent implementation gives it',
  async () => {
    const forks: readonly (readonly [string, Json])[] = [
      [Hardfork.Berlin, {}],
      [Hardfork.London, { londonBlock: 0 }],
      [Hardfork.Shanghai, { londonBlock: 0, shanghaiTime: 0 }],
      [Hardfork.Cancun, { londonBlock: 0, shanghaiTime: 0, cancunTime: 0 }],
      [Hardfork.Prague, { londonBlock: 0, shanghaiTime: 0, cancunTime: 0, pragueTime: 0 }],
      [Hardfork.Osaka, { londonBlock: 0, osakaTime: 0 }],
    ];
    const alloc = {
      '1000000000000000000000000000000000000001': { balance: '12', nonce: '0x2', comment: 'a' },
      '0x2000000000000000000000000000000000000002': {
        balance: '0x0',
        code: '0x6001',
        storage: { '0x0': '0x1', '1': '0', '290decd9548b62a8d60345a988386fc8': 'ff' },
      },
      // An account that is given is in the state even if it is empty.
      '3000000000000000000000000000000000000003': {},
    };
    // The empty account of G-8 is among them.
    for (const [fork, config] of forks) {
      await assertIndependently(accepted(minimal({ alloc }, config)), fork);
    }
  },
);

parse(
  'the genesis that we create has the hash an independent implementation gives it',
  async () => {
    const json = createGenesis({
      chainId: 20260n,
      validators: [...FOUR].reverse(),
      accounts: developmentAccounts.map(({ address }) => ({ address, balance: 1n })),
      timestamp: 1_700_000_000n,
      gasLimit: 60_000_000n,
      timing: DEFAULT_TIMING,
    });
    const genesis = accepted(JSON.parse(JSON.stringify(json)));
    assert.equal(warnings(json), []);
    assert.equal(genesis.validators.map(bytesToHex), FOUR.map(bytesToHex));
    assert.is(genesis.block.header.baseFeePerGas, 0n);
    assert.equal(genesis.qbft, {
      ...DEFAULT_TIMING,
      besuTimestamps: false,
      epochLength: 30_000n,
      source: { kind: 'headers' },
      transitions: [],
    });
    await assertIndependently(genesis, Hardfork.Osaka);
  },
);

parse(
  'G-11 factors of precompiled contracts: by address, ours from the start, none elsewhere',
  () => {
    const factorsOf = (ehb: Json): unknown =>
      accepted(minimal({}, { ehb })).rules.precompileGasFactors;
    assert.is(accepted(minimal()).rules.precompileGasFactors, undefined);
    assert.is(factorsOf({}), undefined);
    const precompileGasFactors = { '0x0100': 3, [`0x${'8'.padStart(40, '0')}`]: '0x4', '0x6': 1 };
    assert.equal(factorsOf({ precompileGasFactors }), [
      { address: 0x08, factor: 4 },
      { address: 0x100, factor: 3 },
    ]);
    const wrong: readonly (readonly [list: unknown, code: string, words: string])[] = [
      [[], 'GENESIS_NOT_AN_OBJECT', 'a list of 0'],
      [{ '0x12': 2 }, 'GENESIS_FIELD_INVALID', 'there are 0x01, 0x02'],
      [{ blake2f: 2 }, 'GENESIS_FIELD_INVALID', 'no address'],
      [{ '0x09': 0 }, 'GENESIS_FIELD_INVALID', 'from 1 to 1000'],
      [{ '0x09': 1001 }, 'GENESIS_FIELD_INVALID', 'from 1 to 1000'],
      [{ '0x09': 1.5 }, 'GENESIS_FIELD_INVALID', 'an integer'],
      [{ '0x9': 2, '0x09': 2 }, 'GENESIS_FIELD_REPEATED', 'same address'],
    ];
    for (const [list, code, words] of wrong) {
      const parsed = parseGenesis(minimal({}, { ehb: { precompileGasFactors: list } }));
      assert.not(parsed.ok);
      if (parsed.ok) continue;
      assert.is(parsed.code, code);
      assert.ok(parsed.message.includes(words), parsed.message);
    }
  },
);

parse('G-11 a new network has bounded prices unless it says otherwise', () => {
  const options = {
    chainId: 20260n,
    validators: FOUR,
    accounts: [],
    timestamp: 1_700_000_000n,
    gasLimit: 60_000_000n,
    timing: DEFAULT_TIMING,
  };
  const { rules } = accepted(createGenesis(options));
  const factors = rules.precompileGasFactors ?? [];
  assert.is(factors.length, Object.keys(BOUNDED_PRECOMPILE_GAS).length);
  for (const { address, factor } of factors) {
    assert.is(BOUNDED_PRECOMPILE_GAS[precompileName(address)], factor);
  }
  const plain = accepted(createGenesis({ ...options, precompileGasFactors: {} }));
  assert.is(plain.rules.precompileGasFactors, undefined);
  assert.equal(plain.hash, accepted(createGenesis(options)).hash);
});

parse('G-4 the base fee of block 0 is the given one, else 1 gwei, also with zeroBaseFee', () => {
  const baseFee = (change: Json, config: Json): bigint | undefined =>
    accepted(minimal(change, config)).block.header.baseFeePerGas;
  assert.is(baseFee({}, { londonBlock: 0 }), 1_000_000_000n);
  assert.is(baseFee({}, { londonBlock: 0, zeroBaseFee: true }), 1_000_000_000n);
  assert.is(baseFee({ baseFeePerGas: '0x7' }, { londonBlock: 0 }), 7n);
  assert.is(baseFee({}, { londonBlock: 5 }), undefined);
});

parse('G-1 keys are case-insensitive', () => {
  const { extraData, gasLimit, difficulty } = minimal();
  const config = { CHAINID: 9, BerlinBlock: 0, QBFT: { BLOCKPERIODSECONDS: 3 } };
  const genesis = accepted({
    Config: config,
    EXTRADATA: extraData,
    gaslimit: gasLimit,
    difficulty,
  });
  assert.is(genesis.chainId, 9n);
  assert.is(genesis.qbft.blockPeriodMs, 3000);
  assert.equal(refused(minimal({}, { chainid: 7 })), ['GENESIS_FIELD_REPEATED']);
});

parse('G-2 quantities are JSON integers or strings of hexadecimal or decimal digits', () => {
  for (const gasLimit of [700_000_000, '700000000', '0x29b92700', '0X29B92700']) {
    assert.is(accepted(minimal({ gasLimit })).block.header.gasLimit, 700_000_000n);
  }
  const wrong = [
    -1,
    1.5,
    2 ** 53,
    '',
    '0x',
    ' 5000',
    '1e9',
    'x',
    null,
    {},
    [],
    true,
    '9'.repeat(99),
  ];
  for (const gasLimit of wrong) {
    assert.equal(refused(minimal({ gasLimit })), ['GENESIS_FIELD_INVALID'], String(gasLimit));
  }
});

parse('G-6 a Besu file keeps the rules of Besu for its timing', () => {
  const timing = (qbft: Json): Genesis['qbft'] => accepted(minimal({}, { qbft })).qbft;
  assert.equal(timing({}), {
    blockPeriodMs: 1000,
    emptyBlockPeriodMs: 1000,
    requestTimeoutMs: 1000,
    maxRequestTimeoutMs: 30_000,
    besuTimestamps: true,
    epochLength: 30_000n,
    source: { kind: 'headers' },
    transitions: [],
  });
  assert.is(timing({ blockPeriodSeconds: '2' }).emptyBlockPeriodMs, 2000);
  assert.is(timing({ emptyBlockPeriodSeconds: 60 }).emptyBlockPeriodMs, 60_000);
  assert.is(timing({ xBlockPeriodMilliseconds: 250 }).blockPeriodMs, 250);
  assert.is(timing({ requestTimeoutSeconds: 45 }).maxRequestTimeoutMs, 45_000);
});

parse('G-7 config.ehb replaces the timing of config.qbft', () => {
  const qbft = { blockPeriodSeconds: 5 };
  const json = minimal({}, { qbft, ehb: { blockPeriodMs: 0, requestTimeoutMs: 500 } });
  assert.equal(accepted(json).qbft, {
    blockPeriodMs: 0,
    emptyBlockPeriodMs: 0,
    requestTimeoutMs: 500,
    maxRequestTimeoutMs: 10_000,
    besuTimestamps: false,
    epochLength: 30_000n,
    source: { kind: 'headers' },
    transitions: [],
  });
  assert.is(warnings(json).length, 1);
});

parse('reward, beneficiary, gas cap and size limit of Besu become rules of the chain', () => {
  const qbft = {
    blockReward: '5000000000000000000',
    miningBeneficiary: bytesToHex(validator(0x55)),
    perTxGasLimit: '0x5208',
  };
  const { rules } = accepted(minimal({}, { qbft, contractSizeLimit: 65_536, zeroBaseFee: true }));
  assert.is(rules.blockReward, 5n * 10n ** 18n);
  assert.is(bytesToHex(rules.beneficiary ?? ZERO_HASH), bytesToHex(validator(0x55)));
  assert.is(rules.perTransactionGasLimit, 21_000n);
  assert.is(rules.contractSizeLimit, 65_536);
  assert.is(rules.zeroBaseFee, true);
  const fixed = minimal({ baseFeePerGas: 7 }, { londonBlock: 0, fixedBaseFee: true });
  assert.is(accepted(fixed).rules.fixedBaseFee, 7n);
});

const ZERO = bytesToHex(ZERO_HASH);
const A = '1000000000000000000000000000000000000001';
const LONDON = { londonBlock: 0 };
const REFUSALS: readonly (readonly [title: string, code: string, json: unknown])[] = [
  ['a list', 'GENESIS_NOT_AN_OBJECT', []],
  ['null', 'GENESIS_NOT_AN_OBJECT', null],
  ['a string', 'GENESIS_NOT_AN_OBJECT', 'genesis'],
  ['no config', 'GENESIS_CONFIG_MISSING', { extraData: '0x' }],
  ['config that is a number', 'GENESIS_NOT_AN_OBJECT', { config: 4 }],
  ['no qbft', 'GENESIS_NOT_QBFT', minimal({}, { qbft: undefined })],
  ['clique', 'GENESIS_NOT_QBFT', { ...minimal(), config: { chainId: 1, clique: {} } }],
  ['alloc that is a list', 'GENESIS_NOT_AN_OBJECT', minimal({ alloc: [] })],
  ['chain id 0', 'GENESIS_FIELD_INVALID', minimal({}, { chainId: 0 })],
  ['a gas limit below 5000', 'GENESIS_FIELD_INVALID', minimal({ gasLimit: 4999 })],
  ['a short coinbase', 'GENESIS_FIELD_INVALID', minimal({ coinbase: '0x00' })],
  ['a short mixHash', 'GENESIS_FIELD_INVALID', minimal({ mixHash: '0x63' })],
  ['another curve', 'GENESIS_FIELD_INVALID', minimal({}, { ecCurve: 'secp256r1' })],
  ['another stack', 'GENESIS_FIELD_INVALID', minimal({}, { evmStackSize: 4096 })],
  ['a period of 0', 'GENESIS_FIELD_INVALID', minimal({}, { qbft: { blockPeriodSeconds: 0 } })],
  ['an epoch of 0', 'GENESIS_FIELD_INVALID', minimal({}, { qbft: { epochLength: 0 } })],
  ['an unknown key of ehb', 'GENESIS_FIELD_INVALID', minimal({}, { ehb: { blockPeriod: 1 } })],
  ['number 1', 'GENESIS_FIELDS_CONTRADICT', minimal({ number: '0x1' })],
  ['used gas', 'GENESIS_FIELDS_CONTRADICT', minimal({ gasUsed: 21_000 })],
  ['a parent', 'GENESIS_FIELDS_CONTRADICT', minimal({ parentHash: `0x${'01'.repeat(32)}` })],
  ['a base fee before London', 'GENESIS_FIELDS_CONTRADICT', minimal({ baseFeePerGas: 7 })],
  [
    'two rules for the base fee',
    'GENESIS_FIELDS_CONTRADICT',
    minimal({ baseFeePerGas: 7 }, { ...LONDON, fixedBaseFee: true, zeroBaseFee: true }),
  ],
  [
    'a fixed base fee without value',
    'GENESIS_FIELD_MISSING',
    minimal({}, { ...LONDON, fixedBaseFee: true }),
  ],
  [
    'a gas cap above the gas limit',
    'GENESIS_FIELDS_CONTRADICT',
    minimal({ gasLimit: 30_000 }, { qbft: { perTxGasLimit: 30_001 } }),
  ],
  [
    'empty blocks faster than blocks',
    'GENESIS_FIELDS_CONTRADICT',
    minimal({}, { ehb: { blockPeriodMs: 500, emptyBlockPeriodMs: 499 } }),
  ],
  [
    'a capped timeout below the first',
    'GENESIS_FIELDS_CONTRADICT',
    minimal({}, { ehb: { requestTimeoutMs: 500, maxRequestTimeoutMs: 499 } }),
  ],
  ['no extraData', 'GENESIS_FIELD_MISSING', minimal({ extraData: undefined })],
  ['a template', 'GENESIS_EXTRA_DATA_TEMPLATE', minimal({ extraData: '%extraData%' })],
  [
    'an IBFT extraData',
    'GENESIS_EXTRA_DATA_INVALID',
    minimal({ extraData: `0x${'00'.repeat(40)}` }),
  ],
  ['no validators', 'GENESIS_VALIDATORS_MISSING', minimal({ extraData: extraDataOf([]) })],
  [
    'validators out of order',
    'GENESIS_VALIDATORS_UNORDERED',
    minimal({ extraData: extraDataOf([...FOUR].reverse().slice(2)) }),
  ],
  [
    'a validator twice',
    'GENESIS_VALIDATORS_UNORDERED',
    minimal({ extraData: extraDataOf([validator(1), validator(1)]) }),
  ],
  [
    'a validator contract without code',
    'GENESIS_VALIDATORS_MISSING',
    minimal({ extraData: extraDataOf([]) }, { qbft: { validatorContractAddress: `0x${A}` } }),
  ],
  ['a later start', 'GENESIS_MIGRATION_UNSUPPORTED', minimal({}, { qbft: { startBlock: 101 } })],
  ['IBFT as well', 'GENESIS_MIGRATION_UNSUPPORTED', minimal({}, { ibft2: {} })],
  [
    'the flat transitions of GoQuorum',
    'GENESIS_TRANSITIONS_UNSUPPORTED',
    minimal({}, { transitions: [{ block: 10, algorithm: 'qbft' }] }),
  ],
  [
    'transitions of another consensus',
    'GENESIS_TRANSITIONS_UNSUPPORTED',
    minimal({}, { transitions: { ibft2: [{ block: 10 }] } }),
  ],
  ['a fork out of order', 'GENESIS_FORK_ORDER', minimal({}, { londonBlock: 4, istanbulBlock: 5 })],
  [
    'a fork time out of order',
    'GENESIS_FORK_ORDER',
    minimal({}, { ...LONDON, cancunTime: 5, shanghaiTime: 6 }),
  ],
  ['Shanghai without London', 'GENESIS_FORK_ORDER', minimal({}, { shanghaiTime: 0 })],
  [
    'Shanghai before London',
    'GENESIS_FORK_ORDER',
    minimal({}, { shanghaiTime: 0, londonBlock: 1 }),
  ],
  ['no fork', 'GENESIS_FORK_UNSUPPORTED', minimal({}, { berlinBlock: undefined })],
  [
    'Frontier at first',
    'GENESIS_FORK_UNSUPPORTED',
    minimal({}, { berlinBlock: 50, byzantiumBlock: 2 }),
  ],
  ['Amsterdam', 'GENESIS_FORK_UNSUPPORTED', minimal({}, { amsterdamTime: 0 })],
  ['an account name', 'GENESIS_ACCOUNT_INVALID', minimal({ alloc: { alice: {} } })],
  ['an account number', 'GENESIS_NOT_AN_OBJECT', minimal({ alloc: { [A]: 5 } })],
  ['an account twice', 'GENESIS_FIELD_REPEATED', minimal({ alloc: { [A]: {}, [`0x${A}`]: {} } })],
  [
    'a balance of 2^256',
    'GENESIS_FIELD_INVALID',
    minimal({ alloc: { [A]: { balance: `0x1${'0'.repeat(64)}` } } }),
  ],
  ['a negative balance', 'GENESIS_FIELD_INVALID', minimal({ alloc: { [A]: { balance: '-1' } } })],
  ['code of half bytes', 'GENESIS_FIELD_INVALID', minimal({ alloc: { [A]: { code: '0x123' } } })],
  [
    'a slot of 33 bytes',
    'GENESIS_ACCOUNT_INVALID',
    minimal({ alloc: { [A]: { storage: { ['0'.repeat(66)]: '1' } } } }),
  ],
  [
    'a slot twice',
    'GENESIS_FIELD_REPEATED',
    minimal({ alloc: { [A]: { storage: { '0x1': '1', '01': '2' } } } }),
  ],
];

const GATE = `0x${'9a'.repeat(20)}`;
const permissioned = (permissions: Json, code = '0x00'): Json =>
  minimal({ alloc: { [GATE]: { code } } }, { permissions });

parse('G-15: config.permissions names a contract and the blocks for which it is asked', () => {
  const contract = asAddress(hexToBytes(GATE));
  const { rules, hash } = accepted(permissioned({ contract: GATE }));
  assert.equal(rules.permissions, { contract, from: 0n });
  const later = accepted(permissioned({ contract: GATE, fromBlock: 9, untilBlock: '0x14' }));
  assert.equal(later.rules.permissions, { contract, from: 9n, until: 20n });
  assert.equal(later.hash, hash, 'a running network can be given another rule');
  assert.is('permissions' in accepted(minimal()).rules, false);
  const absent = minimal({}, { permissions: { contract: GATE, fromBlock: 9 } });
  accepted(absent);
  assert.match(warnings(absent).join(), 'has no code in alloc');
});

for (const [title, code, json] of [
  ['no contract', 'GENESIS_FIELD_MISSING', permissioned({})],
  ['no address', 'GENESIS_FIELD_INVALID', permissioned({ contract: '' })],
  ['a short address', 'GENESIS_FIELD_INVALID', permissioned({ contract: '0x12' })],
  ['an unknown field', 'GENESIS_FIELD_INVALID', permissioned({ contract: GATE, mode: 'open' })],
  ['no object', 'GENESIS_NOT_AN_OBJECT', minimal({}, { permissions: true })],
  [
    'an end before its beginning',
    'GENESIS_FIELDS_CONTRADICT',
    permissioned({ contract: GATE, fromBlock: 5, untilBlock: 5 }),
  ],
  [
    'a contract that is not there',
    'GENESIS_PERMISSIONS_MISSING',
    minimal({}, { permissions: { contract: GATE } }),
  ],
  [
    'a contract without code',
    'GENESIS_PERMISSIONS_MISSING',
    permissioned({ contract: GATE, fromBlock: 1 }, '0x'),
  ],
] as const) {
  parse(`G-15: permissions with ${title} are refused with ${code}`, () => {
    assert.equal(refused(json), [code]);
    assert.ok(code in GENESIS_ERRORS);
  });
}

for (const [title, code, json] of REFUSALS) {
  parse(`G-9 a genesis with ${title} is refused with ${code}`, () => {
    // Undefined fields vanish, as they would in a file.
    const codes = refused(JSON.parse(JSON.stringify(json)));
    assert.is(codes[0], code, codes.join());
    assert.ok(code in GENESIS_ERRORS);
  });
}

parse('each required field that is absent is named', () => {
  for (const name of ['gasLimit', 'difficulty', 'extraData']) {
    const { [name]: _absent, ...rest } = minimal();
    const parsed = parseGenesis(rest);
    assert.is(parsed.ok, false);
    assert.is(!parsed.ok && parsed.message, `${name} is missing`);
  }
});

parse('all faults of a file are reported together', () => {
  const json = minimal({ gasLimit: 1, number: 3 }, { londonBlock: 'x' });
  assert.equal(refused(json).sort(), [
    'GENESIS_FIELDS_CONTRADICT',
    'GENESIS_FIELD_INVALID',
    'GENESIS_FIELD_INVALID',
  ]);
});

parse('G-3 unknown forks and fields are accepted with a warning', () => {
  const json = minimal({ colour: 'blue', mixHash: ZERO }, { marsBlock: 4, policy: 0 });
  const text = warnings(json).join('\n');
  for (const word of ['colour', 'marsBlock', 'policy', 'mixHash']) assert.match(text, word);
});

const FILES: readonly (readonly [file: string, outcome: string])[] = [
  ['qbft.json', Hardfork.Berlin],
  ['qbft-london.json', Hardfork.Berlin],
  ['qbft-emptyextradata.json', 'GENESIS_VALIDATORS_MISSING'],
  ['qbft-migration.json', 'GENESIS_MIGRATION_UNSUPPORTED'],
  ['genesis_validator_contract.json', 'GENESIS_CONFIG_MISSING'],
  ['genesis_validator_contract_london.json', 'GENESIS_CONFIG_MISSING'],
  ['genesis_validator_contract_shanghai.json', 'GENESIS_CONFIG_MISSING'],
  ['genesis_migrating_validator_contract.json', 'GENESIS_CONFIG_MISSING'],
];

if (existsSync(FIXTURES)) {
  for (const [file, outcome] of FILES) {
    parse(`Besu's ${file}: ${outcome}`, async () => {
      const text = readFileSync(join(FIXTURES, file), 'utf8');
      if (outcome.startsWith('GENESIS_')) {
        assert.is(refused(JSON.parse(text))[0], outcome);
        return;
      }
      assert.is(refused(JSON.parse(text))[0], 'GENESIS_EXTRA_DATA_TEMPLATE');
      const genesis = accepted(JSON.parse(text.replace('%extraData%', extraDataOf(FOUR))));
      assert.is(genesis.validators.length, 4);
      await assertIndependently(genesis, outcome);
    });
  }
  parse('G-5 the validators of a real Besu header fill the template', () => {
    const header = JSON.parse(readFileSync(join(FIXTURES, '..', 'besu-header.json'), 'utf8'));
    const validators: readonly string[] = header.validators;
    const text = readFileSync(join(FIXTURES, 'qbft.json'), 'utf8');
    const filled = text.replace('%extraData%', extraDataOf(validators.map(hexToBytes)));
    const genesis = accepted(JSON.parse(filled));
    assert.equal(
      genesis.validators.map(bytesToHex),
      validators.map((address) => address.toLowerCase()),
    );
  });
} else {
  assert.is(process.env['EHB_FIXTURES'], undefined, `no fixtures at ${FIXTURES}`);
  console.log('fixtures absent');
}

parse.run();
