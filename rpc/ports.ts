/**
 * What the methods need of the node, declared here and fitted in the composition root.
 *
 * Plain data of `ledger/model` goes through; nobody's objects are shared. `ChainPort` is a part of
 * `ChainStore` of `ledger/store`, so the store itself fits. Only final blocks are ever seen.
 */
import type {
  AccessListResult,
  Address,
  Block,
  BlockHeader,
  CallOverrides,
  Gas,
  Hash,
  Height,
  Log,
  LogCriteria,
  Receipt,
  SimulatedBlockReport,
  SimulatedBlockRequest,
  SimulationOptions,
  StateReader,
  Transaction,
  TransactionRequest,
  UnixSeconds,
  Verdict,
  Wei,
} from '../ledger/model/index.ts';
import type { TracingPort } from './tracing-port.ts';

/** Final blocks and the state after each of them. */
export type ChainPort = {
  head(): { readonly header: BlockHeader; readonly hash: Hash };
  hashOf(number: Height): Hash | undefined;
  numberOf(hash: Hash): Height | undefined;
  header(number: Height): BlockHeader | undefined;
  block(number: Height): Block | undefined;
  /** RLP; its length is the `size` of the block. */
  encodedBlock(number: Height): Uint8Array | undefined;
  receipts(number: Height): readonly Receipt[] | undefined;
  /** Sender of each transaction of the block. */
  senders(number: Height): readonly Address[] | undefined;
  transactionPlace(hash: Hash): { readonly number: Height; readonly index: number } | undefined;
  /** Logs that match, in chain order. @throws the reason of `signal` when it aborts */
  findLogs(
    criteria: LogCriteria,
    bounds: {
      readonly from: Height;
      readonly to: Height;
      /** Only those behind this one. */
      readonly after?: { readonly number: Height; readonly logIndex: number };
      readonly limit: number;
      readonly signal?: AbortSignal;
    },
  ): Promise<{
    readonly logs: readonly {
      readonly header: BlockHeader;
      readonly blockHash: Hash;
      readonly transactionHash: Hash;
      readonly transactionIndex: number;
      readonly logIndex: number;
      readonly log: Log;
    }[];
    /** False: there are more behind the last one. */
    readonly isComplete: boolean;
  }>;
  /** State after that block; undefined above the head. */
  stateAt(number: Height): StateReader | undefined;
  /**
   * The oldest block after which the state is kept, and the oldest, beside block 0, with body, receipts and logs.
   * What is older is not read: every read of it @throws CodedError `STORE_PRUNED`.
   */
  oldest(): { readonly state: Height; readonly bodies: Height };
};

/** Merkle proofs against the state root of a final block. */
export type ProofPort = {
  /**
   * RLP nodes from the root down; one list for each of `slots` (32 bytes each), in their order. A word says
   * why there is no proof: the block is older than the records that it takes, or too much has changed since.
   * @throws the reason of the signal when it aborts
   */
  prove(request: {
    readonly address: Address;
    readonly slots: readonly Uint8Array[];
    readonly at: Height;
    readonly signal?: AbortSignal;
  }): Promise<
    | {
        readonly accountProof: readonly Uint8Array[];
        readonly storageProofs: readonly (readonly Uint8Array[])[];
      }
    | 'before-records'
    | 'too-many-changes'
  >;
};

export type BundleRequest =
  | {
      readonly kind: 'account';
      readonly address: Address;
      readonly slots: readonly Uint8Array[];
      readonly at: Height;
    }
  | { readonly kind: 'transaction' | 'receipt'; readonly hash: Hash };

/** Proofs with the sealed headers that they rest on. */
export type BundlePort = {
  /** @throws the reason of the signal when it aborts */
  make(
    request: BundleRequest,
    signal: AbortSignal,
  ): Promise<
    Verdict<{ readonly bundle: Uint8Array; readonly number: Height; readonly hash: Hash }>
  >;
};

export type PooledTransaction = { readonly transaction: Transaction; readonly sender: Address };

/** Transactions that are not final yet. */
export type PoolPort = {
  /** A refusal's `message` has geth's wording: clients match on it. */
  add(raw: Uint8Array): Promise<Verdict<{ readonly hash: Hash }>>;
  get(hash: Hash): PooledTransaction | undefined;
  /** First nonce that neither the head's state nor an executable transaction of the pool has used. */
  nextNonce(address: Address): bigint;
  /** `pending` can be executed now, `queued` waits for an earlier nonce. */
  status(): { readonly pending: number; readonly queued: number };
  content(): {
    readonly pending: readonly PooledTransaction[];
    readonly queued: readonly PooledTransaction[];
  };
};

export type CallOptions = CallOverrides & {
  readonly signal: AbortSignal;
  /** The most gas that a call gets, whatever it asks for. */
  readonly gasCap: Gas;
};

/** How an execution ended. */
export type CallOutcome =
  | { readonly kind: 'success'; readonly output: Uint8Array; readonly gasUsed: Gas }
  /** The contract said REVERT; `output` is what it gave as the reason. */
  | { readonly kind: 'reverted'; readonly output: Uint8Array; readonly gasUsed: Gas }
  /** Any other exception of the EVM, in geth's words: `out of gas`, `invalid opcode: INVALID`. */
  | { readonly kind: 'failed'; readonly message: string; readonly gasUsed: Gas };

