/** `eth_simulateV1`: blocks of calls on a final one, executed and thrown away. */
import { type TSchema, Type } from 'typebox';
import {
  bytesToHex,
  encodeBlock,
  invariant,
  type Refusal,
  type SimulatedBlockReport,
  type SimulatedOutcome,
} from '../../../ledger/model/index.ts';
import { blockParam, LATEST } from '../../block-reference.ts';
import { booleanParam, listOf, objectOf, optional } from '../../codec.ts';
import { invalidParams, RPC_ERRORS, type RpcErrorCode, RpcRefusal } from '../../errors.ts';
import { blockSchema, formatBlock } from '../../format-block.ts';
import { formatLog, logSchema } from '../../format-receipt.ts';
import { defineMethod, type Method } from '../../method.ts';
import { bytesSchema, quantity, quantitySchema } from '../../values.ts';
import { requireState } from './account-state.ts';
import { callRequestParam, checkChain, revertMessage } from './call-request.ts';
import { withinCallTime } from './call-time.ts';
import { blockOverridesParam, stateOverridesParam } from './overrides.ts';

/** Lists longer than these are refused before they are looked at; there are at most 256 blocks anyway. */
const MAX_BLOCKS = 10_000;
const MAX_CALLS = 10_000;

const payload = objectOf(
  {
    blockStateCalls: listOf(
      objectOf(
        {
          blockOverrides: optional(blockOverridesParam),
          stateOverrides: optional(stateOverridesParam),
          calls: optional(listOf(callRequestParam, MAX_CALLS)),
        },
        'block to simulate',
      ),
      MAX_BLOCKS,
    ),
    traceTransfers: optional(booleanParam),
    validation: optional(booleanParam),
    returnFullTransactions: optional(booleanParam),
  },
  'blocks to simulate, one on top of the other; numbers that are left out are filled with empty blocks',
);

/** Code of a call that halted, as geth has it. */
const VM_ERROR = -32015;

/** What the simulator refuses with, and what the caller sees of it. */
const SIMULATION_CODES: Readonly<Record<string, RpcErrorCode>> = {
  VM_NONCE_TOO_LOW: 'RPC_SIMULATED_NONCE_TOO_LOW',
  VM_NONCE_TOO_HIGH: 'RPC_SIMULATED_NONCE_TOO_HIGH',
  VM_FEE_BELOW_BASE_FEE: 'RPC_SIMULATED_FEE_TOO_LOW',
  VM_INTRINSIC_GAS: 'RPC_SIMULATED_GAS_TOO_LOW',
  VM_FLOOR_GAS: 'RPC_SIMULATED_GAS_TOO_LOW',
  VM_INSUFFICIENT_FUNDS: 'RPC_SIMULATED_FUNDS',
  VM_SIMULATED_BLOCK_GAS: 'RPC_SIMULATED_BLOCK_FULL',
  VM_SIMULATED_NUMBER: 'RPC_SIMULATED_NUMBER',
  VM_SIMULATED_TIMESTAMP: 'RPC_SIMULATED_TIMESTAMP',
  VM_SIMULATED_BLOCKS: 'RPC_SIMULATED_TOO_MANY',
  VM_INITCODE_SIZE: 'RPC_SIMULATED_INITCODE',
  VM_TIP_ABOVE_FEE_CAP: 'RPC_INVALID_PARAMS',
  VM_OVERRIDE: 'RPC_EXECUTION_FAILED',
  NODE_NO_ROOT: 'RPC_STATE_UNAVAILABLE',
};

function refuseSimulation({ code, message }: Refusal): never {
  throw new RpcRefusal(SIMULATION_CODES[code] ?? 'RPC_SIMULATED_REFUSED', message);
}

const callSchema: TSchema = Type.Object({
  returnData: bytesSchema,
  logs: Type.Array(logSchema),
  gasUsed: quantitySchema,
  maxUsedGas: quantitySchema,
  status: quantitySchema,
  error: Type.Optional(
    Type.Object({
      message: Type.String(),
      code: Type.Integer(),
      data: Type.Optional(bytesSchema),
    }),
  ),
});

export const simulateMethods: readonly Method[] = [
  defineMethod({
    name: 'eth_simulateV1',
    summary:
      'Executes blocks of calls on the state after a block, with overrides, and shows the blocks that they would be.',
    params: [
      { name: 'payload', codec: payload },
      { name: 'block', codec: blockParam, optional: true },
    ],
    result: Type.Array(
      Type.Intersect([blockSchema, Type.Object({ calls: Type.Array(callSchema) })]),
    ),
    available: ({ simulator }) => simulator !== undefined,
    handler: async (context, { blockStateCalls, ...flags }, reference) => {
      const { simulator, limits, chain } = context;
      invariant(simulator !== undefined, 'the method is offered where there is a simulator');
      if (blockStateCalls.length === 0) throw invalidParams('empty input');
      const { number } = requireState(chain, reference ?? LATEST);
      const blocks = blockStateCalls.map(({ blockOverrides, stateOverrides, calls = [] }) => ({
        ...(blockOverrides !== undefined && { block: blockOverrides }),
        ...(stateOverrides !== undefined && { state: stateOverrides }),
        calls: calls.map(({ chainId, ...call }) => {
          checkChain(context, chainId);
          return call;
        }),
      }));
      const verdict = await withinCallTime(context, (signal) =>
        simulator.simulate(blocks, number, {
          signal,
          gasCap: limits.callGasCap,
          isValidating: flags.validation ?? false,
          logsTransfers: flags.traceTransfers ?? false,
        }),
      );
      if (!verdict.ok) return refuseSimulation(verdict);
      return verdict.blocks.map((block) =>
        formatReport(block, flags.returnFullTransactions ?? false),
      );
    },
  }),
];

function formatReport({ block, hash, senders, outcomes }: SimulatedBlockReport, isFull: boolean) {
  const { header, transactions } = block;
  const sizeBytes = encodeBlock(block).length;
  const calls = outcomes.map((outcome, index) => {
    const transactionHash = transactions[index]?.hash;
    invariant(transactionHash !== undefined, 'each outcome is that of a transaction');
    const place = { header, blockHash: hash, index };
    const logs = outcome.logs.map((log, at) =>
      formatLog(log, place, transactionHash, outcome.logIndexes[at] ?? at),
    );
    return {
      returnData: outcome.kind === 'success' ? bytesToHex(outcome.output) : '0x',
      logs,
      gasUsed: quantity(outcome.gasUsed),
      maxUsedGas: quantity(outcome.maxUsedGas),
      status: outcome.kind === 'success' ? '0x1' : '0x0',
      ...errorOf(outcome),
    };
  });
  return {
    ...formatBlock(block, { hash, sizeBytes, senders: isFull ? senders : undefined }),
    calls,
  };
}

function errorOf(outcome: SimulatedOutcome): { readonly error?: object } {
  switch (outcome.kind) {
    case 'success':
      return {};
    case 'reverted': {
      const { number: code } = RPC_ERRORS.RPC_EXECUTION_REVERTED;
      const message = revertMessage(outcome.output);
      return { error: { message, code, data: bytesToHex(outcome.output) } };
    }
    case 'failed':
      return { error: { message: outcome.message, code: VM_ERROR } };
  }
}
