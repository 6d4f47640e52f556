/** EVM programs written as words: names of instructions, and numbers, which are pushed. */
import { hexToBytes } from '../../ledger/model/index.ts';
import { opcodeName } from '../opcode-names.ts';

const OPCODES: ReadonlyMap<string, number> = new Map(
  Array.from({ length: 256 }, (_, opcode) => [opcodeName(opcode), opcode] as const),
);

/**
 * `CALLVALUE 0 SSTORE 0x0100 STOP`: a decimal number is pushed with as few bytes as it takes, one in
 * hexadecimal with as many as it is written with; `PUSH0` pushes zero without an operand.
 * @throws TypeError for a word that is neither
 */
export function assemble(program: string): Uint8Array {
  const words = program.trim().split(/\s+/);
  return hexToBytes(words.map(encode).join(''));
}

/** Initcode that makes a contract with that code. */
export function deploying(code: Uint8Array): Uint8Array {
  const head = assemble(
    `0x${code.length.toString(16).padStart(4, '0')} DUP1 10 PUSH0 CODECOPY PUSH0 RETURN`,
  );
  return Uint8Array.of(...head, ...code);
}

function encode(word: string): string {
  const opcode = OPCODES.get(word);
  if (opcode !== undefined) return hex(opcode);
  if (/^0x([0-9a-f]{2})+$/i.test(word)) return hex(0x5f + (word.length - 2) / 2) + word.slice(2);
  if (!/^\d+$/.test(word)) throw new TypeError(`an instruction or a number, got ${word}`);
  const digits = BigInt(word).toString(16);
  return encode(`0x${digits.padStart(digits.length + (digits.length % 2), '0')}`);
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
