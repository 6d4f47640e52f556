/** A transaction over one message: what it pays up front, what it warms, what it gives back. */
import { keccak256, recoverAddress } from '#crypto';
import {
  type Address,
  type Authorization,
  bigintToBytes,
  concatBytes,
  effectiveGasPrice,
  encodeRlp,
  type Gas,
  type Log,
  type Transaction,
  type Wei,
} from '../../ledger/model/index.ts';
import { blobBaseFee, GAS_PER_BLOB } from '../blob-rules.ts';
import { type ChainRules, type ForkName, isAtLeast } from '../chain-rules.ts';
import type { BlockEnvironment } from '../engine.ts';
import type { TracedTransaction, Tracer } from '../tracer.ts';
import { isDelegation, type LeastGas, leastGas } from '../transaction-rules.ts';
import { readWord, writeWord } from './instance.ts';
import { BLOB_COUNT, BLOB_HASHES, COLLISION, EXISTS, GAS_PRICE, INPUT } from './layout.ts';
import {
  hasSucceeded,
  messageResult,
  readLogs,
  reasonOf,
  runSlice,
  startMessage,
} from './run-message.ts';
import { startTrace } from './trace.ts';
import { createTracedState } from './traced-state.ts';
import {
  addCode,
  addressAt,
  codeAt,
  findAccount,
  loadAccount,
  nonceAt,
  type World,
} from './world.ts';

/** What of a transaction execution needs; a call has the same without a signature. */
export type Execution = Pick<Transaction, 'to' | 'value' | 'data' | 'gasLimit'> &
  LeastGas & {
    readonly sender: Address;
    readonly gasPrice: Wei;
    readonly accessList: readonly { address: Address; storageKeys: readonly Uint8Array[] }[];
    readonly authorizations: readonly Authorization[];
    readonly blobHashes: readonly Uint8Array[];
    /** Further addresses that are warm from the beginning. */
    readonly warm: readonly Address[];
  };

export type Surroundings = {
  readonly world: World;
  readonly rules: ChainRules;
  readonly fork: ForkName;
  readonly environment: BlockEnvironment;
  readonly beneficiary: Address;
  readonly pause?: (() => Promise<void>) | undefined;
};

export type TransactionResult = {
  readonly status: number;
  /** What the sender pays for. */
  readonly gasUsed: Gas;
  /** Before refunds and floor. */
  readonly gasNeeded: Gas;
  readonly logs: readonly Log[];
};

const NONE: readonly never[] = [];
const NO_LOGS: readonly Log[] = [];

// Flags of `openTransaction` (assembly/host-blocks.ts).
const HAS_RECIPIENT = 1;
const WARMS = 2;
const WARMS_COINBASE = 4;

/** A transaction as the engine runs it in this block. */
export function executionOf(
  transaction: Transaction,
  sender: Address,
  { fork, environment }: Surroundings,
): Execution {
  const { to, value, data, gasLimit } = transaction;
  return {
    to,
    value,
    data,
    gasLimit,
    sender,
    gasPrice: effectiveGasPrice(transaction, environment.baseFeePerGas),
    ...leastGas(transaction, fork),
    accessList: transaction.type === 0 ? NONE : transaction.accessList,
    authorizations: transaction.type === 4 ? transaction.authorizationList : NONE,
    blobHashes: transaction.type === 3 ? transaction.blobVersionedHashes : NONE,
    warm: NONE,
  };
}

/** A transaction between its beginning and its end. */
type Running = {
  readonly execution: Execution;
  readonly from: number;
  readonly authorized: Gas;
  /** False if it failed before its first instruction. */
  readonly hasRun: boolean;
};

/**
 * Runs it on the world; what it may not do was checked before. A promise only if it has to wait: one would cost a
 * short transaction as much as its instructions.
 */
export function runTransaction(
  surroundings: Surroundings,
  execution: Execution,
): TransactionResult | Promise<TransactionResult> {
  const running = beginTransaction(surroundings, execution);
  return running.hasRun && !runSlice(surroundings.world)
    ? goOn(surroundings, running)
    : endTransaction(surroundings, running);
}

async function goOn(surroundings: Surroundings, running: Running): Promise<TransactionResult> {
  do await surroundings.pause?.();
  while (!runSlice(surroundings.world));
  return endTransaction(surroundings, running);
}

/** Stops of a traced run between two pauses: some tenths of a millisecond, more if memory is taken. */
const STOPS_A_SLICE = 256;