export type EstimateOutcome =
  | { readonly kind: 'success'; readonly gas: Gas }
  | { readonly kind: 'reverted'; readonly output: Uint8Array }
  | { readonly kind: 'failed'; readonly message: string };

/**
 * Read-only execution in the environment of a final block, on the state after it. A refusal says what
 * made the message impossible (too little balance, gas below the intrinsic cost) in geth's words.
 *
 * Each throws the reason of the signal when it aborts.
 */
export type CallerPort = {
  call(
    request: TransactionRequest,
    at: Height,
    options: CallOptions,
  ): Promise<Verdict<{ readonly outcome: CallOutcome }>>;
  estimateGas(
    request: TransactionRequest,
    at: Height,
    options: CallOptions,
  ): Promise<Verdict<{ readonly outcome: EstimateOutcome }>>;
  /** Absent where the engine cannot tell which slots were touched. */
  createAccessList?(
    request: TransactionRequest,
    at: Height,
    options: CallOptions,
  ): Promise<Verdict<{ readonly outcome: AccessListResult }>>;
};

/** Blocks that are executed on a final one and thrown away. */
export type SimulatorPort = {
  /** A refusal's code is one of `SIMULATION_CODES`. @throws the reason of the signal when it aborts */
  simulate(
    blocks: readonly SimulatedBlockRequest[],
    at: Height,
    options: SimulationOptions & { readonly signal: AbortSignal },
  ): Promise<Verdict<{ readonly blocks: readonly SimulatedBlockReport[] }>>;
};

/** Prices by the rules of the chain. */
export type FeePort = {
  /** Of the block after `parent`; undefined before London. */
  nextBaseFee(parent: BlockHeader): Wei | undefined;
  /** What one unit of blob gas costs in the block of `header`; undefined before Cancun. */
  blobBaseFee(header: BlockHeader): Wei | undefined;
  /** The same of the block after `parent`, at the fork of `parent`. */
  nextBlobBaseFee(parent: BlockHeader): Wei | undefined;
  /** The most blob gas that the block of `header` may use; 0 before Cancun. */
  blobGasLimit(header: BlockHeader): Gas;
  /** Least tip that the pool accepts; 0 on a chain without fees. */
  readonly minimumPriorityFeePerGas: Wei;
};

export type EvidenceKind = 'proposal' | 'prepare' | 'commit' | 'round-change';

/** A proof that one validator signed two things that contradict each other. */
export type EvidenceReport = {
  readonly kind: EvidenceKind;
  readonly height: Height;
  readonly round: number;
  readonly author: Address;
  /** The proof holds if this is the final block of the height; undefined: it holds by itself. */
  readonly restsOnBlock: Hash | undefined;
  readonly statements: readonly {
    readonly type: 'message' | 'sealed-header';
    /** Undefined: a RoundChange that names no block. */
    readonly digest: Hash | undefined;
    readonly preparedRound?: number | undefined;
    readonly signature: Uint8Array;
  }[];
  /** What can be verified offline. */
  readonly bundle: Uint8Array;
};

export type EvidencePort = {
  /** By height; `total` counts what the filter fits, before `skip` and `limit`. */
  list(filter: {
    readonly author?: Address;
    readonly kind?: EvidenceKind;
    readonly fromBlock?: Height;
    readonly toBlock?: Height;
    readonly skip: number;
    readonly limit: number;
  }): Promise<{ readonly total: number; readonly reports: readonly EvidenceReport[] }>;
};

/** The stream outwards. Listeners never throw and return at once. */
export type EventPort = {
  /** After the block is durable; every height once, ascending. Returns what ends it. */
  onBlock(listener: (number: Height) => void): () => void;
  /** Transactions that the pool accepted, from wherever they came. */
  onPendingTransactions(listener: (transactions: readonly PooledTransaction[]) => void): () => void;
};

export type PeerReport = {
  readonly peerId: string;
  /** Proved by a signature; undefined for a node without a validator key. */
  readonly address: Address | undefined;
  readonly kind: string;
  readonly direction: 'inbound' | 'outbound';
  /** The head that it last announced. */
  readonly height: Height | undefined;
  readonly connectedAtMs: number;
};

export type NodeReport = {
  readonly peerId: string;
  /** Multiaddrs on which this node can be dialled. */
  readonly addresses: readonly string[];
  /** Undefined for a node that only follows. */
  readonly validatorAddress: Address | undefined;
  readonly voting:
    | { readonly yes: true }
    /** `until`: it votes again above that block, at the latest; undefined while nobody knows. */
    | { readonly yes: false; readonly reason: string; readonly until?: Height };
  /** What consensus works on: the height after the head, and its round. */
  readonly consensus: { readonly height: Height; readonly round: number };
  readonly validators: readonly Address[];
  readonly peers: readonly PeerReport[];
  readonly cryptoBackend: { readonly curve: string; readonly keccak: string };
  readonly startedAtMs: number;
};

