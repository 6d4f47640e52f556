// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";

/// A token that anyone may mint.
contract Coin is ERC20 {
    constructor() ERC20("Coin", "COIN") {
        _mint(msg.sender, 1_000_000 ether);
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// Unique items, numbered from one.
contract Deeds is ERC721 {
    uint256 public count;

    constructor() ERC721("Deeds", "DEED") {}

    function mint(address to) external returns (uint256 id) {
        id = ++count;
        _safeMint(to, id);
    }
}

/// Kinds of items, any number of each.
contract Goods is ERC1155 {
    constructor() ERC1155("https://example.test/{id}") {}

    function mint(address to, uint256[] calldata ids, uint256[] calldata amounts) external {
        _mintBatch(to, ids, amounts, "");
    }
}
