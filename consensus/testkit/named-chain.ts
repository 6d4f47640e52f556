/** Headers that list nobody, each with the proof of what a contract named in the state after its parent. */
import { keccak256 } from '#crypto';
import {
  type Address,
  type BlockHeader,
  bigintToBytes,
  bytesToBigint,
  encodeAccount,
  encodeRlp,
  type Hash,
  headerHash,
  hexToBytes,
  joinTrieProofs,
} from '../../ledger/model/index.ts';
import type { SealedStep } from '../proof-bundle.ts';
import type { ValidatorSource } from '../schedule.ts';
import type { TrustAnchor } from '../trust-path.ts';
import { ACCOUNTS, anchorOf, sealedHeader, trieOf } from './proved-chain.ts';
import { genesisHeader, type Identity } from './toy-chain.ts';

const CONTRACT: Address = new Uint8Array(20).fill(0xe1) as Uint8Array as Address;
export const BY_CONTRACT: ValidatorSource = { kind: 'contract', address: CONTRACT };
/** Of `genesis/contracts/src/Validators.sol`. */
export const KNOWN_CODE: Hash = hexToBytes(
  '0xd0f594494ed6483d17a25155072619ad4aad6c5cc784eaeefe574987913b7975',
) as Hash;

function slotOf(number: bigint): Uint8Array {
  return hexToBytes(`0x${number.toString(16).padStart(64, '0')}`);
}

type Named = {
  readonly stateRoot: Hash;
  readonly account: readonly Uint8Array[];
  readonly storage: readonly Uint8Array[];
};

/** A state in which the contract names those, in the order given. */
function stateNaming(set: readonly Identity[], codeHash: Hash = KNOWN_CODE): Named {
  const first = bytesToBigint(keccak256(slotOf(0n)));
  const slots = [0n, ...set.map((_, index) => first + BigInt(index))].map(slotOf);
  const values = [bigintToBytes(BigInt(set.length)), ...set.map(({ address }) => address)];
  const filled = slots
    .map((slot, index) => ({ key: keccak256(slot), value: encodeRlp(values[index] as Uint8Array) }))
    .filter((_, index) => index > 0 || set.length > 0);
  // Ballots and the like.
  const others = Array.from({ length: 20 }, (_, index) => ({
    key: keccak256(slotOf(BigInt(1_000 + index))),
    value: encodeRlp(Uint8Array.of(index + 1)),
  }));
  const storage = trieOf([...filled, ...others]);
  const account = { nonce: 1n, balance: 0n, storageRoot: storage.root, codeHash };
  const state = trieOf([...ACCOUNTS, { key: keccak256(CONTRACT), value: encodeAccount(account) }]);
  return {
    stateRoot: state.root,
    account: state.prove(keccak256(CONTRACT)),
    storage: joinTrieProofs(slots.map((slot) => storage.prove(keccak256(slot)))),
  };
}

type NamedOptions = {
  readonly sealers?: readonly Identity[];
  /** None: the parent is bare. */
  readonly parentSealers?: readonly Identity[];
  readonly codeHash?: Hash;
  readonly parent?: BlockHeader;
};

/** The header at that height, made by the set that the contract names after its parent. */
export function namedStep(
  number: bigint,
  set: readonly Identity[],
  { sealers = set, parentSealers = [], codeHash, parent: given }: NamedOptions = {},
): SealedStep {
  const { stateRoot, account, storage } = stateNaming(set, codeHash);
  const parent = given ?? sealedHeader(number - 1n, [], parentSealers, { stateRoot });
  const parentHash = headerHash(parent, 'qbft');
  const header = sealedHeader(number, [], sealers, { parentHash });
  return { header, namedBy: { parent, account, storage } };
}

/** A genesis file whose contract names those, and block 0 with that state. */
export function namedGenesis(set: readonly Identity[]): {
  readonly anchor: TrustAnchor;
  readonly block: BlockHeader;
} {
  const block = { ...genesisHeader([]), stateRoot: stateNaming(set).stateRoot };
  const { qbft } = anchorOf(set);
  const anchor = {
    hash: headerHash(block, 'qbft'),
    validators: [],
    qbft: { ...qbft, source: BY_CONTRACT },
  };
  return { anchor, block };
}