/** EIP-7910: what holds from a time on. */
export type ForkConfig = {
  /** 0: from the first block on. */
  readonly activationTime: UnixSeconds;
  /** Undefined where there are no blobs. */
  readonly blobs:
    | { readonly target: number; readonly max: number; readonly baseFeeUpdateFraction: bigint }
    | undefined;
  /** EIP-6122 `FORK_HASH`, an unsigned number of 32 bits. */
  readonly forkId: number;
  readonly precompiles: readonly (readonly [name: string, address: Address])[];
  readonly systemContracts: readonly (readonly [name: string, address: Address])[];
};

/** The node as a whole. */
export type NodePort = {
  /** `ehb/v0.1.0/linux-x64/node24.1.0`, by the habit of `web3_clientVersion`. */
  readonly clientVersion: string;
  readonly chainId: bigint;
  /** At the head; `next` and `last` are undefined when nothing is to come at a time that is set. */
  forks(): {
    readonly current: ForkConfig;
    readonly next: ForkConfig | undefined;
    readonly last: ForkConfig | undefined;
  };
  /** Of how many of the newest blocks states, and bodies with all that is in them, are kept; of all if absent. */
  readonly keep?:
    | { readonly states?: number | undefined; readonly bodies?: number | undefined }
    | undefined;
  /** Absent: `ehb_status` is not offered. */
  report?(): NodeReport;
  peerCount(): number;
  /** Undefined when the node follows the head. */
  syncing():
    | {
        readonly startingBlock: Height;
        readonly currentBlock: Height;
        readonly highestBlock: Height;
      }
    | undefined;
  /** Who could seal that block, ascending; undefined above the block after the head. */
  validatorsAt(number: Height): Promise<readonly Address[] | undefined>;
  /** For `/readiness`: whether clients should be sent here, and if not, why. */
  readiness(): { readonly ready: true } | { readonly ready: false; readonly reason: string };
};

type Vote = { readonly recipient: Address; readonly add: boolean };

/** Who may seal the next block, and how that can change. */
export type GovernanceReport = {
  readonly validators: readonly {
    readonly address: Address;
    readonly isSelf: boolean;
    /** Connected to this node, or this node. */
    readonly isConnected: boolean;
  }[];
} & (
  | {
      readonly source: 'headers';
      /** Votes of one kind for one recipient that change the set. */
      readonly votesNeeded: number;
      /** What has been voted in this epoch and has not come true. */
      readonly votes: readonly (Vote & { readonly voters: readonly Address[] })[];
      /** What this validator is to vote; `isCast`: the tally holds it. */
      readonly wanted: readonly (Vote & { readonly isCast: boolean })[];
      readonly epochLength: Height;
    }
  | { readonly source: 'contract'; readonly contract: Address }
);

/** The votes of this validator. A refusal says what is wrong with a vote. */
export type GovernancePort = {
  /** Resolves when the vote is durable. @param force although the set that follows has no live quorum */
  propose(vote: Vote, force: boolean): Promise<Verdict<object>>;
  discard(recipient: Address): Promise<Verdict<object>>;
  /** Undefined where a contract names the validators. */
  wanted(): readonly Vote[] | undefined;
  report(): GovernanceReport;
  /** Timeout of round 0 at that height. */
  requestTimeoutMs(height: Height): number;
};

export type BackupReport =
  | { readonly state: 'none' }
  | { readonly state: 'running'; readonly file: string; readonly bytes: number }
  | {
      readonly state: 'done';
      readonly file: string;
      readonly bytes: number;
      readonly height: Height;
    }
  | {
      readonly state: 'failed';
      readonly file: string;
      readonly code: string;
      readonly message: string;
    };

/** Backups of the ledger, one at a time. */
export type BackupPort = {
  /** Begins one; `file` is a path on the machine of the node. */
  start(file: string): Verdict<object>;
  /** How the newest stands. */
  state(): BackupReport;
};

export type RpcPorts = {
  readonly chain: ChainPort;
  /** Absent: `eth_getProof` is not offered. */
  readonly proofs?: ProofPort;
  /** Absent: `ehb_getProof` is not offered. */
  readonly bundles?: BundlePort;
  /** Absent: `ehb_startBackup` is not offered. */
  readonly backups?: BackupPort;
  /** Absent: `debug_trace*` is not offered. */
  readonly tracing?: TracingPort;
  readonly pool: PoolPort;
  readonly caller: CallerPort;
  /** Absent: `eth_simulateV1` is not offered. */
  readonly simulator?: SimulatorPort;
  readonly fees: FeePort;
  readonly events: EventPort;
  /** Absent: `ehb_getEvidence` is not offered. */
  readonly evidence?: EvidencePort;
  /** Absent, as on a chain that is only served: no method about validators is offered. */
  readonly governance?: GovernancePort;
  readonly node: NodePort;
};

type LogMethod = (message: string, data?: object) => void;

/** A part of the node's logger. */
export type RpcLogger = {
  readonly error: LogMethod;
  readonly warn: LogMethod;
  readonly info: LogMethod;
  readonly debug: LogMethod;
};
