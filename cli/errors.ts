/** Failures of the commands themselves. */
import { CodedError, type ErrorTable } from '../ledger/model/index.ts';

export type CliCode =
  | 'CLI_USAGE'
  | 'CLI_FILE_UNREADABLE'
  | 'CLI_FILE_UNWRITABLE'
  | 'CLI_EVIDENCE_FILE'
  | 'CLI_BACKUP_FAILED'
  | 'CLI_NODE_REFUSED'
  | 'CLI_NODE_UNREACHABLE'
  | 'CLI_KEY_NEEDED'
  | 'CLI_FOREIGN_CONTRACT'
  | 'CLI_NOT_PERMISSIONED'
  | 'CLI_NOT_FINAL'
  | 'CLI_PORT_IN_USE'
  | 'CLI_PORT_REFUSED'
  | 'CLI_DIRECTORY_FOREIGN'
  | 'CLI_DIRECTORY_BUSY'
  | 'CLI_DIRECTORY_UNWRITABLE'
  | 'CLI_DIRECTORY_SIZE'
  | 'CLI_VALIDATOR_FAILED';

const ENTRIES: Readonly<Record<CliCode, { readonly meaning: string; readonly remedy: string }>> = {
  CLI_USAGE: {
    meaning: 'A command or option is not used as it should be.',
    remedy: 'Run the command with --help.',
  },
  CLI_FILE_UNREADABLE: {
    meaning: 'A file named on the command line cannot be read, or is not JSON.',
    remedy: 'Check the path, the permissions and the content of the file.',
  },
  CLI_FILE_UNWRITABLE: {
    meaning: 'A file named on the command line exists already or cannot be written.',
    remedy: 'Name another one: files are never written over.',
  },
  CLI_EVIDENCE_FILE: {
    meaning: 'The file is not one that `ehb evidence export` writes.',
    remedy: 'Export the evidence again, or check that the file came whole.',
  },
  CLI_BACKUP_FAILED: {
    meaning: 'The node could not write the backup.',
    remedy: 'The message says why; the file is on the machine of the node, made by its user.',
  },
  CLI_NODE_REFUSED: {
    meaning: 'A node answered a request with an error.',
    remedy: 'Read the message; an older node may not know the method.',
  },
  CLI_NODE_UNREACHABLE: {
    meaning: 'A node did not answer.',
    remedy: 'Check the URL, and that the node runs: its log is node.log in its data directory.',
  },
  CLI_KEY_NEEDED: {
    meaning: 'A vote in a contract is a transaction, which the validator key has to sign.',
    remedy: 'Name the key of the validator that votes: --key node-0/validator.key.',
  },
  CLI_FOREIGN_CONTRACT: {
    meaning: 'The validators are named by a contract that this program does not know.',
    remedy: 'Change the set with the tools of that contract.',
  },
  CLI_NOT_PERMISSIONED: {
    meaning: 'The chain has no permission contract, or not the one of this program.',
    remedy:
      'Nothing, if everyone may send; `ehb genesis show` tells. Another contract is changed with its own tools.',
  },
  CLI_NOT_FINAL: {
    meaning: 'A transaction was sent and is not in a block yet.',
    remedy:
      'Look at `ehb status`: the network may have no quorum. The vote counts when it is final.',
  },
  CLI_PORT_IN_USE: {
    meaning: 'A port that is needed is used by another process.',
    remedy: 'Stop the other process, or move the port with the option that the message names.',
  },
  CLI_PORT_REFUSED: {
    meaning: 'The system does not let this process listen on an address or port.',
    remedy: 'Choose an address of this machine and a port above 1023.',
  },
  CLI_DIRECTORY_FOREIGN: {
    meaning: 'The directory is not empty and was not made by `ehb dev`, so it is left alone.',
    remedy: 'Name another directory with --data-dir.',
  },
  CLI_DIRECTORY_BUSY: {
    meaning: 'Another `ehb dev` runs on the same directory.',
    remedy: 'Use the network that runs, stop it, or start with another --data-dir and --base-port.',
  },
  CLI_DIRECTORY_UNWRITABLE: {
    meaning: 'The data directory cannot be written.',
    remedy: 'Name another one with --data-dir, or correct its owner and permissions.',
  },
  CLI_DIRECTORY_SIZE: {
    meaning: 'The directory holds a network of another number of validators.',
    remedy: 'Leave --validators away, start over with --fresh, or name another --data-dir.',
  },
  CLI_VALIDATOR_FAILED: {
    meaning: 'A validator of the development network could not start.',
    remedy: 'Read the message above and node.log in its directory; --fresh starts a new chain.',
  },
};

export const CLI_ERRORS: ErrorTable = ENTRIES;

export type CliError = CodedError<{ readonly code: CliCode }>;

export function cliError(code: CliCode, message: string, cause?: unknown): CliError {
  return new CodedError(message, { code }, cause === undefined ? undefined : { cause });
}
