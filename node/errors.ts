import type { ErrorTable } from '../ledger/model/index.ts';

/** Operational failures of a running node. */
export const NODE_ERRORS: ErrorTable = {
  NODE_READ_ONLY: {
    meaning: 'The chain is one that is only served: nobody makes blocks of it here.',
    remedy: 'Send the transaction to a node of the network that makes its blocks.',
  },
  NODE_LOG_UNREADABLE: {
    meaning: 'The consensus log is undamaged but holds a record that this version cannot read.',
    remedy: 'Start the version that wrote it, or a newer one.',
  },
  NODE_FINAL_BLOCK_CONFLICT: {
    meaning: 'A quorum sealed a block that differs from the one stored at the same height.',
    remedy:
      'More than a third of the validators signed twice. Stop the network, compare the two headers and find the keys that signed both.',
  },
  NODE_FINAL_BLOCK_INVALID: {
    meaning: 'A block sealed by a quorum of validators does not execute to the result it claims.',
    remedy:
      'This node or the quorum runs other rules. Compare the genesis files and the versions of the nodes.',
  },
  NODE_VALIDATORS_UNREADABLE: {
    meaning:
      'The validator contract names no usable set for the next block, so nobody can make it.',
    remedy:
      'In the genesis file of every node, add to config.transitions.qbft an entry for that block: {"block": N, "validatorselectionmode": "blockheader", "validators": [...]}, or another contract, and start again. Block 0 stays the same.',
  },
  NODE_NOTHING_TO_PROVE: {
    meaning: 'The transaction that was to be proved is in no final block.',
    remedy: 'Wait until its receipt is there, or check the hash.',
  },
  NODE_NO_PROOF: {
    meaning: 'A state that was to be proved is too old for this node.',
    remedy: 'Ask for a later block.',
  },
  NODE_NO_ROOT: {
    meaning:
      'A state root on top of an earlier block would take too much to go back to, or what it takes is not recorded.',
    remedy: 'Simulate on a later block.',
  },
  NODE_BACKUP_RUNNING: {
    meaning: 'A backup of this node is being written already.',
    remedy: 'Wait for it: `ehb_getBackup` tells how it stands.',
  },
  NODE_TRACE_TIMEOUT: {
    meaning: 'A trace took longer than its `timeout`.',
    remedy: 'Ask for a longer one, or for a tracer that tells less.',
  },
  NODE_TRACE_REFUSED: {
    meaning: 'A block or a call that was to be traced cannot be run on this chain.',
    remedy: 'The message says why; a block must stand on a final one.',
  },
  NODE_FILE_UNWRITABLE: {
    meaning: 'A file that was named cannot be written.',
    remedy: 'Check its directory, the permissions and the room on the disk.',
  },
  NODE_BLOCK_FILE_DAMAGED: {
    meaning: 'A file of blocks holds something else where a block should start.',
    remedy: 'Copy the file again, or export the blocks again.',
  },
  NODE_BLOCK_FILE_CUT: {
    meaning: 'A file of blocks ends within a block. All blocks before are imported.',
    remedy: 'Copy the file again and repeat the command: it goes on where it was.',
  },
  NODE_EXPORT_RANGE: {
    meaning: 'Blocks that the chain does not have were to be exported.',
    remedy: 'Leave --to away to export up to the head.',
  },
  NODE_EXPORT_FOREIGN: {
    meaning: 'The file that was named holds other blocks than this export begins with.',
    remedy: 'Name a new file, or give the same --from as the export that began the file.',
  },
  NODE_IMPORT_REFUSED: {
    meaning: 'A block of an imported file is not the next one of this chain, or not valid.',
    remedy:
      'The message says why. Blocks of another genesis, gaps and blocks without a quorum of seals are refused; what came before stays.',
  },
  NODE_SNAPSHOT_BY_CONTRACT: {
    meaning:
      'Snapshots are for chains whose headers name the validators; a contract names those of this one.',
    remedy: 'Let the node fetch the blocks from its peers, or restore a backup.',
  },
  NODE_NO_SNAPSHOT: {
    meaning: 'No peer that is connected serves a snapshot, or none of theirs proved itself.',
    remedy:
      'Start a member with --serve-snapshot, check that this node is on its allowlist and that the boot peers are right, or carry a file there.',
  },
  NODE_FILE_UNREADABLE: {
    meaning: "A small file in the node's directory is there and cannot be read.",
    remedy: 'Give the user that runs the node the right to read it; the cause says what failed.',
  },
  NODE_VOTES_UNREADABLE: {
    meaning:
      'The file votes.json, which keeps the votes that this validator is to cast, is damaged.',
    remedy:
      'Remove or correct the file, and propose again what it held (`ehb validators propose`).',
  },
  NODE_TOO_MANY_VOTES: {
    meaning: 'Too many votes of this validator are waiting to be cast or to come true.',
    remedy: 'Discard those that are not wanted any more (`ehb validators discard`).',
  },
  NODE_VOTE_FOR_NOBODY: {
    meaning: 'The vote would leave a set without any validator.',
    remedy: 'Add another validator first.',
  },
  NODE_VOTE_WITHOUT_QUORUM: {
    meaning:
      'After the vote passed, fewer validators than a quorum would be connected: the chain would stop.',
    remedy:
      'Start and connect the validators that the message names, or repeat it with force if they run and are only not connected to this node.',
  },
  NODE_NO_VOTE: {
    meaning:
      'This node has no validator key, or is not in the validator set, so it casts no votes.',
    remedy: 'Ask a node that votes; force has a candidate vote as soon as it is a validator.',
  },
  NODE_VALIDATORS_BY_CONTRACT: {
    meaning: 'A contract names the validators, so votes in headers do not exist.',
    remedy: 'Change the set by a transaction to the contract that the message names.',
  },
  NODE_BLOCK_REFUSED: {
    meaning: 'A block that a peer sent during catch-up was refused.',
    remedy: 'Nothing to do: another peer is asked. If it goes on, compare the genesis files.',
  },
  NODE_BODY_MISMATCH: {
    meaning:
      'The transactions that a proposer or a peer gave for a block do not give the root in its header.',
    remedy:
      'Nothing to do: the round changes, or another peer is asked. If it goes on, look at who gave them.',
  },
  NODE_METRICS_PORT_IN_USE: {
    meaning: 'The port for metrics is used by another process.',
    remedy: 'Move it with --metrics-port, or turn metrics off with --metrics-port 0.',
  },
  NODE_METRICS_LISTEN_FAILED: {
    meaning: 'The system does not let the node listen on the address or port for metrics.',
    remedy: 'Name another address with --metrics-host, and a port above 1023.',
  },
  NODE_ALLOWLIST_INVALID: {
    meaning: 'The allowlist file is not JSON of the form {"allow": [...], "deny": [...]}.',
    remedy:
      'Correct the file; it is read again as soon as it changes. Until then the last good list holds.',
  },
};
