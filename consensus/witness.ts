/**
 * What each author was heard to sign: the first statement of each kind and round. Only authenticated
 * messages get in, so whatever contradicts one of them and is signed is evidence. Evidence E-2
 *
 * Bounded like the votes: the newest rounds of each author and kind. What comes first when its round is
 * over is not checked, so it is not remembered either. Evidence E-4
 */
import { keyOf } from '../ledger/model/index.ts';
import type { MessageHead } from './messages.ts';
import { contradicts } from './statement.ts';
import { ROUNDS_PER_AUTHOR } from './vote-book.ts';

/** Of one height; by kind and author, rounds ascending. */
export type Witness = ReadonlyMap<string, readonly MessageHead[]>;

/** With a message whose signature was checked; the first of its kind, author and round stays. */
export function withStatement(witness: Witness, message: MessageHead): Witness {
  const key = keyOfStatement(message);
  const known = witness.get(key) ?? [];
  const { round } = message.signed;
  if (known.some((each) => each.signed.round === round)) return witness;
  const rounds = [...known, message].sort((a, b) => a.signed.round - b.signed.round);
  return new Map(witness).set(key, rounds.slice(-ROUNDS_PER_AUTHOR));
}

/** What the author of this message has said before and contradicts with it. */
export function contradictedBy(witness: Witness, message: MessageHead): MessageHead | undefined {
  return witness.get(keyOfStatement(message))?.find((each) => contradicts(each, message));
}

function keyOfStatement({ kind, signed }: MessageHead): string {
  return `${kind} ${keyOf(signed.author)}`;
}
