// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";

/// @title Who may send transactions and who may deploy contracts
/// @notice Every node reads the rights of a sender out of this storage before each transaction. Accounts that
/// are named have the rights that are written here; all others have those of everyone.
/// @dev Lies in the genesis file, so it has no constructor: the first administrators are written into its
/// storage. The first two variables are read by their slots (rule X-52): they stay where they are.
contract Permissions {
    using EnumerableSet for EnumerableSet.AddressSet;

    uint256 public constant SEND = 1;
    uint256 public constant DEPLOY = 2;
    uint256 public constant ADMINISTER = 4;
    uint256 private constant NAMED = 8;

    mapping(address account => uint256) private _rights;
    uint256 private _everyone;
    EnumerableSet.AddressSet private _named;
    /// @notice How many may change rights; never none.
    uint256 public administrators;

    event RightsChanged(address indexed account, uint256 rights, address indexed by);
    event Forgotten(address indexed account, address indexed by);
    event EveryoneChanged(uint256 rights, address indexed by);

    error NotAdministrator(address sender);
    error LastAdministrator(address account);
    error UnknownRights(uint256 rights);

    modifier onlyAdministrator() {
        if (_rights[msg.sender] & ADMINISTER == 0) revert NotAdministrator(msg.sender);
        _;
    }

    /// @notice Names an account and says what it may: a sum of SEND, DEPLOY and ADMINISTER; 0 for nothing.
    function setRights(address account, uint256 rights) external onlyAdministrator {
        if (rights > (SEND | DEPLOY | ADMINISTER)) revert UnknownRights(rights);
        _set(account, rights | NAMED);
        _named.add(account);
        emit RightsChanged(account, rights, msg.sender);
    }

    /// @notice The account has the rights of everyone again.
    function forget(address account) external onlyAdministrator {
        _set(account, 0);
        _named.remove(account);
        emit Forgotten(account, msg.sender);
    }

    /// @notice Says what accounts may that are not named: a sum of SEND and DEPLOY; 0 for nothing.
    function setEveryone(uint256 rights) external onlyAdministrator {
        if (rights > (SEND | DEPLOY)) revert UnknownRights(rights);
        _everyone = rights;
        emit EveryoneChanged(rights, msg.sender);
    }

    /// @notice What an account may, and whether it is named.
    function rightsOf(address account) public view returns (uint256 rights, bool named) {
        uint256 own = _rights[account];
        named = own & NAMED != 0;
        rights = named ? own & ~NAMED : _everyone;
    }

    /// @notice What accounts may that are not named.
    function everyone() external view returns (uint256 rights) {
        return _everyone;
    }

    /// @notice How many accounts are named.
    function namedCount() external view returns (uint256) {
        return _named.length();
    }

    /// @notice At most `count` of the named accounts with their rights, from the one at index `from` on.
    function namedAccounts(uint256 from, uint256 count)
        external
        view
        returns (address[] memory accounts, uint256[] memory rights)
    {
        uint256 length = _named.length();
        uint256 left = from < length ? length - from : 0;
        uint256 found = count < left ? count : left;
        accounts = new address[](found);
        rights = new uint256[](found);
        for (uint256 i = 0; i < found; i++) {
            accounts[i] = _named.at(from + i);
            (rights[i], ) = rightsOf(accounts[i]);
        }
    }

    /// @notice The question of the EEA's account permissioning; a transaction to the address zero is a deployment.
    function transactionAllowed(
        address sender,
        address target,
        uint256,
        uint256,
        uint256,
        bytes calldata
    ) external view returns (bool) {
        (uint256 rights, ) = rightsOf(sender);
        uint256 needed = target == address(0) ? SEND | DEPLOY : SEND;
        return rights & needed == needed;
    }

    function _set(address account, uint256 value) private {
        bool was = _rights[account] & ADMINISTER != 0;
        bool becomes = value & ADMINISTER != 0;
        if (was && !becomes) {
            if (administrators == 1) revert LastAdministrator(account);
            administrators -= 1;
        }
        if (!was && becomes) administrators += 1;
        _rights[account] = value;
    }
}
