import type { ErrorTable } from '../model/index.ts';

/** Operational failures of the ledger on disk. */
export const STORE_ERRORS: ErrorTable = {
  STORE_FOREIGN_GENESIS: {
    meaning: 'The data directory belongs to a chain with another genesis block.',
    remedy: 'Give the genesis file of that chain, or another data directory.',
  },
  STORE_UNKNOWN_VERSION: {
    meaning: 'The data directory was written in a format that this version does not know.',
    remedy: 'Start the version that wrote it, or one that is newer.',
  },
  STORE_LOCKED: {
    meaning: 'Another process has the data directory open.',
    remedy: 'Stop that process, or give this node a data directory of its own.',
  },
  STORE_DAMAGED: {
    meaning: 'A stored value fails its checksum, or parts of the store do not fit together.',
    remedy: 'Move the directory away and start again: the node fetches the chain from its peers.',
  },
  STORE_NOT_WRITABLE: {
    meaning: 'The data directory cannot be created or written.',
    remedy: 'Check that the path is a directory, its owner and permissions, and the free space.',
  },
  STORE_WRITE_FAILED: {
    meaning: 'A block could not be written. The store holds everything up to the block before.',
    remedy: 'Check the free space and the health of the disk, then start the node again.',
  },
  STORE_WRONG_GENESIS_STATE: {
    meaning: "The genesis accounts do not give the state root of the genesis block's header.",
    remedy: 'The genesis file was changed after it was made: fetch the original.',
  },
  STORE_LOG_MISSING: {
    meaning:
      'There is no consensus log beside the validator key, so what it has signed is unknown.',
    remedy: 'The node follows without voting. Never create an empty log for a key that has signed.',
  },
  STORE_LOG_DAMAGED: {
    meaning:
      'The consensus log is damaged before its end, so what the validator has signed is unknown.',
    remedy: 'The node follows without voting. Keep the file for examination; do not edit it.',
  },
  STORE_LOG_FOREIGN: {
    meaning: 'The consensus log belongs to another chain or to another validator key.',
    remedy: 'Put the log beside the key and the genesis with which it was created.',
  },
  STORE_LOG_EXISTS: {
    meaning: 'A consensus log exists already; a new one would forget what was signed.',
    remedy: 'Keep it. A new validator key needs a directory of its own.',
  },
  STORE_LOG_FULL: {
    meaning: 'The consensus log could not be extended: no vote is sent that is not on disk.',
    remedy: 'Check the free space and the health of the disk, then start the node again.',
  },
};
