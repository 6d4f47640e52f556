/** Why a genesis file is refused, and why network files could not be made. */
import type { ErrorTable } from '../ledger/model/index.ts';

export type GenesisCode =
  | 'GENESIS_NOT_AN_OBJECT'
  | 'GENESIS_FIELD_MISSING'
  | 'GENESIS_FIELD_INVALID'
  | 'GENESIS_FIELD_REPEATED'
  | 'GENESIS_FIELDS_CONTRADICT'
  | 'GENESIS_CONFIG_MISSING'
  | 'GENESIS_NOT_QBFT'
  | 'GENESIS_NOT_REFERENCE'
  | 'GENESIS_EXTRA_DATA_TEMPLATE'
  | 'GENESIS_EXTRA_DATA_INVALID'
  | 'GENESIS_VALIDATORS_MISSING'
  | 'GENESIS_VALIDATORS_UNORDERED'
  | 'GENESIS_PERMISSIONS_MISSING'
  | 'GENESIS_MIGRATION_UNSUPPORTED'
  | 'GENESIS_TRANSITIONS_UNSUPPORTED'
  | 'GENESIS_TRANSITION_INVALID'
  | 'GENESIS_FORK_ORDER'
  | 'GENESIS_FORK_UNSUPPORTED'
  | 'GENESIS_ACCOUNT_INVALID';

/** Operational failures while files are written or read. */
export type GenesisFileCode =
  | 'GENESIS_DIRECTORY_NOT_EMPTY'
  | 'GENESIS_DIRECTORY_UNWRITABLE'
  | 'GENESIS_NODE_DIRECTORY_INCOMPLETE'
  | 'GENESIS_NODE_CONFIG_INVALID'
  | 'GENESIS_KEY_INVALID'
  | 'GENESIS_KEYSTORE_INVALID'
  | 'GENESIS_KEYSTORE_UNSUPPORTED'
  | 'GENESIS_PASSWORD_FILE'
  | 'GENESIS_PASSWORD_NEEDED'
  | 'GENESIS_PASSWORD_WRONG';

type Entry = { readonly meaning: string; readonly remedy: string };

