/** Read-only execution. */
import { Type } from 'typebox';
import {
  type BlockOverrides,
  bytesToHex,
  type Height,
  invariant,
  type Refusal,
  type StateOverride,
  type TransactionRequest,
  type Verdict,
} from '../../../ledger/model/index.ts';
import { type BlockReference, blockParam, LATEST } from '../../block-reference.ts';
import { RpcRefusal } from '../../errors.ts';
import { accessListSchema, formatAccessList } from '../../format-transaction.ts';
import { defineMethod, type Method, type MethodContext } from '../../method.ts';
import type { CallOptions } from '../../ports.ts';
import { bytesSchema, quantity, quantitySchema } from '../../values.ts';
import { requireState } from './account-state.ts';
import { callRequestParam, checkChain, revertMessage } from './call-request.ts';
import { withinCallTime } from './call-time.ts';
import { blockOverridesParam, stateOverridesParam } from './overrides.ts';

const params = [
  { name: 'transaction', codec: callRequestParam },
  { name: 'block', codec: blockParam, optional: true },
  { name: 'stateOverrides', codec: stateOverridesParam, optional: true },
  { name: 'blockOverrides', codec: blockOverridesParam, optional: true },
] as const;

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

type Ask<O> = (
  request: TransactionRequest,
  at: Height,
  options: CallOptions,
) => Promise<Verdict<{ readonly outcome: O }>>;

type Arguments = readonly [
  request: TransactionRequest & { readonly chainId?: bigint },
  reference: BlockReference | undefined,
  state: readonly StateOverride[] | undefined,
  block: BlockOverrides | undefined,
];

/** Has a message executed. @throws RpcRefusal of `requireState`, `withinCallTime` and `refuseExecution` */
async function ask<O>(
  context: MethodContext,
  run: Ask<O>,
  [{ chainId, ...request }, reference, state, block]: Arguments,
): Promise<O> {
  checkChain(context, chainId);
  const { number } = requireState(context.chain, reference ?? LATEST);
  const verdict = await withinCallTime(context, (signal) =>
    run(request, number, {
      signal,
      gasCap: context.limits.callGasCap,
      ...(state !== undefined && { state }),
      ...(block !== undefined && { block }),
    }),
  );
  return verdict.ok ? verdict.outcome : refuseExecution(verdict);
}

export const callMethods: readonly Method[] = [
  defineMethod({
    name: 'eth_call',
    summary:
      'Executes a message on the state after a block, without a transaction. State and block can be overridden.',
    params,
    result: bytesSchema,
    handler: async (context, ...given) => {
      const outcome = await ask(context, context.caller.call, given);
      return outcome.kind === 'success' ? bytesToHex(outcome.output) : refuseExecution(outcome);
    },
  }),
  defineMethod({
    name: 'eth_estimateGas',
    summary:
      'A gas limit with which a message succeeds, at most 1.5 % above the least. State and block can be overridden.',
    params,
    result: quantitySchema,
    handler: async (context, ...given) => {
      const outcome = await ask(context, context.caller.estimateGas, given);
      return outcome.kind === 'success' ? quantity(outcome.gas) : refuseExecution(outcome);
    },
  }),
  defineMethod({
    name: 'eth_createAccessList',
    summary:
      'The addresses and slots that a message touches, as an access list (EIP-2930). State and block can be overridden.',
    params,
    result: Type.Object({
      accessList: accessListSchema,
      gasUsed: quantitySchema,
      error: Type.Optional(Type.String()),
    }),
    available: ({ caller }) => caller.createAccessList !== undefined,
    handler: async (context, ...given) => {
      const { createAccessList } = context.caller;
      invariant(
        createAccessList !== undefined,
        'the method is offered where there are access lists',
      );
      const { accessList, gasUsed, error } = await ask(context, createAccessList, given);
      return {
        accessList: formatAccessList(accessList),
        gasUsed: quantity(gasUsed),
        ...(error === undefined ? {} : { error }),
      };
    },
  }),
];
