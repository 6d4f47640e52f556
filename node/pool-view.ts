/** What the pool judges transactions by: the head, and the state after it. */
import type { ChainStore } from '../ledger/store/index.ts';
import { baseFeeAfter, type ChainRules, forkAt } from '../vm/index.ts';
import type { PoolHead, PoolState } from './txpool/index.ts';

export function poolHeadOf(store: Pick<ChainStore, 'head'>, rules: ChainRules): PoolHead {
  const { header } = store.head();
  const fork = forkAt(rules, header.number + 1n, header.timestamp);
  return {
    number: header.number,
    timestamp: header.timestamp,
    gasLimit: header.gasLimit,
    nextBaseFee: baseFeeAfter(header, rules, fork),
  };
}

export function poolStateOf(store: Pick<ChainStore, 'state'>): PoolState {
  const state = store.state();
  return {
    nonce: (address) => state.account(address)?.nonce ?? 0n,
    balance: (address) => state.account(address)?.balance ?? 0n,
    storage: (address, slot) => state.storage(address, slot),
  };
}
