/**
 * Every code that a caller of the JSON-RPC can meet, and the one place where codes become numbers.
 *
 * Numbers: JSON-RPC 2.0 section 5.1, EIP-1474 and what go-ethereum answers, since clients match on
 * its numbers and words. Codes without a number never reach a caller.
 */

export type RpcErrorCode =
  | 'RPC_PARSE_ERROR'
  | 'RPC_INVALID_REQUEST'
  | 'RPC_METHOD_NOT_FOUND'
  | 'RPC_INVALID_PARAMS'
  | 'RPC_INTERNAL_ERROR'
  | 'RPC_NOTIFICATIONS_UNSUPPORTED'
  | 'RPC_EXECUTION_REVERTED'
  | 'RPC_EXECUTION_FAILED'
  | 'RPC_EXECUTION_ABORTED'
  | 'RPC_SIMULATED_NONCE_TOO_LOW'
  | 'RPC_SIMULATED_NONCE_TOO_HIGH'
  | 'RPC_SIMULATED_FEE_TOO_LOW'
  | 'RPC_SIMULATED_GAS_TOO_LOW'
  | 'RPC_SIMULATED_FUNDS'
  | 'RPC_SIMULATED_BLOCK_FULL'
  | 'RPC_SIMULATED_NUMBER'
  | 'RPC_SIMULATED_TIMESTAMP'
  | 'RPC_SIMULATED_INITCODE'
  | 'RPC_SIMULATED_TOO_MANY'
  | 'RPC_SIMULATED_REFUSED'
  | 'RPC_TRANSACTION_REFUSED'
  | 'RPC_NOT_PERMITTED'
  | 'RPC_BLOCK_NOT_FOUND'
  | 'RPC_TRANSACTION_NOT_FOUND'
  | 'RPC_STATE_UNAVAILABLE'
  | 'RPC_HISTORY_PRUNED'
  | 'RPC_TRACER_UNKNOWN'
  | 'RPC_TRACE_FAILED'
  | 'RPC_TRACE_TOO_LARGE'
  | 'RPC_FILTER_NOT_FOUND'
  | 'RPC_TIMEOUT'
  | 'RPC_RESPONSE_TOO_LARGE'
  | 'RPC_LIMIT_EXCEEDED'
  | 'RPC_BACKUP_REFUSED'
  | 'RPC_BODY_TOO_LARGE'
  | 'RPC_UNSUPPORTED_MEDIA_TYPE'
  | 'RPC_FORBIDDEN_HOST'
  | 'RPC_FORBIDDEN_ORIGIN'
  | 'RPC_OPERATORS_ONLY'
  | 'RPC_METHOD_NOT_ENABLED'
  | 'RPC_VOTE_REFUSED';

/** Failures of the server itself, thrown at start. */
export type RpcStartErrorCode = 'RPC_PORT_IN_USE' | 'RPC_LISTEN_FAILED';

type ErrorEntry = { readonly number: number; readonly meaning: string; readonly remedy: string };

