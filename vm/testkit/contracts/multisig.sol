// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// An account of several owners, run behind a proxy as Safe's are: a quorum signs a typed message, anyone
/// sends it, the account calls or delegates.
contract Multisig {
    bytes32 private constant ORDER =
        keccak256("Order(address to,uint256 value,bytes data,bool delegated,uint256 nonce)");

    mapping(address => bool) public isOwner;
    uint256 public quorum;
    uint256 public nonce;

    event Executed(uint256 indexed nonce, bool success);

    error AlreadySetUp();
    error BadSignatures();
    error Failed(bytes reason);

    receive() external payable {}

    function setUp(address[] calldata owners, uint256 quorum_) external {
        if (quorum != 0) revert AlreadySetUp();
        require(quorum_ > 0 && quorum_ <= owners.length, "quorum");
        for (uint256 i; i < owners.length; ++i) isOwner[owners[i]] = true;
        quorum = quorum_;
    }

    function orderHash(address to, uint256 value, bytes calldata data, bool delegated, uint256 at)
        public
        view
        returns (bytes32)
    {
        bytes32 domain = keccak256(
            abi.encode(keccak256("EIP712Domain(uint256 chainId,address verifyingContract)"), block.chainid, this)
        );
        bytes32 order = keccak256(abi.encode(ORDER, to, value, keccak256(data), delegated, at));
        return keccak256(abi.encodePacked(hex"1901", domain, order));
    }

    /// Signatures are r, s, v each, in ascending order of their owners.
    function execute(address to, uint256 value, bytes calldata data, bool delegated, bytes calldata signatures)
        external
        payable
        returns (bytes memory result)
    {
        _check(orderHash(to, value, data, delegated, nonce), signatures);
        bool success;
        (success, result) = delegated ? to.delegatecall(data) : to.call{value: value}(data);
        if (!success) revert Failed(result);
        emit Executed(nonce++, success);
    }

    function _check(bytes32 hash, bytes calldata signatures) private view {
        if (signatures.length < quorum * 65) revert BadSignatures();
        address last;
        for (uint256 i; i < quorum; ++i) {
            bytes calldata one = signatures[i * 65:(i + 1) * 65];
            address signer = ecrecover(hash, uint8(one[64]), bytes32(one[:32]), bytes32(one[32:64]));
            if (signer <= last || !isOwner[signer]) revert BadSignatures();
            last = signer;
        }
    }
}

/// Delegates everything to one implementation; its storage is its own.
contract Proxy {
    address private immutable implementation;

    constructor(address implementation_) {
        implementation = implementation_;
    }

    fallback() external payable {
        address target = implementation;
        assembly {
            calldatacopy(0, 0, calldatasize())
            let success := delegatecall(gas(), target, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if success { return(0, returndatasize()) }
            revert(0, returndatasize())
        }
    }

    receive() external payable {
        (bool success,) = implementation.delegatecall("");
        require(success);
    }
}
