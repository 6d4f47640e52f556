/** Proofs that a validator signed two contradicting messages, for those who have to judge it. */
import { type TSchema, Type } from 'typebox';
import { bytesToHex, invariant } from '../../ledger/model/index.ts';
import { type Codec, objectOf, optional, refuseValue } from '../codec.ts';
import { invalidParams } from '../errors.ts';
import { defineMethod, type Method, type MethodContext } from '../method.ts';
import type { EvidenceKind, EvidenceReport } from '../ports.ts';
import {
  addressParam,
  addressSchema,
  bytesSchema,
  countParam,
  hashSchema,
  quantity,
  quantityParam,
  quantitySchema,
} from '../values.ts';

const KINDS: readonly EvidenceKind[] = ['proposal', 'prepare', 'commit', 'round-change'];
/** Proofs in one answer. */
const MAX_PROOFS = 100;

const kindSchema: TSchema = Type.Union(KINDS.map((kind) => Type.Literal(kind)));

const kindParam: Codec<EvidenceKind> = {
  schema: kindSchema,
  decode: (value, path) =>
    KINDS.find((kind) => kind === value) ??
    refuseValue(path, `want one of ${KINDS.join(', ')}`, value),
};

const filterParam = objectOf(
  {
    author: optional(addressParam),
    kind: optional(kindParam),
    fromBlock: optional(quantityParam(64, 'height')),
    toBlock: optional(quantityParam(64, 'height')),
    skip: optional(countParam('proofs to pass over')),
    limit: optional(countParam(`proofs in the answer, at most ${MAX_PROOFS}`)),
  },
  'filter of evidence: author, kind, fromBlock, toBlock, skip, limit',
);

const nullableHash: TSchema = Type.Union([hashSchema, Type.Null()]);

const proofSchema: TSchema = Type.Object({
  kind: kindSchema,
  height: quantitySchema,
  round: Type.Integer(),
  author: addressSchema,
  restsOnBlock: nullableHash,
  statements: Type.Array(
    Type.Object({
      type: Type.String(),
      digest: nullableHash,
      preparedRound: Type.Optional(Type.Integer()),
      signature: bytesSchema,
    }),
  ),
  bundle: bytesSchema,
});

function formatProof(report: EvidenceReport): unknown {
  const { kind, height, round, author, restsOnBlock, statements, bundle } = report;
  return {
    kind,
    height: quantity(height),
    round,
    author: bytesToHex(author),
    restsOnBlock: restsOnBlock === undefined ? null : bytesToHex(restsOnBlock),
    statements: statements.map(({ type, digest, preparedRound, signature }) => ({
      type,
      digest: digest === undefined ? null : bytesToHex(digest),
      ...(preparedRound === undefined ? {} : { preparedRound }),
      signature: bytesToHex(signature),
    })),
    bundle: bytesToHex(bundle),
  };
}

async function getEvidence(
  { evidence }: MethodContext,
  filter: { readonly skip?: number; readonly limit?: number } = {},
): Promise<unknown> {
  invariant(evidence !== undefined, 'the method is offered where there is evidence');
  const { skip = 0, limit = MAX_PROOFS } = filter;
  if (limit > MAX_PROOFS) throw invalidParams(`invalid argument 0: limit: at most ${MAX_PROOFS}`);
  const { total, reports } = await evidence.list({ ...filter, skip, limit });
  return { total, proofs: reports.map(formatProof) };
}

export const evidenceMethods: readonly Method[] = [
  defineMethod({
    name: 'ehb_getEvidence',
    summary:
      'Proofs that a validator signed two contradicting messages, by height; at most 100 in one answer. `total` counts all that the filter fits, `bundle` is what `ehb evidence verify` checks offline; if `restsOnBlock` is a hash, the proof holds if that is the final block of its height.',
    params: [{ name: 'filter', codec: filterParam, optional: true }],
    result: Type.Object({ total: Type.Integer(), proofs: Type.Array(proofSchema) }),
    available: ({ evidence }) => evidence !== undefined,
    handler: getEvidence,
  }),
];
