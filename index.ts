/**
 * What `import ... from 'ehb'` gives: a client of a node, and the means to check what it says.
 *
 * @example
 * const client = createClient({ url: 'http://127.0.0.1:8545' });
 * const height = await client.request('eth_blockNumber', []);
 */
export { verifySealedHeader, verifySeals } from './consensus/index.ts';
export type {
  Address,
  BlockHeader,
  Hash,
  Hex,
  QbftExtraData,
  Receipt,
  Refusal,
  Transaction,
  TransactionFields,
  Verdict,
} from './ledger/model/index.ts';
export {
  asAddress,
  asHash,
  bytesToHex,
  decodeExtraData,
  decodeHeader,
  decodeTransaction,
  encodeHeader,
  headerHash,
  hexToBytes,
  signTransaction,
  verifyTrieProof,
} from './ledger/model/index.ts';
export type { KnownMethods, RpcClient, StatusJson } from './rpc/client.ts';
export { createClient, RpcError, RpcTransportError } from './rpc/client.ts';
