/** What a call pays for gas, from whichever fee fields it has (EIP-1559). */
import {
  type Address,
  checksumAddress,
  refuse,
  type Verdict,
  type Wei,
} from '../ledger/model/index.ts';
import type { CallRequest } from './engine.ts';

/** `gasPrice`, or the two others; none of them is a free call. */
export type CallFees = {
  readonly from: Address;
  readonly gasPrice?: Wei;
  readonly maxFeePerGas?: Wei;
  readonly maxPriorityFeePerGas?: Wei;
};

/** Refuses with VM_TIP_ABOVE_FEE_CAP. @param baseFee undefined before London */
export function callPrice(
  { from, gasPrice, maxFeePerGas: cap = 0n, maxPriorityFeePerGas: tip = 0n }: CallFees,
  baseFee: Wei | undefined,
): Verdict<Required<Pick<CallRequest, 'gasPrice' | 'feeCap'>>> {
  if (gasPrice !== undefined) return { ok: true, gasPrice, feeCap: gasPrice };
  if (tip > cap) {
    return refuse(
      'VM_TIP_ABOVE_FEE_CAP',
      `max priority fee per gas higher than max fee per gas: address ${checksumAddress(from)}, maxPriorityFeePerGas: ${tip}, maxFeePerGas: ${cap}`,
    );
  }
  const wanted = tip + (baseFee ?? 0n);
  return { ok: true, gasPrice: cap === 0n || wanted > cap ? cap : wanted, feeCap: cap };
}
