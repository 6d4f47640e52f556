import { CONSENSUS_ERRORS } from '../consensus/index.ts';
import { GENESIS_ERRORS } from '../genesis/index.ts';
import type { ErrorTable } from '../ledger/model/index.ts';
import { STORE_ERRORS } from '../ledger/store/index.ts';
import { P2P_ERRORS } from '../p2p/index.ts';
import { RPC_ERRORS } from '../rpc/index.ts';
import { VM_ERRORS } from '../vm/index.ts';
import { NODE_ERRORS } from './errors.ts';
import { POOL_ERRORS } from './txpool/index.ts';

/** The codes of every part that a node is made of: what each means and what to do next. */
export const ERROR_TABLES: readonly ErrorTable[] = [
  NODE_ERRORS,
  GENESIS_ERRORS,
  STORE_ERRORS,
  P2P_ERRORS,
  RPC_ERRORS,
  CONSENSUS_ERRORS,
  VM_ERRORS,
  POOL_ERRORS,
];
