/**
 * The three kinds of failure, never mixed.
 *
 * 1. Refused input (from a peer, a client, a block) is a value: `Refusal`.
 * 2. An operational failure (disk, socket, configuration) is thrown: `CodedError`.
 * 3. A broken invariant is a fault of this program: `invariant` throws `InvariantError`.
 *
 * Each folder's `errors.ts` has one table of its codes with what to do next; `docs/reference/errors.md`
 * is generated from them.
 */

/** Input that was refused. `code` names the reason; further fields are facts about it. */
export type Refusal<Code extends string = string> = {
  readonly ok: false;
  readonly code: Code;
  /** One sentence for a person; never parsed. */
  readonly message: string;
};

/** A result that is either accepted (`ok: true` and its fields) or refused with a code. */
export type Verdict<Accepted extends object, Code extends string = string> =
  | (Readonly<Accepted> & { readonly ok: true })
  | Refusal<Code>;

/** Makes a `Refusal`. */
export function refuse<Code extends string>(code: Code, message: string): Refusal<Code> {
  return { ok: false, code, message };
}

/** An operational failure. `detail.code` is stable; the other fields are typed per code. */
export class CodedError<D extends { readonly code: string }> extends Error {
  readonly detail: D;

  constructor(message: string, detail: D, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CodedError';
    this.detail = detail;
  }

  get code(): D['code'] {
    return this.detail.code;
  }
}

/** A fault of this program: the node stops, the store stays consistent. */
export class InvariantError extends Error {
  constructor(rule: string) {
    super(`broken invariant: ${rule}`);
    this.name = 'InvariantError';
  }
}

/** Throws `InvariantError` unless `condition` holds. */
export function invariant(condition: unknown, rule: string): asserts condition {
  if (!condition) throw new InvariantError(rule);
}

/** Each code of a folder with its meaning and what to do next; the source of the reference page. */
export type ErrorTable = Readonly<
  Record<string, { readonly meaning: string; readonly remedy: string }>
>;
