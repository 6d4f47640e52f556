import type { ErrorTable } from '../../ledger/model/index.ts';

/** Why the pool refuses a transaction that is well formed; the codes of `vm` come through unchanged. */
export const POOL_ERRORS: ErrorTable = {
  POOL_ALREADY_KNOWN: {
    meaning: 'The transaction is in the pool already.',
    remedy: 'Nothing: wait for its receipt.',
  },
  POOL_OVERSIZED: {
    meaning: 'The transaction is longer than the pool takes.',
    remedy: 'Split the data over several transactions.',
  },
  POOL_INVALID_SENDER: {
    meaning: 'No account recovers from the signature.',
    remedy: 'Sign the transaction again.',
  },
  POOL_UNDERPRICED_REPLACEMENT: {
    meaning:
      'A transaction of that sender and nonce waits already and this one does not pay 10 % more.',
    remedy: 'Raise both fee fields by at least 10 %, or wait.',
  },
  POOL_SENDER_FULL: {
    meaning: 'The sender has as many waiting transactions as the pool holds for one account.',
    remedy: 'Send the transaction with the next nonce first, or wait until some are final.',
  },
  POOL_FULL: {
    meaning: 'The pool holds as many transactions or bytes as it may.',
    remedy: 'Send again later, or through another node.',
  },
};