export const RPC_ERRORS: Readonly<Record<RpcErrorCode, ErrorEntry>> &
  Readonly<Record<RpcStartErrorCode, Omit<ErrorEntry, 'number'>>> = {
  RPC_PARSE_ERROR: {
    number: -32700,
    meaning: 'The body is not JSON, or not valid UTF-8.',
    remedy: 'Send one JSON object or an array of them, encoded as UTF-8.',
  },
  RPC_INVALID_REQUEST: {
    number: -32600,
    meaning: 'The JSON is no JSON-RPC 2.0 request.',
    remedy: 'Send {"jsonrpc":"2.0","id":1,"method":"...","params":[...]}.',
  },
  RPC_METHOD_NOT_FOUND: {
    number: -32601,
    meaning: 'There is no such method, or its namespace is switched off on this node.',
    remedy: 'Ask `rpc_modules` for the namespaces that are on; see the method reference.',
  },
  RPC_INVALID_PARAMS: {
    number: -32602,
    meaning: 'A parameter is missing, of the wrong form, or out of range.',
    remedy: 'The message names the parameter by its index, counted from 0, and what was received.',
  },
  RPC_INTERNAL_ERROR: {
    number: -32603,
    meaning: 'The node failed while answering.',
    remedy: "Look into the node's log; report it if it comes again.",
  },
  RPC_NOTIFICATIONS_UNSUPPORTED: {
    number: -32601,
    meaning: 'Subscriptions need a connection that the node can push to.',
    remedy: 'Connect by WebSocket (same port), or use eth_newFilter and eth_getFilterChanges.',
  },
  RPC_EXECUTION_REVERTED: {
    number: 3,
    meaning: 'The contract reverted; `data` holds the reason as it gave it.',
    remedy: 'Decode `data` with the ABI of the contract.',
  },
  RPC_EXECUTION_FAILED: {
    number: -32000,
    meaning: 'The message cannot be executed, or ended with an exception of the EVM.',
    remedy: 'The message says why: too little gas or balance, an invalid opcode.',
  },
  RPC_EXECUTION_ABORTED: {
    number: -32000,
    meaning: 'The execution took longer than the node gives a call.',
    remedy:
      'Ask for less: give the call less gas, or split it; the operator can raise `rpc.callTimeoutMs` in config.json.',
  },
  RPC_SIMULATED_NONCE_TOO_LOW: {
    number: -38010,
    meaning: 'The nonce of a simulated transaction is below that of its sender.',
    remedy: 'Leave nonces out, or start at that of the account.',
  },
  RPC_SIMULATED_NONCE_TOO_HIGH: {
    number: -38011,
    meaning: 'The nonce of a simulated transaction is above that of its sender.',
    remedy: 'Leave nonces out, or start at that of the account.',
  },
  RPC_SIMULATED_FEE_TOO_LOW: {
    number: -38012,
    meaning: 'A simulated transaction pays less for gas than the base fee of its block.',
    remedy: 'Raise maxFeePerGas, override baseFeePerGas, or simulate without validation.',
  },
  RPC_SIMULATED_GAS_TOO_LOW: {
    number: -38013,
    meaning: 'The gas of a simulated transaction does not cover what it costs before it runs.',
    remedy: 'Raise the gas, or leave it out.',
  },
  RPC_SIMULATED_FUNDS: {
    number: -38014,
    meaning: 'The sender of a simulated transaction cannot pay gas and value.',
    remedy: 'Override its balance.',
  },
  RPC_SIMULATED_BLOCK_FULL: {
    number: -38015,
    meaning: 'A simulated transaction asks for more gas than its block has left.',
    remedy: 'Ask for less gas, override gasLimit, or use another block.',
  },
  RPC_SIMULATED_NUMBER: {
    number: -38020,
    meaning: 'The numbers of simulated blocks do not ascend.',
    remedy: 'Order the blocks, or leave numbers out.',
  },
  RPC_SIMULATED_TIMESTAMP: {
    number: -38021,
    meaning: 'The times of simulated blocks do not ascend.',
    remedy: 'Order the blocks, or leave times out.',
  },
  RPC_SIMULATED_INITCODE: {
    number: -38025,
    meaning: 'The creation code of a simulated transaction is too long (EIP-3860).',
    remedy: 'Make the contract smaller or split it.',
  },
  RPC_SIMULATED_TOO_MANY: {
    number: -38026,
    meaning: 'A simulation has more than 256 blocks, those counted that fill gaps.',
    remedy: 'Split it, or choose closer numbers.',
  },
  RPC_SIMULATED_REFUSED: {
    number: -32603,
    meaning: 'A simulated transaction or block cannot be.',
    remedy: 'The message says why.',
  },
  RPC_TRANSACTION_REFUSED: {
    number: -32000,
    meaning: 'The transaction pool did not take the transaction.',
    remedy: 'The message says why: chain id, nonce, balance, gas, price, signature or size.',
  },
  RPC_NOT_PERMITTED: {
    number: -32007,
    meaning: 'The sender may not send transactions on this chain, or may not deploy contracts.',
    remedy: 'Ask an administrator of the permission contract for the right.',
  },
  RPC_BLOCK_NOT_FOUND: {
    number: -32000,
    meaning: 'The block that was named does not exist on this node.',
    remedy: 'Ask eth_blockNumber for the head; a node that is catching up has fewer blocks.',
  },
  RPC_TRANSACTION_NOT_FOUND: {
    number: -32000,
    meaning: 'No final transaction on this node has that hash.',
    remedy: 'Wait for its receipt; a node that is catching up has fewer transactions.',
  },
  RPC_STATE_UNAVAILABLE: {
    number: -32000,
    meaning: 'The block is known but its state is not kept here.',
    remedy: 'Ask for a later block, or ask a node that keeps all history.',
  },
  RPC_HISTORY_PRUNED: {
    number: 4444,
    meaning:
      'State, body, receipts or logs of the block were pruned on this node; the message names the oldest block that is kept.',
    remedy: 'Ask for a later block, or ask a node that keeps all history; eth_capabilities tells.',
  },
  RPC_TRACER_UNKNOWN: {
    number: -32602,
    meaning: 'There is no tracer of that name; tracers written in JavaScript are not run.',
    remedy: 'Name one of those that the message lists, or none for structLogs.',
  },
  RPC_TRACE_FAILED: {
    number: -32000,
    meaning: 'What was to be traced cannot be run.',
    remedy: 'The message says why: an invalid block or call, too little balance or gas.',
  },
  RPC_TRACE_TOO_LARGE: {
    number: -32003,
    meaning: 'The trace would be larger than the answers that the node sends.',
    remedy:
      'Set `limit`, leave out memory, stack and storage, use callTracer, or trace one transaction at a time.',
  },
  RPC_FILTER_NOT_FOUND: {
    number: -32000,
    meaning: 'There is no such filter: never made, uninstalled, or unasked for too long.',
    remedy: 'Make a new filter and read the missed range with eth_getLogs.',
  },
  RPC_TIMEOUT: {
    number: -32002,
    meaning: 'The request took longer than the node allows.',
    remedy: 'Ask for less at once.',
  },
  RPC_RESPONSE_TOO_LARGE: {
    number: -32003,
    meaning: 'The answer, or the answers of the batch together, are larger than the node sends.',
    remedy: 'Ask for less at once, or split the batch.',
  },
  RPC_LIMIT_EXCEEDED: {
    number: -32005,
    meaning: 'A bound of this node was reached; the message names it.',
    remedy: 'Ask for less at once; the operator can raise the bound.',
  },
  RPC_BACKUP_REFUSED: {
    number: -32000,
    meaning: 'A backup cannot be begun now.',
    remedy: 'The message says why; ehb_getBackup tells how the one that runs stands.',
  },
  RPC_BODY_TOO_LARGE: {
    number: -32005,
    meaning: 'The request is longer than the node accepts (HTTP 413).',
    remedy: 'Split the request; the operator can raise the limit.',
  },
  RPC_UNSUPPORTED_MEDIA_TYPE: {
    number: -32600,
    meaning: 'The body is not declared as JSON (HTTP 415).',
    remedy: 'Send the header `content-type: application/json`.',
  },
  RPC_FORBIDDEN_HOST: {
    number: -32600,
    meaning: 'The Host header names a host that this node does not answer for (HTTP 403).',
    remedy: 'Use localhost or the IP address, or have the operator allow the name.',
  },
  RPC_FORBIDDEN_ORIGIN: {
    number: -32600,
    meaning: 'A web page of an origin that is not allowed tried to connect (HTTP 403).',
    remedy: 'Have the operator allow the origin.',
  },
  RPC_OPERATORS_ONLY: {
    number: -40100,
    meaning: 'The method changes what the node does, and this caller may not do that.',
    remedy:
      'Call it on the machine of the node, by 127.0.0.1 and not from a web page, or have the operator set `rpc.operatorAccess` in config.json.',
  },
  RPC_METHOD_NOT_ENABLED: {
    number: -32604,
    meaning: 'Validators are not voted on: a contract names them.',
    remedy: 'Change the set by a transaction to that contract; `data` names it.',
  },
  RPC_VOTE_REFUSED: {
    number: -32000,
    meaning: 'The vote would do harm or cannot be cast; the message says why, `data` is the code.',
    remedy: 'Connect the validators that are away first, or ask a node that is a validator.',
  },
  RPC_PORT_IN_USE: {
    meaning: 'Another process listens on the JSON-RPC port.',
    remedy: 'Stop it, or choose another port.',
  },
  RPC_LISTEN_FAILED: {
    meaning: 'The JSON-RPC address cannot be listened on.',
    remedy:
      'Check the host and port: the address must belong to this machine, low ports need rights.',
  },
};

/**
 * How a method, or a parameter decoder deep inside one, refuses: thrown, and turned into the `error`
 * member at the one place that calls methods.
 */
export class RpcRefusal extends Error {
  readonly code: RpcErrorCode;
  readonly data: string | undefined;

  constructor(code: RpcErrorCode, message: string, data?: string) {
    super(message);
    this.name = 'RpcRefusal';
    this.code = code;
    this.data = data;
  }
}

/** Makes the refusal of parameters that are wrong as a whole, without naming one. */
export function invalidParams(message: string): RpcRefusal {
  return new RpcRefusal('RPC_INVALID_PARAMS', message);
}
