/** Hashes and zero values that the protocol names. */
import { type Address, asAddress, asHash, type Hash, hexToBytes } from './bytes.ts';

/** Root of an empty trie: keccak(0x80). */
export const EMPTY_ROOT: Hash = asHash(
  hexToBytes('0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421'),
);

/** keccak of the empty string: the code hash of an account without code. */
export const EMPTY_CODE_HASH: Hash = asHash(
  hexToBytes('0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470'),
);

/** keccak(0xc0): what a block without ommers commits to. */
export const EMPTY_OMMERS_HASH: Hash = asHash(
  hexToBytes('0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347'),
);

/** sha256 of the empty string: EIP-7685 with no requests. */
export const EMPTY_REQUESTS_HASH: Hash = asHash(
  hexToBytes('0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'),
);

/** Istanbul's constant `mixHash`, by which tools know a BFT header. */
export const QBFT_MIX_HASH: Hash = asHash(
  hexToBytes('0x63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365'),
);

export const ZERO_HASH: Hash = asHash(new Uint8Array(32));
export const ZERO_ADDRESS: Address = asAddress(new Uint8Array(20));
