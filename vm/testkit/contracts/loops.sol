// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Loops that do one thing, as a compiler writes them.
contract Loops {
    uint256 public counter;

    function arithmetic(uint256 rounds) external pure returns (uint256 x) {
        unchecked {
            for (uint256 i; i < rounds; ++i) x = (x + i) * 3 ^ (x >> 2);
        }
    }

    function hashing(uint256 rounds) external pure returns (bytes32 x) {
        for (uint256 i; i < rounds; ++i) {
            assembly ("memory-safe") {
                mstore(0, x)
                mstore(32, i)
                x := keccak256(0, 64)
            }
        }
    }

    function storing(uint256 rounds) external {
        for (uint256 i; i < rounds; ++i) counter = counter + i;
    }
}