const ENTRIES: Readonly<Record<GenesisCode | GenesisFileCode, Entry>> = {
  GENESIS_NOT_AN_OBJECT: {
    meaning: 'The genesis file, or a part of it that must be an object, is something else.',
    remedy: 'Write a JSON object there; docs/spec/genesis.md lists the fields.',
  },
  GENESIS_FIELD_MISSING: {
    meaning: 'A field without a default is absent.',
    remedy: 'Add the field that the message names.',
  },
  GENESIS_FIELD_INVALID: {
    meaning: 'A field has the wrong type, length or range.',
    remedy: 'Correct the field; the message says what belongs there and what was found.',
  },
  GENESIS_FIELD_REPEATED: {
    meaning: 'A field is given twice, in different letter case (keys are case-insensitive).',
    remedy: 'Keep one of the two.',
  },
  GENESIS_FIELDS_CONTRADICT: {
    meaning: 'Two fields exclude each other.',
    remedy: 'Decide which one is meant and remove or change the other.',
  },
  GENESIS_CONFIG_MISSING: {
    meaning: 'The file has no `config`, so chain id, forks and consensus are unknown.',
    remedy: 'Add `config` with `chainId`, the forks and `qbft`.',
  },
  GENESIS_NOT_QBFT: {
    meaning: '`config` has no `qbft`: the chain runs under another consensus.',
    remedy:
      'Add `config.qbft`. Chains of IBFT, Clique, Ethash or proof of stake cannot be run; the last two can be replayed and served: `ehb import --reference`, `ehb serve`.',
  },
  GENESIS_NOT_REFERENCE: {
    meaning:
      'The file is not that of a chain of proof of work or proof of stake, as go-ethereum has them.',
    remedy:
      'Leave `--reference` away for a chain of QBFT. Blocks of IBFT and Clique are not replayed.',
  },
  GENESIS_EXTRA_DATA_TEMPLATE: {
    meaning: '`extraData` is a placeholder that a generator should have filled.',
    remedy: 'Fill it with the RLP of the validators, for example with `ehb genesis create`.',
  },
  GENESIS_EXTRA_DATA_INVALID: {
    meaning: '`extraData` is not what QBFT needs in block 0.',
    remedy:
      'Write RLP([32 bytes of vanity, validators, [], 0, []]); `ehb genesis create` makes one.',
  },
  GENESIS_VALIDATORS_MISSING: {
    meaning: 'Nobody could make block 1: neither `extraData` nor a contract names validators.',
    remedy: 'List at least one validator in `extraData`, or put the contract into `alloc`.',
  },
  GENESIS_PERMISSIONS_MISSING: {
    meaning: '`config.permissions` names a contract that block 0 does not have: nobody could send.',
    remedy:
      'Put the contract into `alloc` with at least one administrator in its storage, as `ehb genesis create --permissioned` does, or name a later `fromBlock`.',
  },
  GENESIS_VALIDATORS_UNORDERED: {
    meaning: 'The validators in `extraData` are not in ascending order, or one is listed twice.',
    remedy: 'Sort them by address and list each once; the proposers follow that order.',
  },
  GENESIS_MIGRATION_UNSUPPORTED: {
    meaning: 'The chain started under another consensus and moves to QBFT at a later block.',
    remedy: 'Start a new chain; a chain that began under IBFT cannot be continued by this release.',
  },
  GENESIS_TRANSITIONS_UNSUPPORTED: {
    meaning: '`config.transitions` is not of QBFT as Besu writes it.',
    remedy:
      'Write the changes as `config.transitions.qbft`. A chain of GoQuorum, or of another consensus, cannot be joined.',
  },
  GENESIS_TRANSITION_INVALID: {
    meaning: 'An entry of `config.transitions.qbft` or `config.ehb.transitions` cannot take place.',
    remedy: 'Correct the entry; the message says what belongs there and what was found.',
  },
  GENESIS_FORK_ORDER: {
    meaning: 'A fork would begin before the one that it builds on.',
    remedy: 'Order the fork blocks and times as the forks came, oldest first.',
  },
  GENESIS_FORK_UNSUPPORTED: {
    meaning: 'The rules of the chain are older or newer than those that can be executed.',
    remedy: 'Start from `byzantiumBlock` to `osakaTime`; a new chain best from `osakaTime: 0`.',
  },
  GENESIS_ACCOUNT_INVALID: {
    meaning: 'An entry of `alloc` is not an account.',
    remedy: 'Correct the entry; the message says what belongs there and what was found.',
  },
  GENESIS_DIRECTORY_NOT_EMPTY: {
    meaning: 'Network files would be written over existing files.',
    remedy: 'Choose another directory, or move the old one away if its keys are not needed.',
  },
  GENESIS_DIRECTORY_UNWRITABLE: {
    meaning: 'A directory or file of the network could not be written.',
    remedy: 'Choose a directory that this user may write, or correct its owner and permissions.',
  },
  GENESIS_NODE_DIRECTORY_INCOMPLETE: {
    meaning: 'A file that a node directory needs is absent or cannot be read.',
    remedy: 'Name a directory made by `ehb genesis create`, or put the file back from a backup.',
  },
  GENESIS_NODE_CONFIG_INVALID: {
    meaning: '`config.json` of a node directory is not what the node understands.',
    remedy: 'Correct the field that the message names; docs/spec/genesis.md lists them.',
  },
  GENESIS_KEY_INVALID: {
    meaning: 'A key file does not hold a secp256k1 private key.',
    remedy:
      'Put back the 64 hexadecimal digits of the key, or its keystore. Never make up a new validator key.',
  },
  GENESIS_KEYSTORE_INVALID: {
    meaning: 'An encrypted key file is damaged, or not a keystore at all.',
    remedy: 'Put it back from a backup. The message says what is wrong with it.',
  },
  GENESIS_KEYSTORE_UNSUPPORTED: {
    meaning: 'A keystore is of another version, or protected in a way that is not read here.',
    remedy:
      'Write it again as Web3 Secret Storage version 3 with aes-128-ctr and scrypt, with go-ethereum, ethers or cast.',
  },
  GENESIS_PASSWORD_FILE: {
    meaning: 'The password file cannot be read, or its first line is empty.',
    remedy: 'Write the password into its first line, readable by the user of the node alone.',
  },
  GENESIS_PASSWORD_NEEDED: {
    meaning: 'A key file is encrypted.',
    remedy: 'Name the file with its password: `--password-file`, or `EHB_PASSWORD_FILE`.',
  },
  GENESIS_PASSWORD_WRONG: {
    meaning: 'The password does not open an encrypted key file.',
    remedy:
      'Check that the password file is the one of this key. Without the password the key is lost: replace the validator.',
  },
};

export const GENESIS_ERRORS: ErrorTable = ENTRIES;
