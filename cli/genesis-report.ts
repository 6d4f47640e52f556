/** What `ehb genesis` prints: lines for people, values for `--json`. */
import {
  type NetworkFiles,
  type ParsedGenesis,
  precompileName,
  type RefusedGenesis,
} from '../genesis/index.ts';
import { bytesToHex } from '../ledger/model/index.ts';
import { type Colours, table } from './output.ts';

export type AcceptedGenesis = Extract<ParsedGenesis, { readonly ok: true }>;

export function genesisJson({ genesis, warnings }: AcceptedGenesis): object {
  const { chainId, rules, qbft, block, hash, accounts, validators } = genesis;
  return {
    ok: true,
    hash: bytesToHex(hash),
    stateRoot: bytesToHex(block.header.stateRoot),
    chainId: chainId.toString(),
    gasLimit: block.header.gasLimit.toString(),
    timestamp: block.header.timestamp.toString(),
    baseFeePerGas: block.header.baseFeePerGas?.toString(),
    zeroBaseFee: rules.zeroBaseFee,
    forks: rules.forks.map(({ fork, block: from, timestamp }) => ({
      fork,
      block: from?.toString(),
      timestamp: timestamp?.toString(),
    })),
    timing: {
      blockPeriodMs: qbft.blockPeriodMs,
      emptyBlockPeriodMs: qbft.emptyBlockPeriodMs,
      requestTimeoutMs: qbft.requestTimeoutMs,
      maxRequestTimeoutMs: qbft.maxRequestTimeoutMs,
      besuTimestamps: qbft.besuTimestamps,
    },
    precompileGasFactors: Object.fromEntries(
      (rules.precompileGasFactors ?? []).map(({ address, factor }) => [
        precompileName(address),
        factor,
      ]),
    ),
    accounts: accounts.accounts.length,
    validators: validators.map(bytesToHex),
    validatorContract:
      qbft.source.kind === 'contract' ? bytesToHex(qbft.source.address) : undefined,
    permissions: rules.permissions && permissionsJson(rules.permissions),
    transitions: qbft.transitions.map(transitionJson),
    warnings,
  };
}

export function refusedJson({ problems }: RefusedGenesis): object {
  return { ok: false, problems: problems.map(({ code, message }) => ({ code, message })) };
}

export function genesisLines({ genesis, warnings }: AcceptedGenesis): readonly string[] {
  const { chainId, rules, qbft, block, hash, accounts, validators } = genesis;
  const forks = rules.forks.map(({ fork, block: from, timestamp }) =>
    timestamp === undefined ? `${fork} at block ${from}` : `${fork} from time ${timestamp}`,
  );
  const empty =
    qbft.emptyBlockPeriodMs === 0 ? 'none without work' : `after ${qbft.emptyBlockPeriodMs} ms`;
  return [
    ...table([
      ['hash', bytesToHex(hash)],
      ['state root', bytesToHex(block.header.stateRoot)],
      ['chain id', chainId.toString()],
      ['gas limit', block.header.gasLimit.toString()],
      ['forks', forks.join(', ')],
      ['block period', `${qbft.blockPeriodMs} ms`],
      ['empty blocks', empty],
      ['round timeout', `${qbft.requestTimeoutMs} ms, doubling to ${qbft.maxRequestTimeoutMs} ms`],
      ['precompiles', precompilesText(rules)],
      ['accounts', accounts.accounts.length.toString()],
      [
        'validators',
        qbft.source.kind === 'contract'
          ? `by the contract ${bytesToHex(qbft.source.address)}`
          : validators.length.toString(),
      ],
      ...(rules.permissions === undefined
        ? []
        : [['permissions', permissionsText(rules.permissions)]]),
      ...qbft.transitions.map((transition) => [
        `from block ${transition.from}`,
        transitionText(transition),
      ]),
    ]),
    ...validators.map((validator) => `  ${bytesToHex(validator)}`),
    ...warnings.map((warning) => `warning: ${warning}`),
  ];
}

