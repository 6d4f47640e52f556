/** What whoever makes a simulated block gets for it. */
import type { StateChanges, Wei } from '../../ledger/model/index.ts';
import { EMPTY_CODE_HASH } from '../../ledger/model/index.ts';
import { type ChainRules, type ForkName, isAtLeast, rulesAt } from '../chain-rules.ts';
import type { BlockEnvironment } from '../engine.ts';
import { coinbaseOf } from '../header-rules.ts';
import type { LayeredState } from '../layered-state.ts';

const ETHER: Wei = 10n ** 18n;

export function payReward(
  environment: BlockEnvironment,
  rules: ChainRules,
  fork: ForkName,
  state: LayeredState,
): void {
  const now = rulesAt(rules, environment.number);
  const reward = now.blockReward + (now.reference === undefined ? 0n : workReward(fork));
  if (reward === 0n) return;
  const address = coinbaseOf(environment, now);
  const { nonce = 0n, balance = 0n, codeHash = EMPTY_CODE_HASH } = state.account(address) ?? {};
  const account = { nonce, balance: balance + reward, codeHash };
  const changes: StateChanges = {
    accounts: [{ address, account, storageCleared: false, storage: [] }],
    codes: [],
  };
  state.apply(changes);
}

/** On a chain of Ethereum before the merge (EIP-649, EIP-1234). */
function workReward(fork: ForkName): Wei {
  if (isAtLeast(fork, 'paris')) return 0n;
  if (isAtLeast(fork, 'constantinople')) return 2n * ETHER;
  return (isAtLeast(fork, 'byzantium') ? 3n : 5n) * ETHER;
}
