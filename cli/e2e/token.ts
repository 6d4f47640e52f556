/** An OpenZeppelin ERC-20, compiled when asked for. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

export type CompiledToken = {
  /** Human-readable ABI would lose nothing, but this is what the compiler gives. */
  readonly abi: readonly object[];
  /** Creation code, `0x...`. */
  readonly bytecode: `0x${string}`;
};

type Solc = {
  compile(input: string, callbacks: { import(path: string): { contents: string } }): string;
};

type SolcOutput = {
  readonly errors?: readonly { readonly formattedMessage: string; readonly severity: string }[];
  readonly contracts: {
    readonly 'token.sol': {
      readonly Token: {
        readonly abi: readonly object[];
        readonly evm: { readonly bytecode: { readonly object: string } };
      };
    };
  };
};

const SOURCE = `// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

contract Token is ERC20 {
    constructor() ERC20("Test token", "TEST") {
        _mint(msg.sender, 1_000_000_000 ether);
    }
}
`;

/** Compiles the token: 10^9 of it, with 18 decimals, belong to whoever deploys it. About 1.5 s. */
export function compileToken(): CompiledToken {
  const require = createRequire(import.meta.url);
  const solc = require('solc') as Solc; // published without types
  const input = {
    language: 'Solidity',
    sources: { 'token.sol': { content: SOURCE } },
    settings: {
      optimizer: { enabled: true, runs: 200 },
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
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
  const { abi, evm } = output.contracts['token.sol'].Token;
  return { abi, bytecode: `0x${evm.bytecode.object}` };
}
