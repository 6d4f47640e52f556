/** the library's precompiled contracts at other prices than Ethereum's. */
import type { Common } from '@ethereumjs/common';
import { type AddPrecompile, getActivePrecompiles, type PrecompileFunc } from '@ethereumjs/evm';
import { Address as EthereumAddress } from '@ethereumjs/util';
import { hexToBytes } from '../../ledger/model/index.ts';
import type { ChainRules } from '../chain-rules.ts';

/** Those whose price the rules change, for the virtual machine to use in place of its own. */
export function pricedPrecompiles(
  common: Common,
  { precompileGasFactors = [] }: ChainRules,
): AddPrecompile[] {
  const active = getActivePrecompiles(common);
  return precompileGasFactors.flatMap(({ address, factor }) => {
    const digits = address.toString(16).padStart(40, '0');
    const contract = active.get(digits);
    if (contract === undefined) return [];
    const at = new EthereumAddress(hexToBytes(`0x${digits}`));
    return [{ address: at, function: dearer(contract, BigInt(factor)) }];
  });
}

/** Given a share of the gas, the contract can pay its own price exactly where the gas pays for the whole. */
function dearer(contract: PrecompileFunc, factor: bigint): PrecompileFunc {
  return async (input) => {
    const result = await contract({ ...input, gasLimit: input.gasLimit / factor });
    // A contract that fails takes all gas.
    const failed = result.exceptionError !== undefined;
    return {
      ...result,
      executionGasUsed: failed ? input.gasLimit : result.executionGasUsed * factor,
    };
  };
}
