/** The door of `genesis`: the genesis file, the development accounts, the files of a new network. */
export type { SystemContract } from './contracts/addresses.ts';
export {
  PERMISSIONS_CONTRACT,
  SYSTEM_CONTRACTS,
  VALIDATORS_CONTRACT,
} from './contracts/addresses.ts';
export { errorNameOf } from './contracts/call-data.ts';
export type { FirstPermissions, NamedAccount } from './contracts/permissions.ts';
export {
  decodeNamedAccounts,
  encodeForget,
  encodeNamedAccounts,
  encodeSetEveryone,
  encodeSetRights,
  GET_EVERYONE,
  RIGHTS,
} from './contracts/permissions.ts';
export { encodeRetract, encodeVote } from './contracts/validators.ts';
export type { GenesisTiming, NewGenesis } from './create-genesis.ts';
export { createGenesis, DEFAULT_GAS_LIMIT, DEFAULT_TIMING } from './create-genesis.ts';
export type { DevelopmentAccount } from './development.ts';
export {
  DEVELOPMENT_BALANCE,
  DEVELOPMENT_CHAIN_ID,
  DEVELOPMENT_MNEMONIC,
  developmentAccounts,
} from './development.ts';
export { GENESIS_ERRORS } from './errors.ts';
export type { Genesis, ReferenceGenesis } from './genesis.ts';
export {
  decryptKeyFile,
  encryptKeyFile,
  readKeyFile,
  readPasswordFile,
} from './key-file.ts';
export { makeDirectory } from './make-directory.ts';
export type { NetworkFiles, NetworkNode, NetworkOptions, NodePorts } from './network-files.ts';
export {
  createNetworkFiles,
  createNodeFiles,
  multiaddrOf,
  peerIdOf,
  portsFrom,
  standardPorts,
} from './network-files.ts';
export type { NodeDirectory, NodeFile } from './node-directory.ts';
export { LEAST_RETENTION, readNodeDirectory } from './node-directory.ts';
export { parseGenesis } from './parse.ts';
export { parseReferenceGenesis } from './parse-reference.ts';
export type { ParsedGenesis, RefusedGenesis } from './parsed.ts';
export { BOUNDED_PRECOMPILE_GAS, precompileName } from './precompile-gas.ts';
