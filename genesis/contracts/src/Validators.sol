// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";

/// @title The validators of a QBFT network, chosen by their own votes
/// @notice The consensus asks `getValidators()` after each block: the answer makes the next one.
/// More than half of the validators add or drop one; each votes by a transaction of its own address.
/// @dev Lies in the genesis file, so it has no constructor: the first set and the minimum are written into
/// its storage. Whoever changes the order of the variables changes `genesis/contracts` with it.
contract Validators {
    using EnumerableSet for EnumerableSet.AddressSet;

    struct Ballot {
        /// Number of the vote, from 1; 0: none.
        uint64 number;
        bool add;
    }

    /// A set that no QBFT network needs, and that every node can read in one call.
    uint256 public constant MOST_VALIDATORS = 256;

    EnumerableSet.AddressSet private _validators;
    /// @notice The set never becomes smaller than this.
    uint256 public minimumValidators;
    uint64 private _lastVote;
    mapping(address recipient => mapping(address voter => Ballot)) private _ballots;
    /// Votes about a recipient, and votes by a validator, count only if they are newer than this.
    mapping(address recipient => uint64) private _decidedAt;
    mapping(address validator => uint64) private _joinedAt;

    event Voted(address indexed voter, address indexed recipient, bool add);
    event Retracted(address indexed voter, address indexed recipient);
    event ValidatorAdded(address indexed validator, uint256 count);
    event ValidatorDropped(address indexed validator, uint256 count);

    error NotValidator(address sender);
    error NothingToChange(address recipient, bool add);
    error NoValidator(address recipient);
    error TooFewValidators(uint256 minimum);
    error TooManyValidators(uint256 maximum);

    modifier onlyValidator() {
        if (!_validators.contains(msg.sender)) revert NotValidator(msg.sender);
        _;
    }

    /// @notice Votes to add or to drop a validator; replaces what this validator voted about it before.
    function vote(address recipient, bool add) external onlyValidator {
        uint256 count = _validators.length();
        if (_validators.contains(recipient) == add) revert NothingToChange(recipient, add);
        if (recipient == address(0)) revert NoValidator(recipient);
        if (add && count >= MOST_VALIDATORS) revert TooManyValidators(MOST_VALIDATORS);
        if (!add && count <= minimumValidators) revert TooFewValidators(minimumValidators);
        _lastVote += 1;
        _ballots[recipient][msg.sender] = Ballot(_lastVote, add);
        emit Voted(msg.sender, recipient, add);
        if (votersFor(recipient, add).length >= votesNeeded()) _decide(recipient, add);
    }

    /// @notice Takes back what this validator voted about that address.
    function retract(address recipient) external onlyValidator {
        delete _ballots[recipient][msg.sender];
        emit Retracted(msg.sender, recipient);
    }

    /// @notice Who makes the next block; in no order.
    function getValidators() external view returns (address[] memory) {
        return _validators.values();
    }

    function isValidator(address account) external view returns (bool) {
        return _validators.contains(account);
    }

    /// @notice Votes that change the set: more than half.
    function votesNeeded() public view returns (uint256) {
        return _validators.length() / 2 + 1;
    }

    /// @notice The validators whose vote for that change counts now.
    function votersFor(address recipient, bool add) public view returns (address[] memory voters) {
        uint256 count = _validators.length();
        voters = new address[](count);
        uint256 found = 0;
        for (uint256 i = 0; i < count; i++) {
            address voter = _validators.at(i);
            if (_counts(_ballots[recipient][voter], recipient, voter, add)) {
                voters[found] = voter;
                found += 1;
            }
        }
        // Shortens the list in place.
        assembly ("memory-safe") {
            mstore(voters, found)
        }
    }

    function _counts(
        Ballot storage ballot,
        address recipient,
        address voter,
        bool add
    ) private view returns (bool) {
        uint64 number = ballot.number;
        return
            number != 0 &&
            ballot.add == add &&
            number > _decidedAt[recipient] &&
            number > _joinedAt[voter];
    }

    function _decide(address recipient, bool add) private {
        _decidedAt[recipient] = _lastVote;
        if (add) {
            _validators.add(recipient);
            _joinedAt[recipient] = _lastVote;
            emit ValidatorAdded(recipient, _validators.length());
        } else {
            _validators.remove(recipient);
            emit ValidatorDropped(recipient, _validators.length());
        }
    }
}
