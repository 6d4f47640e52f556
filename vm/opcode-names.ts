/** Names of instructions as tools know them from geth. */

const NAMES: ReadonlyMap<number, string> = new Map([
  ...from(0x00, 'STOP ADD MUL SUB DIV SDIV MOD SMOD ADDMOD MULMOD EXP SIGNEXTEND'),
  ...from(0x10, 'LT GT SLT SGT EQ ISZERO AND OR XOR NOT BYTE SHL SHR SAR CLZ'),
  ...from(0x20, 'KECCAK256'),
  ...from(0x30, 'ADDRESS BALANCE ORIGIN CALLER CALLVALUE CALLDATALOAD CALLDATASIZE CALLDATACOPY'),
  ...from(0x38, 'CODESIZE CODECOPY GASPRICE EXTCODESIZE EXTCODECOPY RETURNDATASIZE RETURNDATACOPY'),
  ...from(0x3f, 'EXTCODEHASH BLOCKHASH COINBASE TIMESTAMP NUMBER DIFFICULTY GASLIMIT CHAINID'),
  ...from(0x47, 'SELFBALANCE BASEFEE BLOBHASH BLOBBASEFEE'),
  ...from(0x50, 'POP MLOAD MSTORE MSTORE8 SLOAD SSTORE JUMP JUMPI PC MSIZE GAS JUMPDEST'),
  ...from(0x5c, 'TLOAD TSTORE MCOPY PUSH0'),
  ...counted(0x60, 32, 'PUSH', 1),
  ...counted(0x80, 16, 'DUP', 1),
  ...counted(0x90, 16, 'SWAP', 1),
  ...counted(0xa0, 5, 'LOG', 0),
  ...from(0xf0, 'CREATE CALL CALLCODE RETURN DELEGATECALL CREATE2'),
  ...from(0xfa, 'STATICCALL'),
  ...from(0xfd, 'REVERT INVALID SELFDESTRUCT'),
]);

/** Whether or not the fork has it. */
export function opcodeName(opcode: number): string {
  return NAMES.get(opcode) ?? `opcode 0x${opcode.toString(16)} not defined`;
}

function from(first: number, names: string): (readonly [number, string])[] {
  return names.split(' ').map((name, i) => [first + i, name] as const);
}

function counted(
  first: number,
  count: number,
  name: string,
  start: number,
): (readonly [number, string])[] {
  return Array.from({ length: count }, (_, i) => [first + i, `${name}${start + i}`] as const);
}
