import type { ErrorTable } from '../ledger/model/index.ts';

/** Why a transaction or a block is refused, and what to do about it. */
export const VM_ERRORS: ErrorTable = {
  VM_TYPE_NOT_ACTIVE: {
    meaning: 'The transaction type does not exist at the fork of this block.',
    remedy: 'Send a type that the fork knows; legacy transactions always work.',
  },
  VM_BLOB_TRANSACTION: {
    meaning: 'Blob transactions (type 3) have no place on this chain.',
    remedy: 'Send the data as calldata or keep it outside the chain and anchor its hash.',
  },
  VM_CHAIN_ID: {
    meaning: 'The transaction was signed for another chain.',
    remedy: 'Sign again with the chain id that eth_chainId reports.',
  },
  VM_NONCE_TOO_LOW: {
    meaning: 'The nonce is below that of the account.',
    remedy: 'Sign again with the next nonce of the account.',
  },
  VM_NONCE_TOO_HIGH: {
    meaning: 'The nonce is above that of the account.',
    remedy: 'Send the transactions with the nonces between first.',
  },
  VM_NONCE_MAX: {
    meaning: 'The nonce of the account is the highest that there is (EIP-2681).',
    remedy: 'Use another account.',
  },
  VM_SIMULATED_NUMBER: {
    meaning: 'The numbers of simulated blocks do not ascend from the block that they build on.',
    remedy: 'Order the blocks, or leave the numbers out.',
  },
  VM_SIMULATED_TIMESTAMP: {
    meaning: 'The times of simulated blocks do not ascend from the block that they build on.',
    remedy:
      'Order the blocks, or leave the times out; a block without one comes 12 s after the one before.',
  },
  VM_SIMULATED_BLOCKS: {
    meaning: 'A simulation has more than 256 blocks, those counted that fill gaps between numbers.',
    remedy: 'Split it, or choose closer numbers.',
  },
  VM_SIMULATED_BLOCK_GAS: {
    meaning: 'A call asks for more gas than is left in its simulated block.',
    remedy: 'Ask for less gas, raise gasLimit in blockOverrides, or put the call in another block.',
  },
  VM_TIP_ABOVE_FEE_CAP: {
    meaning: 'maxPriorityFeePerGas is above maxFeePerGas.',
    remedy: 'Raise maxFeePerGas or lower the tip.',
  },
  VM_FEE_BELOW_BASE_FEE: {
    meaning: 'The transaction pays less for gas than the base fee of the block.',
    remedy: 'Raise maxFeePerGas (or gasPrice) to at least the base fee.',
  },
  VM_GAS_LIMIT_CAP: {
    meaning: 'The gas limit is above 2^24, the most that one transaction may have (EIP-7825).',
    remedy: 'Lower the gas limit or split the work.',
  },
  VM_GAS_LIMIT_RULE: {
    meaning: 'The gas limit is above the limit that the genesis sets for one transaction.',
    remedy: 'Lower the gas limit or split the work.',
  },
  VM_BLOCK_GAS_EXCEEDED: {
    meaning: 'The gas limit is above what is left in the block.',
    remedy: 'Lower the gas limit below that of the block; the builder tries again in later blocks.',
  },
  VM_INTRINSIC_GAS: {
    meaning: 'The gas limit does not even cover what every such transaction costs.',
    remedy: 'Raise the gas limit to what eth_estimateGas reports.',
  },
  VM_GAS_ALLOWANCE: {
    meaning:
      'The call does not go through with the most gas that block, node and sender can give it.',
    remedy: 'Fund the sender or lower the price; the message says how much gas was tried.',
  },
  VM_FLOOR_GAS: {
    meaning: 'The gas limit is below the floor price of the calldata (EIP-7623).',
    remedy: 'Raise the gas limit to what eth_estimateGas reports.',
  },
  VM_INITCODE_SIZE: {
    meaning: 'The contract creation code is longer than the limit (EIP-3860).',
    remedy: 'Make the contract smaller or split it.',
  },
  VM_AUTHORIZATION_CREATE: {
    meaning: 'The message has authorizations (EIP-7702) and would create a contract.',
    remedy: 'Name a recipient in `to`, or leave the authorizations out.',
  },
  VM_OVERRIDE: {
    meaning: 'An override of the state cannot be applied; the message names the account.',
    remedy:
      'Give `state` or `stateDiff`, not both; move only precompiled contracts, and to addresses without an override.',
  },
  VM_TRACE_TOO_LARGE: {
    meaning: 'A trace holds more than its caller allows.',
    remedy:
      'Record fewer instructions (`limit`), leave out memory, or use a tracer that tells less.',
  },
  VM_SENDER_HAS_CODE: {
    meaning: 'The sender is a contract (EIP-3607).',
    remedy: 'Send from an account without code.',
  },
  VM_SENDER_NOT_PERMITTED: {
    meaning: 'The permission contract of this chain does not let the account send transactions.',
    remedy: 'Ask an administrator of the contract for the right (`ehb permissions allow`).',
  },
  VM_DEPLOYMENT_NOT_PERMITTED: {
    meaning: 'The permission contract of this chain does not let the account deploy contracts.',
    remedy: 'Ask an administrator for the right (`ehb permissions allow --deploy`).',
  },
  VM_INSUFFICIENT_FUNDS: {
    meaning: 'The balance does not cover gas times price plus value.',
    remedy: 'Fund the account, or lower gas limit, price or value.',
  },
  VM_BLOB_COUNT: {
    meaning: 'The transaction carries no blob, or more than the fork allows.',
    remedy: 'Send the transaction on a chain with blobs, within its limits.',
  },
  VM_BLOB_VERSION: {
    meaning: 'A blob hash has an unknown version.',
    remedy: 'Use KZG versioned hashes (first byte 1).',
  },
  VM_BLOB_FEE: {
    meaning: 'maxFeePerBlobGas is below the blob base fee.',
    remedy: 'Raise maxFeePerBlobGas.',
  },
  VM_ENGINE_REFUSED: {
    meaning: 'The engine could not execute a transaction that the rules accept.',
    remedy: 'Report it with the transaction: the node or its engine has a fault.',
  },
  VM_ENGINES_DIFFER: {
    meaning:
      'The node executes every block with two engines (`--engine both`), and they came to different results.',
    remedy:
      'Keep the data directory and report the message; go on with the engine whose result the other validators have.',
  },
  VM_REPLAY_REFUSED: {
    meaning:
      'A block of a chain that is replayed breaks a rule of Ethereum; the message is that of the library.',
    remedy:
      'Compare the genesis file with that of the chain, its forks and blob schedule above all, and get the blocks again.',
  },
  VM_FORK_UNSUPPORTED: {
    meaning:
      'Blocks before Byzantium carry intermediate state roots, which this node does not compute.',
    remedy: 'Use a genesis that activates Byzantium or a later fork from block 0.',
  },
  VM_SYSTEM_CALL_FAILED: {
    meaning: 'A system contract that the genesis deploys failed at the start or end of the block.',
    remedy: 'Compare the code of the system contracts in the genesis with the published ones.',
  },
  VM_PARENT_HASH: {
    meaning: 'The block does not follow the parent it is checked against.',
    remedy: 'Check it against its own parent, or drop it.',
  },
  VM_NUMBER: {
    meaning: 'The block number is not that of the parent plus one.',
    remedy: 'Drop the block.',
  },
  VM_TIMESTAMP: {
    meaning: 'The timestamp is before that of the parent.',
    remedy: 'Drop the block.',
  },
  VM_GAS_LIMIT: {
    meaning: 'The gas limit of the block is not what the chain rules allow after the parent.',
    remedy: 'Drop the block; check that all validators run the same genesis.',
  },
  VM_GAS_USED_ABOVE_LIMIT: {
    meaning: 'The header claims more gas than its own limit.',
    remedy: 'Drop the block.',
  },
  VM_BASE_FEE: {
    meaning: 'The base fee is not the one that follows from the parent.',
    remedy: 'Drop the block; check that all validators run the same genesis.',
  },
  VM_HEADER_CONSTANT: {
    meaning: 'A header field that is constant on this chain has another value.',
    remedy: 'Drop the block.',
  },
  VM_FORK_FIELDS: {
    meaning: 'A header field of a fork is missing, or present before its fork.',
    remedy: 'Drop the block; check that all validators run the same genesis.',
  },
  VM_OMMERS: {
    meaning: 'The block has ommers.',
    remedy: 'Drop the block.',
  },
  VM_WITHDRAWALS: {
    meaning: 'The block has withdrawals, or lacks the empty list that its fork asks for.',
    remedy: 'Drop the block.',
  },
  VM_TRANSACTIONS_ROOT: {
    meaning: 'The transactions are not those that the header commits to.',
    remedy: 'Fetch the body again from another peer.',
  },
  VM_BLOCK_SIZE: {
    meaning: 'The encoded block is longer than 8 MiB (EIP-7934).',
    remedy: 'Drop the block.',
  },
  VM_SENDER: {
    meaning: 'A transaction has no valid signature.',
    remedy: 'Drop the block.',
  },
  VM_GAS_USED: {
    meaning: 'Executing the block used other gas than its header says.',
    remedy: 'Drop the block; if peers accept it, compare node versions and state.',
  },
  VM_RECEIPTS_ROOT: {
    meaning: 'Executing the block gave other receipts than its header commits to.',
    remedy: 'Drop the block; if peers accept it, compare node versions and state.',
  },
  VM_LOGS_BLOOM: {
    meaning: 'Executing the block gave other logs than its header commits to.',
    remedy: 'Drop the block; if peers accept it, compare node versions and state.',
  },
  VM_STATE_ROOT: {
    meaning: 'Executing the block led to another state than its header commits to.',
    remedy: 'Drop the block; if peers accept it, compare node versions and state.',
  },
  VM_REQUESTS_HASH: {
    meaning: 'Executing the block gave other requests than its header commits to (EIP-7685).',
    remedy: 'Drop the block; if peers accept it, compare node versions and state.',
  },
};