function precompilesText(rules: AcceptedGenesis['genesis']['rules']): string {
  const { precompileGasFactors = [] } = rules;
  if (precompileGasFactors.length === 0) return "at Ethereum's prices";
  const parts = precompileGasFactors.map(
    ({ address, factor }) => `${precompileName(address)} ${factor} times`,
  );
  return `at Ethereum's prices, but ${parts.join(', ')}`;
}

export function checkLines(
  file: string,
  parsed: ParsedGenesis,
  colours: Colours,
): readonly string[] {
  if (parsed.ok) {
    return [
      `${colours.green('valid')} ${file}`,
      ...parsed.warnings.map((warning) => `${colours.yellow('warning')} ${warning}`),
      `hash ${bytesToHex(parsed.genesis.hash)}, ${validatorsText(parsed.genesis)}`,
    ];
  }
  return [
    `${colours.red('refused')} ${file}`,
    ...parsed.problems.map(({ code, message }) => `  ${message} ${colours.dim(`(${code})`)}`),
  ];
}

type Permissions = NonNullable<AcceptedGenesis['genesis']['rules']['permissions']>;

function permissionsJson({ contract, from, until }: Permissions): object {
  return {
    contract: bytesToHex(contract),
    fromBlock: from.toString(),
    untilBlock: until?.toString(),
  };
}

function permissionsText({ contract, from, until }: Permissions): string {
  const end = until === undefined ? '' : ` until block ${until}`;
  return `by the contract ${bytesToHex(contract)} from block ${from}${end}`;
}

type Transition = AcceptedGenesis['genesis']['qbft']['transitions'][number];

function transitionJson({ from, source, validators, ...pace }: Transition): object {
  return {
    block: from.toString(),
    ...pace,
    validatorContract: source.kind === 'contract' ? bytesToHex(source.address) : undefined,
    validators: validators?.map(bytesToHex),
  };
}

/** All that holds from there on, changed or not. */
function transitionText(transition: Transition): string {
  const { blockPeriodMs, emptyBlockPeriodMs, requestTimeoutMs, source, validators } = transition;
  const who =
    source.kind === 'contract'
      ? `validators by ${bytesToHex(source.address)}`
      : validators && `validators replaced by ${validators.map(bytesToHex).join(', ')}`;
  const pace = `period ${blockPeriodMs} ms, empty blocks ${emptyBlockPeriodMs} ms, timeout ${requestTimeoutMs} ms`;
  return who === undefined ? pace : `${pace}; ${who}`;
}

function validatorsText({ qbft, validators }: AcceptedGenesis['genesis']): string {
  return qbft.source.kind === 'contract'
    ? `validators by the contract ${bytesToHex(qbft.source.address)}`
    : `${validators.length} validators`;
}

export function filesJson({ genesis, nodes }: NetworkFiles): object {
  return {
    hash: bytesToHex(genesis.hash),
    chainId: genesis.chainId.toString(),
    nodes: nodes.map(({ name, directory, address, peerId, config }) => ({
      name,
      directory,
      address: bytesToHex(address),
      peerId,
      rpc: config.rpc,
      p2p: config.p2p,
    })),
  };
}

export function filesLines({ genesis, nodes }: NetworkFiles): readonly string[] {
  return [
    `network of ${nodes.length} validators, chain id ${genesis.chainId}, genesis ${bytesToHex(genesis.hash)}`,
    '',
    ...table(
      nodes.map(({ name, address, config, directory }) => [
        name,
        bytesToHex(address),
        `JSON-RPC ${config.rpc.host}:${config.rpc.port}`,
        `p2p ${config.p2p.host}:${config.p2p.port}`,
        directory,
      ]),
    ),
    '',
    'Next: move each directory to its machine (the keys are in it), correct the hosts in config.json',
    'where they differ, and start each node:',
    ...nodes.map(({ directory }) => `  ehb node start --data-dir ${directory}`),
  ];
}
