/** Ids of filters and subscriptions: nobody guesses another's. */
import { randomBytes } from 'node:crypto';
import { bytesToBigint, type Hex } from '../ledger/model/index.ts';
import { quantity } from './values.ts';

/** 128 random bits as a quantity. */
export function randomId(): Hex {
  return quantity(bytesToBigint(randomBytes(16)));
}
