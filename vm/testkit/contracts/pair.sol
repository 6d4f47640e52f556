// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// Two reserves whose product never falls: the exchange that Uniswap V2 made common, with packed reserves,
/// a price accumulator and a lock.
contract Pair is ERC20 {
    using SafeERC20 for IERC20;

    IERC20 public immutable token0;
    IERC20 public immutable token1;

    uint112 public reserve0;
    uint112 public reserve1;
    uint32 public updatedAt;
    uint256 public price0Accumulated;
    uint256 public price1Accumulated;
    uint256 private locked = 1;

    event Swap(address indexed by, uint256 in0, uint256 in1, uint256 out0, uint256 out1, address indexed to);
    event Sync(uint112 reserve0, uint112 reserve1);

    error Locked();
    error TooLittle();
    error ProductFell();

    modifier once() {
        if (locked != 1) revert Locked();
        locked = 2;
        _;
        locked = 1;
    }

    constructor(IERC20 a, IERC20 b) ERC20("Shares", "SHARE") {
        (token0, token1) = address(a) < address(b) ? (a, b) : (b, a);
    }

    function mint(address to) external once returns (uint256 shares) {
        (uint256 balance0, uint256 balance1) = _balances();
        uint256 in0 = balance0 - reserve0;
        uint256 in1 = balance1 - reserve1;
        uint256 supply = totalSupply();
        shares = supply == 0
            ? Math.sqrt(in0 * in1)
            : Math.min((in0 * supply) / reserve0, (in1 * supply) / reserve1);
        if (shares == 0) revert TooLittle();
        _mint(to, shares);
        _update(balance0, balance1);
    }

    function burn(address to) external once returns (uint256 out0, uint256 out1) {
        (uint256 balance0, uint256 balance1) = _balances();
        uint256 shares = balanceOf(address(this));
        uint256 supply = totalSupply();
        out0 = (shares * balance0) / supply;
        out1 = (shares * balance1) / supply;
        if (out0 == 0 || out1 == 0) revert TooLittle();
        _burn(address(this), shares);
        token0.safeTransfer(to, out0);
        token1.safeTransfer(to, out1);
        (balance0, balance1) = _balances();
        _update(balance0, balance1);
    }

    function swap(uint256 out0, uint256 out1, address to) external once {
        if (out0 == 0 && out1 == 0) revert TooLittle();
        (uint256 before0, uint256 before1) = (reserve0, reserve1);
        if (out0 > 0) token0.safeTransfer(to, out0);
        if (out1 > 0) token1.safeTransfer(to, out1);
        (uint256 balance0, uint256 balance1) = _balances();
        uint256 in0 = balance0 > before0 - out0 ? balance0 - (before0 - out0) : 0;
        uint256 in1 = balance1 > before1 - out1 ? balance1 - (before1 - out1) : 0;
        uint256 product = (balance0 * 1000 - in0 * 3) * (balance1 * 1000 - in1 * 3);
        if (product < before0 * before1 * 1_000_000) revert ProductFell();
        _update(balance0, balance1);
        emit Swap(msg.sender, in0, in1, out0, out1, to);
    }

    function _balances() private view returns (uint256, uint256) {
        return (token0.balanceOf(address(this)), token1.balanceOf(address(this)));
    }

    function _update(uint256 balance0, uint256 balance1) private {
        uint32 elapsed;
        unchecked {
            elapsed = uint32(block.timestamp) - updatedAt;
        }
        if (elapsed > 0 && reserve0 > 0 && reserve1 > 0) {
            unchecked {
                price0Accumulated += ((uint256(reserve1) << 112) / reserve0) * elapsed;
                price1Accumulated += ((uint256(reserve0) << 112) / reserve1) * elapsed;
            }
        }
        reserve0 = uint112(balance0);
        reserve1 = uint112(balance1);
        updatedAt = uint32(block.timestamp);
        emit Sync(reserve0, reserve1);
    }
}

/// Makes pairs at addresses that follow from the tokens alone.
contract Factory {
    mapping(bytes32 => address) public pairs;

    function create(IERC20 a, IERC20 b) external returns (address pair) {
        bytes32 salt = keccak256(a < b ? abi.encode(a, b) : abi.encode(b, a));
        pair = address(new Pair{salt: salt}(a, b));
        pairs[salt] = pair;
    }
}

/// Transfers and calls a pair in one transaction, within the bounds that its caller gives.
contract Router {
    using SafeERC20 for IERC20;

    Factory public immutable factory;

    error NoPair();
    error TooLate(uint256 deadline);
    error LessThanAsked(uint256 amount, uint256 least);

    modifier until(uint256 deadline) {
        if (block.timestamp > deadline) revert TooLate(deadline);
        _;
    }

    constructor(Factory factory_) {
        factory = factory_;
    }

    function addLiquidity(IERC20 a, IERC20 b, uint256 amountA, uint256 amountB, address to, uint256 deadline)
        external
        until(deadline)
        returns (uint256 shares)
    {
        Pair pair = pairOf(a, b);
        a.safeTransferFrom(msg.sender, address(pair), amountA);
        b.safeTransferFrom(msg.sender, address(pair), amountB);
        shares = pair.mint(to);
    }

    function swapExact(IERC20 given, IERC20 wanted, uint256 amount, uint256 least, address to, uint256 deadline)
        external
        until(deadline)
        returns (uint256 out)
    {
        Pair pair = pairOf(given, wanted);
        bool isFirst = given == pair.token0();
        out = quote(amount, pair, isFirst);
        if (out < least) revert LessThanAsked(out, least);
        given.safeTransferFrom(msg.sender, address(pair), amount);
        pair.swap(isFirst ? 0 : out, isFirst ? out : 0, to);
    }

    /// What a pair gives for an amount of its first or second token.
    function quote(uint256 amount, Pair pair, bool isFirst) public view returns (uint256) {
        (uint256 own, uint256 other) = (pair.reserve0(), pair.reserve1());
        if (!isFirst) (own, other) = (other, own);
        return (amount * 997 * other) / (own * 1000 + amount * 997);
    }

    function removeLiquidity(IERC20 a, IERC20 b, uint256 shares, address to, uint256 deadline)
        external
        until(deadline)
        returns (uint256 out0, uint256 out1)
    {
        Pair pair = pairOf(a, b);
        IERC20(pair).safeTransferFrom(msg.sender, address(pair), shares);
        (out0, out1) = pair.burn(to);
    }

    function pairOf(IERC20 a, IERC20 b) public view returns (Pair pair) {
        pair = Pair(factory.pairs(keccak256(a < b ? abi.encode(a, b) : abi.encode(b, a))));
        if (address(pair) == address(0)) revert NoPair();
    }
}
