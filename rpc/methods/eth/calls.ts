/** Read-only execution. */
import { Type } from 'typebox';
import { bytesToHex, type Refusal } from '../../../ledger/model/index.ts';
import { blockParam, LATEST } from '../../block-reference.ts';
import { invalidParams, RpcRefusal } from '../../errors.ts';
import { accessListSchema, formatAccessList } from '../../format-transaction.ts';
import { defineMethod, type Method, type MethodContext } from '../../method.ts';
import { bytesSchema, quantity, quantitySchema } from '../../values.ts';
import { requireState } from './account-state.ts';
import { callRequestParam, revertMessage } from './call-request.ts';

const transaction = { name: 'transaction', codec: callRequestParam } as const;
const block = { name: 'block', codec: blockParam, optional: true } as const;

type Unsuccessful =
  | Refusal
  | { readonly kind: 'reverted'; readonly output: Uint8Array }
  | { readonly kind: 'failed'; readonly message: string };

/** @throws RpcRefusal RPC_EXECUTION_REVERTED, RPC_EXECUTION_FAILED */
function refuseExecution(outcome: Unsuccessful): never {
  if ('output' in outcome) {
    const message = revertMessage(outcome.output);
    throw new RpcRefusal('RPC_EXECUTION_REVERTED', message, bytesToHex(outcome.output));
  }
  throw new RpcRefusal('RPC_EXECUTION_FAILED', outcome.message);
}

/** A message for another chain is a mistake worth naming. */
function checkChain({ node }: MethodContext, chainId: bigint | undefined): void {
  if (chainId !== undefined && chainId !== node.chainId) {
    throw invalidParams(
      `invalid argument 0: chainId does not match node's (have=${chainId}, want=${node.chainId})`,
    );
  }
}

export const callMethods: readonly Method[] = [
  defineMethod({
    name: 'eth_call',
    summary: 'Executes a message on the state after a block, without a transaction.',
    params: [transaction, block],
    result: bytesSchema,
    handler: async (context, { chainId, ...request }, reference) => {
      checkChain(context, chainId);
      const { number } = requireState(context.chain, reference ?? LATEST);
      const { signal } = context;
      const verdict = await context.caller.call(request, number, { signal });
      if (!verdict.ok) return refuseExecution(verdict);
      const { outcome } = verdict;
      return outcome.kind === 'success' ? bytesToHex(outcome.output) : refuseExecution(outcome);
    },
  }),
  defineMethod({
    name: 'eth_estimateGas',
    summary: 'The least gas limit with which a message succeeds.',
    params: [transaction, block],
    result: quantitySchema,
    handler: async (context, { chainId, ...request }, reference) => {
      checkChain(context, chainId);
      const { number } = requireState(context.chain, reference ?? LATEST);
      const { signal } = context;
      const verdict = await context.caller.estimateGas(request, number, { signal });
      if (!verdict.ok) return refuseExecution(verdict);
      const { outcome } = verdict;
      return outcome.kind === 'success' ? quantity(outcome.gas) : refuseExecution(outcome);
    },
  }),
  defineMethod({
    name: 'eth_createAccessList',
    summary: 'The addresses and slots that a message touches, as an access list (EIP-2930).',
    params: [transaction, block],
    result: Type.Object({
      accessList: accessListSchema,
      gasUsed: quantitySchema,
      error: Type.Optional(Type.String()),
    }),
    available: ({ caller }) => caller.createAccessList !== undefined,
    handler: async (context, { chainId, ...request }, reference) => {
      checkChain(context, chainId);
      const { number } = requireState(context.chain, reference ?? LATEST);
      const { caller, signal } = context;
      const verdict = await caller.createAccessList?.(request, number, { signal });
      if (verdict === undefined) {
        throw new RpcRefusal('RPC_METHOD_NOT_FOUND', 'the engine cannot create access lists');
      }
      if (!verdict.ok) return refuseExecution(verdict);
      const { accessList, gasUsed, error } = verdict.outcome;
      return {
        accessList: formatAccessList(accessList),
        gasUsed: quantity(gasUsed),
        ...(error === undefined ? {} : { error }),
      };
    },
  }),
];
