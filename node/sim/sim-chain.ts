/** The genesis, keys and transactions of simulated networks: made once, the same for every seed. */
import { keccak256 } from '#crypto';
import {
  createGenesis,
  DEVELOPMENT_BALANCE,
  developmentAccounts,
  type Genesis,
  parseGenesis,
  peerIdOf,
} from '../../genesis/index.ts';
import { bytesToHex, signTransaction, type Transaction } from '../../ledger/model/index.ts';
import { createEngine, type Engine, environmentOf } from '../../vm/index.ts';
import { createLocalSigner, type Signer } from '../signer.ts';
import { START_MS } from './world.ts';

export type SimIdentity = {
  readonly validatorKey: Uint8Array;
  readonly nodeKey: Uint8Array;
  readonly peerId: string;
  readonly signer: Signer;
};

/** Everything that many runs can share. */
export type SimChain = {
  readonly genesis: Genesis;
  /** Of the validators, in the order of the genesis: ascending by address. */
  readonly identities: readonly SimIdentity[];
  /** Stateless between blocks, and dear to make. */
  readonly engine: Engine;
  /** The same validator with another node key. */
  twinOf(index: number): SimIdentity;
  transfer(account: number, nonce: number): Transaction;
};

export type SimTiming = {
  readonly blockPeriodMs: number;
  readonly requestTimeoutMs: number;
  readonly maxRequestTimeoutMs: number;
};

const CHAIN_ID = 20_260n;

export async function createSimChain(validators: number, timing: SimTiming): Promise<SimChain> {
  const identities = Array.from({ length: validators }, (_, i) => identity(i + 1, 0)).sort((a, b) =>
    Buffer.compare(a.signer.address, b.signer.address),
  );
  const parsed = parseGenesis(
    createGenesis({
      chainId: CHAIN_ID,
      validators: identities.map(({ signer }) => signer.address),
      accounts: developmentAccounts.map(({ address }) => ({
        address,
        balance: DEVELOPMENT_BALANCE,
      })),
      timestamp: BigInt(START_MS / 1000 - 10),
      gasLimit: 30_000_000n,
      timing: { emptyBlockPeriodMs: 0, ...timing },
    }),
  );
  if (!parsed.ok) throw new TypeError(parsed.message);
  const { genesis } = parsed;
  const engine = createEngine('fast', genesis.rules);
  await loadEngine(engine, genesis);
  const transfers = new Map<string, Transaction>();
  return {
    genesis,
    identities,
    engine,
    twinOf: (index) => {
      const { validatorKey } = identities[index] as SimIdentity;
      return { ...identity(index + 1, 1), validatorKey, signer: createLocalSigner(validatorKey) };
    },
    transfer: (account, nonce) => {
      const key = `${account} ${nonce}`;
      const transaction = transfers.get(key) ?? makeTransfer(account, nonce);
      transfers.set(key, transaction);
      return transaction;
    },
  };
}

/** An engine reads its parts from files before its first block: real time, which no run may wait for. */
async function loadEngine(engine: Engine, { block }: Genesis): Promise<void> {
  const environment = environmentOf(block.header);
  const nothing = new Uint8Array(0);
  const outcome = await engine.executeBlock(
    { environment, transactions: [], mode: 'build' },
    {
      account: () => undefined,
      storage: () => nothing,
      code: () => nothing,
      blockHash: () => undefined,
    },
  );
  if (!outcome.ok) throw new TypeError(outcome.message);
}

function identity(number: number, variant: number): SimIdentity {
  const validatorKey = keccak256(Uint8Array.of(1, number));
  const nodeKey = keccak256(Uint8Array.of(2, number, variant));
  return {
    validatorKey,
    nodeKey,
    peerId: peerIdOf(nodeKey),
    signer: createLocalSigner(validatorKey),
  };
}

/** One wei from a development account to the next one. */
function makeTransfer(account: number, nonce: number): Transaction {
  const from = developmentAccounts[account % developmentAccounts.length];
  const to = developmentAccounts[(account + 1) % developmentAccounts.length];
  if (from === undefined || to === undefined) throw new RangeError('no development accounts');
  return signTransaction(
    {
      type: 2,
      chainId: CHAIN_ID,
      nonce: BigInt(nonce),
      maxPriorityFeePerGas: 0n,
      maxFeePerGas: 0n,
      gasLimit: 21_000n,
      to: to.address,
      value: 1n,
      data: new Uint8Array(0),
      accessList: [],
    },
    from.privateKey,
  );
}

export function shortHash(hash: Uint8Array): string {
  return bytesToHex(hash).slice(2, 10);
}
