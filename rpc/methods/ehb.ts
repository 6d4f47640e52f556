/** What `ehb status` and `ehb validators` show. */
import { type TSchema, Type } from 'typebox';
import { bytesToHex, invariant } from '../../ledger/model/index.ts';
import { defineMethod, type Method, type MethodContext } from '../method.ts';
import type { NodeReport, PeerReport } from '../ports.ts';
import { addressSchema, hashSchema, quantity, quantitySchema } from '../values.ts';

const nullable = (schema: TSchema): TSchema => Type.Union([schema, Type.Null()]);

const peerSchema: TSchema = Type.Object({
  peerId: Type.String(),
  address: nullable(addressSchema),
  kind: Type.String(),
  direction: Type.String(),
  height: nullable(quantitySchema),
  connectedAtMs: Type.Number(),
});

const statusSchema: TSchema = Type.Object({
  clientVersion: Type.String(),
  chainId: quantitySchema,
  genesisHash: nullable(hashSchema),
  head: Type.Object({ number: quantitySchema, hash: hashSchema, timestamp: quantitySchema }),
  syncing: Type.Boolean(),
  consensus: Type.Object({
    height: quantitySchema,
    round: Type.Integer(),
    voting: Type.Boolean(),
    notVotingBecause: Type.Optional(Type.String()),
    votingAfterBlock: Type.Optional(quantitySchema),
  }),
  validatorAddress: nullable(addressSchema),
  validators: Type.Array(addressSchema),
  peerId: Type.String(),
  addresses: Type.Array(Type.String()),
  peers: Type.Array(peerSchema),
  pool: Type.Object({ pending: Type.Integer(), queued: Type.Integer() }),
  cryptoBackend: Type.Object({ curve: Type.String(), keccak: Type.String() }),
  startedAtMs: Type.Number(),
});

function formatPeer(peer: PeerReport): unknown {
  return {
    peerId: peer.peerId,
    address: peer.address === undefined ? null : bytesToHex(peer.address),
    kind: peer.kind,
    direction: peer.direction,
    height: peer.height === undefined ? null : quantity(peer.height),
    connectedAtMs: peer.connectedAtMs,
  };
}

function formatVoting(voting: NodeReport['voting']): object {
  if (voting.yes) return { voting: true };
  const { reason, until } = voting;
  return {
    voting: false,
    notVotingBecause: reason,
    ...(until === undefined ? {} : { votingAfterBlock: quantity(until) }),
  };
}

function status({ chain, node, pool }: MethodContext): unknown {
  const { header, hash } = chain.head();
  const report = node.report?.();
  invariant(report !== undefined, 'the method is offered where the node reports');
  const genesisHash = chain.hashOf(0n);
  const { voting, consensus, validatorAddress } = report;
  return {
    clientVersion: node.clientVersion,
    chainId: quantity(node.chainId),
    genesisHash: genesisHash === undefined ? null : bytesToHex(genesisHash),
    head: {
      number: quantity(header.number),
      hash: bytesToHex(hash),
      timestamp: quantity(header.timestamp),
    },
    syncing: node.syncing() !== undefined,
    consensus: {
      height: quantity(consensus.height),
      round: consensus.round,
      ...formatVoting(voting),
    },
    validatorAddress: validatorAddress === undefined ? null : bytesToHex(validatorAddress),
    validators: report.validators.map(bytesToHex),
    peerId: report.peerId,
    addresses: report.addresses,
    peers: report.peers.map(formatPeer),
    pool: pool.status(),
    cryptoBackend: report.cryptoBackend,
    startedAtMs: report.startedAtMs,
  };
}

const voteFields = { address: addressSchema, add: Type.Boolean() };
const validatorsSchema: TSchema = Type.Object({
  height: quantitySchema,
  source: Type.Union([Type.Literal('headers'), Type.Literal('contract')]),
  contract: Type.Optional(addressSchema),
  validators: Type.Array(
    Type.Object({
      address: addressSchema,
      isSelf: Type.Boolean(),
      isConnected: Type.Boolean(),
    }),
  ),
  votesNeeded: Type.Optional(Type.Integer()),
  votes: Type.Optional(
    Type.Array(Type.Object({ ...voteFields, voters: Type.Array(addressSchema) })),
  ),
  wanted: Type.Optional(Type.Array(Type.Object({ ...voteFields, isCast: Type.Boolean() }))),
  epochEnds: Type.Optional(quantitySchema),
});

function validators({ chain, governance }: MethodContext): unknown {
  invariant(governance !== undefined, 'the method is offered where there are validators');
  const { number } = chain.head().header;
  const report = governance.report();
  const common = {
    height: quantity(number + 1n),
    source: report.source,
    validators: report.validators.map((one) => ({ ...one, address: bytesToHex(one.address) })),
  };
  if (report.source === 'contract') return { ...common, contract: bytesToHex(report.contract) };
  const { votesNeeded, votes, wanted, epochLength } = report;
  return {
    ...common,
    votesNeeded,
    votes: votes.map(({ recipient, add, voters }) => ({
      address: bytesToHex(recipient),
      add,
      voters: voters.map(bytesToHex),
    })),
    wanted: wanted.map(({ recipient, add, isCast }) => ({
      address: bytesToHex(recipient),
      add,
      isCast,
    })),
    epochEnds: quantity((number / epochLength + 1n) * epochLength),
  };
}

export const ehbMethods: readonly Method[] = [
  defineMethod({
    name: 'ehb_status',
    summary:
      'Everything about the node at a glance: head, consensus height and round, whether it votes and if not why, validators, peers, pool.',
    params: [],
    result: statusSchema,
    available: ({ node }) => node.report !== undefined,
    handler: status,
  }),
  defineMethod({
    name: 'ehb_validators',
    summary:
      'Who may seal the next block and who names them, the votes of this epoch with their voters, the votes that this validator wants, and the block at which pending votes are dropped.',
    params: [],
    result: validatorsSchema,
    available: ({ governance }) => governance !== undefined,
    handler: validators,
  }),
];
