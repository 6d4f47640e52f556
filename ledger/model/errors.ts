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

/** Why bytes are refused by the decoders of the ledger's formats. */
export const MODEL_ERRORS: ErrorTable = {
  MODEL_RLP_TRUNCATED: {
    meaning: 'An RLP item is longer than the bytes that are there.',
    remedy: 'Send the whole encoding; check that nothing cut it.',
  },
  MODEL_RLP_TRAILING: {
    meaning: 'Bytes are left after the end of an RLP item.',
    remedy: 'Send the encoding alone.',
  },
  MODEL_RLP_NOT_MINIMAL: {
    meaning: 'An RLP length is not in its shortest form.',
    remedy: 'Encode with a library that follows the yellow paper, appendix B.',
  },
  MODEL_RLP_KIND: {
    meaning: 'An RLP list stands where a string belongs, or the reverse.',
    remedy: 'Check the order and number of the fields.',
  },
  MODEL_RLP_LENGTH: {
    meaning: 'A field has the wrong length, or a list has too few or too many items.',
    remedy: 'Check the number of fields; hashes have 32 bytes, addresses 20.',
  },
  MODEL_RLP_INTEGER: {
    meaning: 'An integer has a leading zero or is too large for its field.',
    remedy: 'Encode integers without leading zeros, zero as the empty string.',
  },
  MODEL_RLP_TOO_DEEP: {
    meaning: 'RLP lists are nested deeper than 64.',
    remedy: 'No format of Ethereum needs that: check where the bytes come from.',
  },
  MODEL_TRANSACTION_TYPE: {
    meaning: 'The transaction type is not 0 to 4.',
    remedy: 'Send a legacy transaction or one of type 1, 2 or 4.',
  },
  MODEL_TRANSACTION_NONCE: {
    meaning: 'The nonce is 2^64 - 1, which no transaction may have (EIP-2681).',
    remedy: 'Use the nonce that eth_getTransactionCount reports.',
  },
  MODEL_TRANSACTION_SIGNATURE: {
    meaning:
      'The signature is out of range: r or s zero or too large, s not low (EIP-2), v unknown.',
    remedy: 'Sign again with a library that makes low-s signatures.',
  },
  MODEL_TRANSACTION_CREATES: {
    meaning: 'A transaction of type 3 or 4 has no recipient.',
    remedy: 'Create contracts with a transaction of type 0, 1 or 2.',
  },
  MODEL_TRANSACTION_NO_AUTHORIZATION: {
    meaning: 'A transaction of type 4 has an empty authorisation list (EIP-7702).',
    remedy: 'Add an authorisation, or send type 2.',
  },
  MODEL_BLOCK_WRAPPED_LEGACY: {
    meaning: 'A block holds a legacy transaction wrapped in a string.',
    remedy: 'Encode legacy transactions in blocks as lists (EIP-2718).',
  },
  MODEL_EXTRA_DATA_MALFORMED: {
    meaning: 'The extraData of a header is not the list of QBFT, or not in canonical form.',
    remedy: 'Check that the header comes from a QBFT network and the genesis file is complete.',
  },
  MODEL_RECEIPT_TYPE: {
    meaning: 'The receipt type is not 0 to 4.',
    remedy: 'Check where the bytes come from.',
  },
  MODEL_PROOF_INVALID: {
    meaning: 'A Merkle proof does not lead from the root to the key.',
    remedy: 'Ask for the proof again, at the block whose root it is checked against.',
  },
};
