import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mnemonicToAccount } from 'viem/accounts';
import { addressOf } from '#crypto';
import { bytesToHex } from '../ledger/model/index.ts';
import { DEVELOPMENT_MNEMONIC, developmentAccounts } from './development.ts';

const development = suite('genesis/development');

development('the accounts are those that wallets derive from the mnemonic', () => {
  assert.is(developmentAccounts.length, 10);
  for (const [addressIndex, account] of developmentAccounts.entries()) {
    const derived = mnemonicToAccount(DEVELOPMENT_MNEMONIC, { addressIndex });
    assert.is(bytesToHex(account.address), derived.address.toLowerCase());
    assert.is(bytesToHex(addressOf(account.privateKey)), derived.address.toLowerCase());
  }
});

development.run();
