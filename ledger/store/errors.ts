/** Failures of the store and of the consensus log, each with what to do next. */
import type { ErrorTable } from '../model/index.ts';

export type StoreErrorCode =
  | 'STORE_FOREIGN_GENESIS'
  | 'STORE_WRONG_GENESIS_STATE'
  | 'STORE_UNKNOWN_VERSION'
  | 'STORE_LOCKED'
  | 'STORE_DAMAGED'
  | 'STORE_NOT_WRITABLE'
  | 'STORE_WRITE_FAILED'
  | 'STORE_DISK_FULL'
  | 'STORE_NO_PERMISSION'
  | 'STORE_READ_ONLY'
  | 'STORE_DISK_FAILING'
  | 'STORE_CLOSED'
  | 'STORE_PRUNED'
  | 'STORE_MISSING'
  | 'STORE_NOT_EMPTY'
  | 'STORE_BACKUP_UNWRITABLE'
  | 'STORE_BACKUP_DAMAGED'
  | 'STORE_BACKUP_FOREIGN'
  | 'STORE_SNAPSHOT_UNWRITABLE'
  | 'STORE_SNAPSHOT_INVALID'
  | 'STORE_SNAPSHOT_FOREIGN'
  | 'STORE_LOG_EXISTS'
  | 'STORE_LOG_MISSING'
  | 'STORE_LOG_FOREIGN'
  | 'STORE_LOG_DAMAGED'
  | 'STORE_LOG_WRITE_FAILED';

/** What every failure of this folder carries; `path` is the directory or file concerned. */
export type StoreErrorDetail = {
  readonly code: StoreErrorCode;
  readonly path?: string;
  /** From which block on what was asked for is kept, where it is pruned. */
  readonly horizon?: bigint;
  /** The table of the key table and the key in hexadecimal, for a damaged value. */
  readonly table?: string;
  readonly key?: string;
};

export const STORE_ERRORS: ErrorTable & Record<StoreErrorCode, ErrorTable[string]> = {
  STORE_FOREIGN_GENESIS: {
    meaning: 'The directory holds the chain of another genesis.',
    remedy: 'Give the genesis file that the directory was made with, or another data directory.',
  },
  STORE_WRONG_GENESIS_STATE: {
    meaning: 'The genesis block does not commit to the accounts given with it.',
    remedy: 'Use the genesis file unchanged; if it was written by hand, its state root is wrong.',
  },
  STORE_UNKNOWN_VERSION: {
    meaning: 'The directory was written in a format that this release does not know.',
    remedy: 'Run the release that wrote it, or a newer one.',
  },
  STORE_LOCKED: {
    meaning: 'Another process has the directory or the consensus log open.',
    remedy: 'Stop the other node; two nodes never share a data directory.',
  },
  STORE_DAMAGED: {
    meaning: 'What is stored is not what was written: a checksum, a link or a record is wrong.',
    remedy:
      'Check the disk and run `ehb repair`: the chain comes back from the peers, or from a backup.',
  },
  STORE_NOT_WRITABLE: {
    meaning: 'The directory cannot be created or written.',
    remedy: 'Check that its parent exists, its owner and permissions, and that the disk has room.',
  },
  STORE_WRITE_FAILED: {
    meaning:
      'A block could not be written; the head stays where it was and nothing more is written.',
    remedy: 'Free disk space or mend the permission that the message names, then restart the node.',
  },
  STORE_DISK_FULL: {
    meaning:
      'The disk or the quota is full. Nothing that was acknowledged is lost, and nothing was signed that is not durable.',
    remedy:
      'Free space on the disk that the message names, or move the data directory to a larger one; then start the node.',
  },
  STORE_NO_PERMISSION: {
    meaning: 'The system does not let the node read or write a file of its own.',
    remedy:
      'Give the user that runs the node the directory and all in it (`chown -R`), then start the node.',
  },
  STORE_READ_ONLY: {
    meaning:
      'The file system is mounted read-only; the system does that by itself when a disk fails.',
    remedy:
      'Look into the log of the system for errors of the disk, check it, mount it for writing, then start the node.',
  },
  STORE_DISK_FAILING: {
    meaning: 'The disk answers with errors.',
    remedy:
      'Replace the disk. Copy keys and `consensus.log` if they can be read, run `ehb repair` on the new one, then start the node.',
  },
  STORE_CLOSED: {
    meaning: 'The store or the consensus log was used after it was closed.',
    remedy: 'This is a fault of the program: report it with the log.',
  },
  STORE_PRUNED: {
    meaning:
      'What was asked for is of a block below the horizon of this ledger: it was pruned. The message names the horizon.',
    remedy: 'Ask for a later block, or ask a node that keeps all history.',
  },
  STORE_MISSING: {
    meaning: 'The directory holds no store of a chain.',
    remedy: 'Check the path: a node that has run has the directory `chain` in its data directory.',
  },
  STORE_NOT_EMPTY: {
    meaning: 'There is a store where one is to be made.',
    remedy: 'Move the directory `chain` away, or restore into another data directory.',
  },
  STORE_BACKUP_UNWRITABLE: {
    meaning: 'A backup cannot be written: the file exists, or its directory or disk refuses it.',
    remedy: 'Name a file that does not exist, in a directory that the node may write, with room.',
  },
  STORE_BACKUP_DAMAGED: {
    meaning: 'A backup cannot be read, is cut short, or is not what was written.',
    remedy: 'Copy the file again from where it was kept, or take another backup.',
  },
  STORE_BACKUP_FOREIGN: {
    meaning: 'A backup is of the chain of another genesis.',
    remedy: 'Give the data directory of the network that the backup was taken from.',
  },
  STORE_SNAPSHOT_UNWRITABLE: {
    meaning:
      'A snapshot cannot be written: the file exists, its directory or disk refuses it, or there is only block 0.',
    remedy: 'Name a file that does not exist, in a directory that may be written, with room.',
  },
  STORE_SNAPSHOT_INVALID: {
    meaning:
      'A snapshot is damaged, cut short, or does not prove itself: the message says which part. Nothing of it was kept.',
    remedy: 'Copy the file again, or get a snapshot from another node.',
  },
  STORE_SNAPSHOT_FOREIGN: {
    meaning: 'A snapshot is of the chain of another genesis.',
    remedy: 'Give the data directory of the network that the snapshot was taken from.',
  },
  STORE_LOG_EXISTS: {
    meaning: 'A consensus log is already there, and a new one would forget what it holds.',
    remedy: 'Keep it. Only a new validator key gets a new log.',
  },
  STORE_LOG_MISSING: {
    meaning: 'The consensus log of this validator is missing, so its past votes are unknown.',
    remedy:
      'Nothing to do: the node makes a new one and votes again by itself when that is safe. Never put an empty one there.',
  },
  STORE_LOG_FOREIGN: {
    meaning: 'The consensus log belongs to another chain or to another validator key.',
    remedy:
      'Put the log, the validator key and the genesis file that belong together in one place.',
  },
  STORE_LOG_DAMAGED: {
    meaning: 'The consensus log is damaged before its end, so past votes may be missing.',
    remedy:
      'Check the disk. The node keeps the file, makes a new log and votes again by itself when that is safe.',
  },
  STORE_LOG_WRITE_FAILED: {
    meaning:
      'A record could not be made durable in the consensus log, so nothing was signed with it.',
    remedy: 'Free disk space or mend the permission that the message names, then restart the node.',
  },
};