/** The same, told to a tracer. */
export async function traceTransaction(
  surroundings: Surroundings,
  execution: Execution,
  tracer: Tracer,
): Promise<TransactionResult> {
  const { pause } = surroundings;
  const opening = openingSeen(surroundings, execution);
  tracer.begin?.(opening);
  const running = beginTransaction(surroundings, execution);
  if (running.hasRun) {
    const trace = startTrace(surroundings, tracer, running.authorized);
    while (!trace.run(STOPS_A_SLICE)) await pause?.();
  } else {
    tellCollision(tracer, execution, opening.to);
  }
  const result = endTransaction(surroundings, running);
  tracer.end?.({ gasUsed: result.gasUsed, succeeded: hasSucceeded(result.status) });
  return result;
}

function openingSeen(
  { world, beneficiary }: Surroundings,
  { sender, to, gasLimit, authorizations }: Execution,
): TracedTransaction {
  const from = loadAccount(world, sender);
  const { functions } = world.instance;
  return {
    from: sender,
    to: to ?? addressAt(world, functions.findCreated(from, nonceAt(world, from))),
    isCreation: to === undefined,
    gasLimit,
    beneficiary,
    authorities: authorizations.map(authorityOf).filter((address) => address !== undefined),
    state: createTracedState(world),
  };
}

/** The contract's address is taken: no frame was there to be watched. */
function tellCollision(
  tracer: Tracer,
  { sender, value, data, gasLimit, intrinsic }: Execution,
  to: Address,
): void {
  const gas = gasLimit - intrinsic;
  const input = (): Uint8Array => data;
  const common = { depth: 0, from: sender, to, codeAddress: to, isPrecompile: false } as const;
  tracer.enter?.({ kind: 'create', ...common, value, gas, input });
  tracer.leave?.({
    depth: 0,
    gasUsed: gas,
    gasLeft: 0n,
    output: new Uint8Array(0),
    failure: reasonOf(COLLISION),
  });
}

/** Up to its first instruction. */
function beginTransaction(surroundings: Surroundings, execution: Execution): Running {
  const { world, fork } = surroundings;
  const { functions } = world.instance;
  const { sender, gasPrice, gasLimit, data, value } = execution;
  const from = loadAccount(world, sender);
  const nonce = nonceAt(world, from);
  if (execution.to !== undefined) world.instance.bytes().set(execution.to, INPUT);
  const recipient = functions.openTransaction(from, openingOf(fork, execution));
  const to = execution.to === undefined ? undefined : recipient;
  payUpFront(surroundings, execution, from);
  writeWord(world.instance, GAS_PRICE, gasPrice);
  writeBlobs(surroundings, execution);
  warmList(surroundings, execution);
  const authorized = authorize(surroundings, execution.authorizations);
  const message = { from, to, nonce, value, data, gas: gasLimit - execution.intrinsic };
  return { execution, from, authorized, hasRun: startMessage(world, message) };
}

/** What is paid back and to whom, and what came of it. */
function endTransaction(
  surroundings: Surroundings,
  { execution, from, authorized, hasRun }: Running,
): TransactionResult {
  const { world, fork, environment, beneficiary } = surroundings;
  const { gasLimit, gasPrice, floor } = execution;
  const { status, gasLeft, refund } = messageResult(world, hasRun);
  const needed = gasLimit - gasLeft;
  const most = needed / (isAtLeast(fork, 'london') ? 5n : 2n);
  const earned = refund + authorized;
  const net = needed - (earned < most ? earned : most);
  const used = net > floor ? net : floor;
  if (gasPrice !== 0n) addBalance(world, from, (gasLimit - used) * gasPrice);
  // A free call pays nothing, whatever base fee it sees.
  const tip = gasPrice === 0n ? 0n : gasPrice - (environment.baseFeePerGas ?? 0n);
  payBeneficiary(surroundings, beneficiary, used * tip);
  const { functions } = world.instance;
  const isLogged = hasSucceeded(status) && functions.logsTotal() > 0;
  const logs = isLogged ? readLogs(world) : NO_LOGS;
  functions.settleTransaction();
  return { status, gasUsed: used, gasNeeded: needed, logs };
}

function openingOf(fork: ForkName, { to }: Execution): number {
  const recipient = to === undefined ? 0 : HAS_RECIPIENT;
  if (!isAtLeast(fork, 'berlin')) return recipient;
  return recipient | WARMS | (isAtLeast(fork, 'shanghai') ? WARMS_COINBASE : 0);
}

