/** Consensus and its validators, as Hyperledger Besu's clients ask for them. */
import { type TSchema, Type } from 'typebox';
import { bytesToHex, type Height, type Hex, invariant, keyOf } from '../../ledger/model/index.ts';
import { type BlockReference, blockNumberParam, LATEST, requireBlock } from '../block-reference.ts';
import { booleanParam } from '../codec.ts';
import { invalidParams, RpcRefusal } from '../errors.ts';
import { defineMethod, type Method, type MethodContext } from '../method.ts';
import type { ChainPort, GovernancePort, NodePort } from '../ports.ts';
import { addressParam, addressSchema, hashParam, quantity, quantitySchema } from '../values.ts';

const validatorList: TSchema = Type.Array(addressSchema);
/** Blocks that `qbft_getSignerMetrics` looks at when it is not told. */
const METRICS_BLOCKS = 100n;

async function validators(node: NodePort, number: Height | undefined): Promise<readonly Hex[]> {
  const found = number === undefined ? undefined : await node.validatorsAt(number);
  if (found === undefined) throw new RpcRefusal('RPC_BLOCK_NOT_FOUND', 'header not found');
  return found.map(bytesToHex);
}

/** Here, unlike elsewhere, `pending` is not the head: votes in the head may have changed the set. */
function blockOrNext(chain: ChainPort, reference: BlockReference): Height {
  return reference.kind === 'tag' && reference.tag === 'pending'
    ? chain.head().header.number + 1n
    : requireBlock(chain, reference);
}

/** Turns a verdict on a vote into what a client sees. */
function settled(verdict: { ok: true } | { ok: false; code: string; message: string }): true {
  if (verdict.ok) return true;
  if (verdict.code === 'NODE_VALIDATORS_BY_CONTRACT') {
    throw new RpcRefusal('RPC_METHOD_NOT_ENABLED', 'Method not enabled', verdict.message);
  }
  throw new RpcRefusal('RPC_VOTE_REFUSED', verdict.message, verdict.code);
}

function governanceOf({ governance }: MethodContext): GovernancePort {
  invariant(governance !== undefined, 'the method is offered where there are validators');
  return governance;
}

type SignerMetrics = { readonly proposed: number; readonly last: Height };

async function signerMetrics(
  { chain, node, limits }: MethodContext,
  from: Height,
  to: Height,
): Promise<unknown> {
  if (from > to) throw invalidParams('fromBlock is above toBlock');
  if (to - from > BigInt(limits.signerMetricsBlocks)) {
    const message = `block range too large: ${to - from} blocks, at most ${limits.signerMetricsBlocks}`;
    throw new RpcRefusal('RPC_LIMIT_EXCEEDED', message);
  }
  const metrics = new Map<string, SignerMetrics & { readonly address: Hex }>();
  for (let number = from; number < to; number += 1n) {
    const header = chain.header(number);
    if (header === undefined) break;
    const key = keyOf(header.beneficiary);
    const proposed = (metrics.get(key)?.proposed ?? 0) + 1;
    metrics.set(key, { address: bytesToHex(header.beneficiary), proposed, last: number });
  }
  for (const address of (to > 0n ? await node.validatorsAt(to) : undefined) ?? []) {
    const key = keyOf(address);
    if (!metrics.has(key))
      metrics.set(key, { address: bytesToHex(address), proposed: 0, last: 0n });
  }
  return [...metrics.values()].map(({ address, proposed, last }) => ({
    address,
    proposedBlockCount: quantity(proposed),
    lastProposedBlockNumber: quantity(last),
  }));
}

const declared: readonly Method[] = [
  defineMethod({
    name: 'qbft_getValidatorsByBlockNumber',
    summary:
      'Who could seal a block, ascending by address; `pending` names the block after the head.',
    params: [{ name: 'block', codec: blockNumberParam, optional: true }],
    result: validatorList,
    handler: ({ chain, node }, reference) =>
      validators(node, blockOrNext(chain, reference ?? LATEST)),
  }),
  defineMethod({
    name: 'qbft_getValidatorsByBlockHash',
    summary: 'Who could seal a block, ascending by address.',
    params: [{ name: 'hash', codec: hashParam }],
    result: validatorList,
    handler: ({ chain, node }, hash) => validators(node, chain.numberOf(hash)),
  }),
  defineMethod({
    name: 'qbft_proposeValidatorVote',
    summary:
      'Has this validator vote to add (`true`) or to drop (`false`) a validator, in the blocks that it makes, until the set is so. Refused if the set that would follow has no connected quorum, unless `force` is `true`. Where a contract names the validators: "Method not enabled".',
    params: [
      { name: 'address', codec: addressParam },
      { name: 'add', codec: booleanParam },
      { name: 'force', codec: booleanParam, optional: true },
    ],
    result: Type.Literal(true),
    isForOperators: true,
    handler: async (context, recipient, add, force) =>
      settled(await governanceOf(context).propose({ recipient, add }, force ?? false)),
  }),
  defineMethod({
    name: 'qbft_discardValidatorVote',
    summary:
      'Has this validator no longer want a vote about an address. What it has voted already counts on until the epoch ends; propose the opposite to take that back.',
    params: [{ name: 'address', codec: addressParam }],
    result: Type.Literal(true),
    isForOperators: true,
    handler: async (context, address) => settled(await governanceOf(context).discard(address)),
  }),
  defineMethod({
    name: 'qbft_getPendingVotes',
    summary:
      'The votes that this validator wants cast and that have not come true: address to `true` (add) or `false` (drop).',
    params: [],
    result: Type.Object({}, { additionalProperties: Type.Boolean() }),
    handler: (context) => {
      const wanted = governanceOf(context).wanted();
      if (wanted === undefined) {
        throw new RpcRefusal('RPC_METHOD_NOT_ENABLED', 'Method not enabled');
      }
      return Object.fromEntries(wanted.map(({ recipient, add }) => [bytesToHex(recipient), add]));
    },
  }),
  defineMethod({
    name: 'qbft_getSignerMetrics',
    summary:
      'How many blocks each validator proposed from `fromBlock` up to, not including, `toBlock`; the last 100 before the head if neither is given.',
    params: [
      { name: 'fromBlock', codec: blockNumberParam, optional: true },
      { name: 'toBlock', codec: blockNumberParam, optional: true },
    ],
    result: Type.Array(
      Type.Object({
        address: addressSchema,
        proposedBlockCount: quantitySchema,
        lastProposedBlockNumber: quantitySchema,
      }),
    ),
    handler: (context, from, to) => {
      const { chain } = context;
      const head = chain.head().header.number;
      const first = head > METRICS_BLOCKS ? head - METRICS_BLOCKS : 0n;
      return signerMetrics(
        context,
        from === undefined ? first : blockOrNext(chain, from),
        to === undefined ? head : blockOrNext(chain, to),
      );
    },
  }),
  defineMethod({
    name: 'qbft_getRequestTimeoutSeconds',
    summary: 'The timeout of round 0 at the next block, in seconds, rounded up.',
    params: [],
    result: Type.Integer(),
    handler: (context) => {
      const next = context.chain.head().header.number + 1n;
      return Math.ceil(governanceOf(context).requestTimeoutMs(next) / 1000);
    },
  }),
];

/** None of them has a meaning where nobody seals. */
export const qbftMethods: readonly Method[] = declared.map((method) => ({
  ...method,
  available: ({ governance }) => governance !== undefined,
}));
