/**
 * Evidence as bytes, and its check by whoever has the genesis hash and nothing else.
 *
 * A bundle holds what the two signatures cover, not the messages around it: that is all a contradiction
 * needs, and a few hundred bytes instead of megabytes. It has one encoding. Evidence E-5, E-6
 */
import {
  commitSealHash,
  compareBytes,
  concatBytes,
  decodeExtraData,
  decodeHeader,
  encodeHeader,
  encodeRlp,
  equalBytes,
  type Hash,
  headerHash,
  type RlpItem,
  type Verdict,
} from '../ledger/model/index.ts';
import {
  decodeVersioned,
  prepareItem,
  proposalItem,
  readPrepare,
  readRoundChange,
  readSignedProposal,
  roundChangeItem,
} from './codec.ts';
import { type ConsensusCode, refuse } from './errors.ts';
import type { FieldReader } from './field-reader.ts';
import { isSignedByAuthor, MESSAGE_CODES } from './signing.ts';
import {
  contradicts,
  type SealedStatement,
  type Statement,
  type StatementView,
  signerOfSeal,
  viewOfStatement,
} from './statement.ts';

const EVIDENCE_VERSION = 1;
const SEALED_HEADER = 0x16;
/** A header that lists 100 validators takes less than 4 KiB. */
const MAX_EVIDENCE_BYTES: number = 64 * 1024;

export type Evidence = StatementView & {
  /** Of the network whose messages these are. */
  readonly genesisHash: Hash;
  readonly statements: readonly [Statement, Statement];
  /**
   * A seal does not name a chain, so evidence with a header holds if the final block of that height
   * has this hash. Undefined: it holds by itself.
   */
  readonly restsOnBlock: Hash | undefined;
};

type Bundle = Pick<Evidence, 'genesisHash' | 'statements'>;

/** The same bytes whichever statement was heard first. */
export function encodeEvidence(genesisHash: Hash, first: Statement, second: Statement): Uint8Array {
  const items = [statementItem(first), statementItem(second)].sort((a, b) =>
    compareBytes(encodeRlp(a), encodeRlp(b)),
  );
  return concatBytes(Uint8Array.of(EVIDENCE_VERSION), encodeRlp([genesisHash, ...items]));
}

/**
 * What a bundle says, no signature checked: for bundles that were verified before.
 *
 * Refuses with CONSENSUS_TOO_LARGE, CONSENSUS_UNKNOWN_VERSION, CONSENSUS_MALFORMED or
 * CONSENSUS_NO_CONTRADICTION; never throws.
 */
export function decodeEvidence(
  bytes: Uint8Array,
): Verdict<{ readonly evidence: Evidence }, ConsensusCode> {
  if (bytes.length > MAX_EVIDENCE_BYTES) {
    return refuse('CONSENSUS_TOO_LARGE', `evidence of ${bytes.length} bytes`);
  }
  const decoded = decodeVersioned(bytes, EVIDENCE_VERSION, readBundle);
  if (!decoded.ok) return decoded;
  const { statements, genesisHash } = decoded.value;
  const [first, second] = statements;
  if (!equalBytes(encodeEvidence(genesisHash, first, second), bytes)) {
    return refuse('CONSENSUS_MALFORMED', 'the statements are not in ascending order');
  }
  const view = viewOfStatement(first);
  if (view === undefined || !contradicts(first, second)) {
    return refuse('CONSENSUS_NO_CONTRADICTION', 'one author may sign both');
  }
  const header = statements.find((each) => each.kind === 'sealed-header')?.header;
  // Block 1 names the genesis block as its parent.
  const isBound = header === undefined || equalBytes(header.parentHash, genesisHash);
  const restsOnBlock = isBound ? undefined : headerHash(header, 'qbft');
  return { ok: true, evidence: { ...view, genesisHash, statements, restsOnBlock } };
}

/**
 * Decodes a bundle and checks that one author signed both statements and may not have.
 *
 * Refuses as `decodeEvidence` does, or with CONSENSUS_FOREIGN_EVIDENCE or CONSENSUS_BAD_SIGNATURE.
 */
export function verifyEvidence(
  bytes: Uint8Array,
  genesisHash: Hash,
): Verdict<{ readonly evidence: Evidence }, ConsensusCode> {
  const decoded = decodeEvidence(bytes);
  if (!decoded.ok) return decoded;
  const { evidence } = decoded;
  if (!equalBytes(evidence.genesisHash, genesisHash)) {
    return refuse('CONSENSUS_FOREIGN_EVIDENCE', 'it names another genesis block');
  }
  for (const statement of evidence.statements) {
    // The author of a seal was recovered from it.
    const isSigned = statement.kind === 'sealed-header' || isSignedByAuthor(genesisHash, statement);
    if (!isSigned) return refuse('CONSENSUS_BAD_SIGNATURE', `a ${statement.kind}`);
  }
  return decoded;
}

function statementItem(statement: Statement): RlpItem {
  switch (statement.kind) {
    case 'proposal':
      return [code(MESSAGE_CODES.proposal), proposalItem(statement.signed)];
    case 'prepare':
    case 'commit':
      return [code(MESSAGE_CODES[statement.kind]), prepareItem(statement.signed)];
    case 'round-change':
      return [code(MESSAGE_CODES['round-change']), roundChangeItem(statement.signed)];
    case 'sealed-header':
      return [code(SEALED_HEADER), encodeHeader(statement.header), statement.seal];
  }
}

function code(value: number): Uint8Array {
  return Uint8Array.of(value);
}

function readBundle(fields: FieldReader): Bundle | undefined {
  const genesisHash = fields.hash();
  const first = readStatement(fields.list());
  const second = readStatement(fields.list());
  if (first === undefined || second === undefined) return undefined;
  return { genesisHash, statements: [first, second] };
}

function readStatement(fields: FieldReader): Statement | undefined {
  const statement = readKind(fields, fields.round());
  fields.end();
  return statement;
}

function readKind(fields: FieldReader, kind: number): Statement | undefined {
  switch (kind) {
    case MESSAGE_CODES.proposal:
      return { kind: 'proposal', signed: readSignedProposal(fields.list()) };
    case MESSAGE_CODES.prepare:
      return { kind: 'prepare', signed: readPrepare(fields.list()) };
    case MESSAGE_CODES.commit:
      return { kind: 'commit', signed: readPrepare(fields.list()) };
    case MESSAGE_CODES['round-change']:
      return { kind: 'round-change', signed: readRoundChange(fields.list()) };
    case SEALED_HEADER:
      return readSealedHeader(fields);
    default:
      return undefined;
  }
}

function readSealedHeader(fields: FieldReader): SealedStatement | undefined {
  const decoded = decodeHeader(fields.bytes());
  const seal = fields.fixed(65);
  if (!decoded.ok) {
    fields.fail(decoded.message);
    return undefined;
  }
  const { header } = decoded;
  const extra = decodeExtraData(header.extraData);
  // The seal that counts stands beside the header, so that a bundle has one encoding.
  if (!extra.ok || extra.extraData.seals.length > 0) {
    fields.fail('a header without seals is expected');
    return undefined;
  }
  const author = signerOfSeal(commitSealHash(header), seal);
  if (author === undefined) fields.fail('a seal is not a signature');
  return author && { kind: 'sealed-header', header, seal, author };
}
