/** Real contracts with small faults: how compilers write, and what an instruction more or less does to it. */
import type { Random } from '../../../consensus/testkit/random.ts';
import { randomBytes } from './pool.ts';
import type { Program } from './program.ts';

/** The instructions of a code; the data of a PUSH belongs to it. */
export function instructionsOf(code: Uint8Array): Program {
  const instructions: Uint8Array[] = [];
  for (let at = 0; at < code.length; ) {
    const byte = code[at] as number;
    const length = byte >= 0x60 && byte <= 0x7f ? byte - 0x5e : 1;
    instructions.push(code.slice(at, at + length));
    at += length;
  }
  return instructions;
}

/** The contract as it is, or with up to three instructions changed, left out, doubled or made up. */
export function mutate(random: Random, code: Uint8Array): Program {
  const program = [...instructionsOf(code)];
  const changes = random.chance(0.4) ? 0 : random.between(1, 3);
  for (let i = 0; i < changes && program.length > 0; i += 1) {
    const at = random.between(0, program.length - 1);
    const instruction = program[at] as Uint8Array;
    switch (random.between(0, 3)) {
      case 0:
        // Of the same length, so that the jumps of the rest still land.
        program[at] = randomBytes(random, instruction.length);
        break;
      case 1:
        program[at] = new Uint8Array(instruction.length).fill(0x5b);
        break;
      case 2:
        program.splice(at, 1);
        break;
      default:
        program.splice(at, 0, instruction);
    }
  }
  return program;
}