function payUpFront(
  { world, rules, environment, fork }: Surroundings,
  { gasLimit, gasPrice, blobHashes }: Execution,
  from: number,
): void {
  let cost = gasLimit * gasPrice;
  if (blobHashes.length > 0) {
    const price = blobBaseFee(environment, rules, fork);
    cost += BigInt(blobHashes.length) * GAS_PER_BLOB * price;
  }
  if (cost === 0n) return;
  const { instance } = world;
  const balance = readWord(instance, instance.functions.accountBalance(from));
  writeWord(instance, INPUT, balance - cost);
  instance.functions.setBalance(from);
}

function addBalance({ instance }: World, account: number, amount: Wei): void {
  if (amount === 0n) return;
  const balance = readWord(instance, instance.functions.accountBalance(account));
  writeWord(instance, INPUT, balance + amount);
  instance.functions.setBalance(account);
}

/** A payment of nothing still touches the account (EIP-161). */
export function payBeneficiary(
  { world }: Pick<Surroundings, 'world'>,
  beneficiary: Address,
  amount: Wei,
): void {
  const account = loadAccount(world, beneficiary);
  if (amount === 0n) world.instance.functions.touchAccount(account);
  else addBalance(world, account, amount);
}

function writeBlobs({ world }: Surroundings, { blobHashes }: Execution): void {
  world.instance.view().setUint32(BLOB_COUNT, blobHashes.length, true);
  for (const [i, hash] of blobHashes.entries()) writeBytes(world, BLOB_HASHES + 32 * i, hash);
}

/** Writes big-endian bytes as a word. */
export function writeBytes({ instance }: World, place: number, value: Uint8Array): void {
  const bytes = instance.bytes();
  for (let i = 0; i < 32; i += 1) bytes[place + i] = value[value.length - 1 - i] ?? 0;
}

/** EIP-2930. */
function warmList({ world, fork }: Surroundings, { accessList, warm }: Execution): void {
  if (accessList.length + warm.length === 0 || !isAtLeast(fork, 'berlin')) return;
  const { instance } = world;
  const { functions } = instance;
  for (const address of warm) functions.warmUpAccount(findAccount(world, address), false);
  for (const { address, storageKeys } of accessList) {
    const account = findAccount(world, address);
    functions.warmUpAccount(account, true);
    for (const key of storageKeys) {
      instance.bytes().set(key, INPUT);
      functions.warmUpSlot(account);
    }
  }
}

const EMPTY_ACCOUNT_REFUND = 12_500n;
const NONCE_LIMIT = 2n ** 64n - 1n;
/** Half the order of secp256k1: a signature with a higher s is malleable (EIP-2). */
const HIGHEST_S = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/** EIP-7702: lets accounts take the code of others; the refund for those that existed. */
function authorize(surroundings: Surroundings, list: readonly Authorization[]): Gas {
  let refund = 0n;
  for (const authorization of list) refund += authorizeOne(surroundings, authorization);
  return refund;
}

function authorizeOne({ world, rules }: Surroundings, authorization: Authorization): Gas {
  const { chainId, nonce, address } = authorization;
  if (chainId !== 0n && chainId !== rules.chainId) return 0n;
  if (nonce >= NONCE_LIMIT) return 0n;
  const authority = authorityOf(authorization);
  if (authority === undefined) return 0n;
  const { functions } = world.instance;
  const account = loadAccount(world, authority);
  functions.warmUpAccount(account, false);
  const code = codeAt(world, account);
  if (code.length > 0 && !isDelegation(code)) return 0n;
  if (nonceAt(world, account) !== nonce) return 0n;
  const existed = (functions.accountFlags(account) & EXISTS) !== 0;
  const clears = address.every((byte) => byte === 0);
  const prefix = Uint8Array.of(0xef, 1, 0);
  functions.giveCode(account, clears ? 0 : addCode(world, concatBytes(prefix, address)));
  functions.setNonce(account, nonce + 1n);
  return existed ? EMPTY_ACCOUNT_REFUND : 0n;
}

/** Who signed it; undefined if nobody did. */
function authorityOf(authorization: Authorization): Address | undefined {
  const { chainId, address, nonce, yParity, r, s } = authorization;
  if (yParity > 1 || toBigint(s) > HIGHEST_S) return undefined;
  const fields = encodeRlp([bigintToBytes(chainId), address, bigintToBytes(nonce)]);
  const digest = keccak256(concatBytes(Uint8Array.of(5), fields));
  return recoverAddress(digest, concatBytes(r, s), yParity);
}

function toBigint(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}
