/** Contracts of `contracts/`, compiled when asked for: what real programs look like to an engine. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { hexToBytes } from '../../ledger/model/index.ts';

export type CompiledContract = {
  readonly abi: readonly object[];
  readonly creation: Uint8Array;
  readonly runtime: Uint8Array;
  /** Four bytes for each function, by its signature. */
  readonly selectors: ReadonlyMap<string, Uint8Array>;
};

type Solc = {
  compile(input: string, callbacks: { import(path: string): { contents: string } }): string;
};

type Artefact = {
  readonly abi: readonly object[];
  readonly evm: {
    readonly bytecode: { readonly object: string };
    readonly deployedBytecode: { readonly object: string };
    readonly methodIdentifiers: Readonly<Record<string, string>>;
  };
};

type SolcOutput = {
  readonly errors?: readonly { readonly formattedMessage: string; readonly severity: string }[];
  readonly contracts: Readonly<Record<string, Readonly<Record<string, Artefact>>>>;
};

const OUTPUTS = [
  'abi',
  'evm.bytecode.object',
  'evm.deployedBytecode.object',
  'evm.methodIdentifiers',
];

/** By name: Coin, Deeds, Goods, Pair, Factory, Router, Multisig, Proxy, Loops. Some seconds. */
export function compileContracts(): ReadonlyMap<string, CompiledContract> {
  return compile(['tokens.sol', 'pair.sol', 'multisig.sol', 'loops.sol']);
}

/** An OpenZeppelin ERC-20: 10^9 of it, with 18 decimals, belong to whoever deploys it. About 1.5 s. */
export function compileToken(): CompiledContract {
  return compile(['token.sol']).get('Token') as CompiledContract;
}

function compile(files: readonly string[]): ReadonlyMap<string, CompiledContract> {
  const require = createRequire(import.meta.url);
  const solc = require('solc') as Solc; // published without types
  const contentOf = (file: string): string =>
    readFileSync(fileURLToPath(new URL(`contracts/${file}`, import.meta.url)), 'utf8');
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(files.map((file) => [file, { content: contentOf(file) }])),
    settings: {
      optimizer: { enabled: true, runs: 200 },
      outputSelection: { '*': { '*': OUTPUTS } },
    },
  };
  const output = JSON.parse(
    solc.compile(JSON.stringify(input), {
      import: (path) => ({ contents: readFileSync(require.resolve(path), 'utf8') }),
    }),
  ) as SolcOutput;
  const faults = (output.errors ?? []).filter(({ severity }) => severity === 'error');
  if (faults.length > 0)
    throw new TypeError(faults.map((each) => each.formattedMessage).join('\n'));
  return new Map(
    files.flatMap((file) =>
      Object.entries(output.contracts[file] ?? {}).map(([name, artefact]) => [
        name,
        compiled(artefact),
      ]),
    ),
  );
}

function compiled({ abi, evm }: Artefact): CompiledContract {
  return {
    abi,
    creation: hexToBytes(`0x${evm.bytecode.object}`),
    runtime: hexToBytes(`0x${evm.deployedBytecode.object}`),
    selectors: new Map(
      Object.entries(evm.methodIdentifiers).map(([signature, hex]) => [
        signature,
        hexToBytes(`0x${hex}`),
      ]),
    ),
  };
}
