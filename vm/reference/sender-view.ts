/**
 * The state as the transaction layer sees it during a call.
 *
 * EIP-3607 refuses transactions from accounts with code, but `eth_call` may come from a contract. `runTx`
 * reads the sender through this view, which shows an account without code; the interpreter reads the overlay
 * itself and still finds the code.
 */
import type { StateManagerInterface } from '@ethereumjs/common';
import { Account as EthereumAccount } from '@ethereumjs/util';
import { EMPTY_CODE_HASH } from '../../ledger/model/index.ts';
import type { StateOverlay } from './state-overlay.ts';

/** Only what `runTx` reads; the rest is the overlay's own. */
export function createSenderView(overlay: StateOverlay): StateManagerInterface {
  return {
    getAccount: async (address) => {
      const account = await overlay.getAccount(address);
      if (account === undefined) return undefined;
      const { nonce, balance, storageRoot } = account;
      return new EthereumAccount(nonce, balance, storageRoot, EMPTY_CODE_HASH);
    },
    putAccount: (address, account) => overlay.putAccount(address, account),
    deleteAccount: (address) => overlay.deleteAccount(address),
    modifyAccountFields: (address, fields) => overlay.modifyAccountFields(address, fields),
    putCode: (address, code) => overlay.putCode(address, code),
    getCode: (address) => overlay.getCode(address),
    getCodeSize: (address) => overlay.getCodeSize(address),
    getStorage: (address, slot) => overlay.getStorage(address, slot),
    putStorage: (address, slot, value) => overlay.putStorage(address, slot, value),
    clearStorage: (address) => overlay.clearStorage(address),
    checkpoint: () => overlay.checkpoint(),
    commit: () => overlay.commit(),
    revert: () => overlay.revert(),
    getStateRoot: () => overlay.getStateRoot(),
    setStateRoot: () => overlay.setStateRoot(),
    hasStateRoot: () => overlay.hasStateRoot(),
    originalStorageCache: overlay.originalStorageCache,
    clearCaches: () => overlay.clearCaches(),
    shallowCopy: () => overlay.shallowCopy(),
  };
}
