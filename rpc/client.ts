/**
 * A small JSON-RPC client over `fetch`, for the command line and the SDK. It needs nothing of the node
 * and runs in a browser.
 *
 * @example
 * const client = createClient({ url: 'http://127.0.0.1:8545' });
 * const head = await client.request('eth_blockNumber', []);
 */

export type Quantity = `0x${string}`;

/** Answer of `ehb_status`. */
export type StatusJson = {
  readonly clientVersion: string;
  readonly chainId: Quantity;
  readonly genesisHash: `0x${string}` | null;
  readonly head: {
    readonly number: Quantity;
    readonly hash: `0x${string}`;
    readonly timestamp: Quantity;
  };
  readonly syncing: boolean;
  readonly consensus: {
    readonly height: Quantity;
    readonly round: number;
    readonly voting: boolean;
    readonly notVotingBecause?: string;
    /** It votes again above this block, at the latest. */
    readonly votingAfterBlock?: Quantity;
  };
  readonly validatorAddress: `0x${string}` | null;
  readonly validators: readonly `0x${string}`[];
  readonly peerId: string;
  readonly addresses: readonly string[];
  readonly peers: readonly {
    readonly peerId: string;
    readonly address: `0x${string}` | null;
    readonly kind: string;
    readonly direction: string;
    readonly height: Quantity | null;
    readonly connectedAtMs: number;
  }[];
  readonly pool: { readonly pending: number; readonly queued: number };
  readonly cryptoBackend: { readonly curve: string; readonly keccak: string };
  readonly startedAtMs: number;
};

/** Answer of `ehb_validators`; what concerns votes only where headers carry them. */
export type ValidatorsJson = {
  readonly height: Quantity;
  readonly source: 'headers' | 'contract';
  readonly contract?: `0x${string}`;
  readonly validators: readonly {
    readonly address: `0x${string}`;
    readonly isSelf: boolean;
    readonly isConnected: boolean;
  }[];
  readonly votesNeeded?: number;
  readonly votes?: readonly {
    readonly address: `0x${string}`;
    readonly add: boolean;
    readonly voters: readonly `0x${string}`[];
  }[];
  readonly wanted?: readonly {
    readonly address: `0x${string}`;
    readonly add: boolean;
    readonly isCast: boolean;
  }[];
  readonly epochEnds?: Quantity;
};

/** Answer of `ehb_getEvidence`. */
export type EvidenceJson = {
  readonly total: number;
  readonly proofs: readonly {
    readonly kind: string;
    readonly height: Quantity;
    readonly round: number;
    readonly author: `0x${string}`;
    readonly restsOnBlock: `0x${string}` | null;
    readonly statements: readonly {
      readonly type: string;
      readonly digest: `0x${string}` | null;
      readonly preparedRound?: number;
      readonly signature: `0x${string}`;
    }[];
    readonly bundle: `0x${string}`;
  }[];
};

/** What `ehb_getEvidence` selects. */
export type EvidenceFilterJson = {
  readonly author?: string;
  readonly kind?: string;
  readonly fromBlock?: Quantity;
  readonly toBlock?: Quantity;
  readonly skip?: number;
  readonly limit?: number;
};

/** Answer of `ehb_startBackup` and `ehb_getBackup`. */
export type BackupJson = {
  readonly state: 'none' | 'running' | 'done' | 'failed';
  readonly file?: string;
  readonly bytes?: number;
  readonly height?: Quantity;
  readonly code?: string;
  readonly message?: string;
};

/** What `ehb_getProof` proves: one of the first three. */
export type ProofSubjectJson = {
  readonly transaction?: string;
  readonly receipt?: string;
  readonly address?: string;
  readonly slots?: readonly string[];
  readonly block?: string;
};

/** Answer of `ehb_getProof`. */
export type ProofJson = {
  readonly blockNumber: Quantity;
  readonly blockHash: `0x${string}`;
  readonly bundle: `0x${string}`;
};

/** Methods whose types the client knows; any other may be called with a result type of one's own. */
export type KnownMethods = {
  readonly ehb_getBackup: { readonly params: readonly []; readonly result: BackupJson };
  readonly ehb_getProof: {
    readonly params: readonly [subject: ProofSubjectJson];
    readonly result: ProofJson;
  };
  readonly ehb_startBackup: {
    readonly params: readonly [file: string];
    readonly result: BackupJson;
  };
  readonly ehb_getEvidence: {
    readonly params: readonly [filter?: EvidenceFilterJson];
    readonly result: EvidenceJson;
  };
  readonly ehb_status: { readonly params: readonly []; readonly result: StatusJson };
  readonly ehb_validators: { readonly params: readonly []; readonly result: ValidatorsJson };
  readonly eth_blockNumber: { readonly params: readonly []; readonly result: Quantity };
  readonly eth_chainId: { readonly params: readonly []; readonly result: Quantity };
  readonly eth_gasPrice: { readonly params: readonly []; readonly result: Quantity };
  readonly eth_getBalance: {
    readonly params: readonly [address: string, block?: string];
    readonly result: Quantity;
  };
  readonly eth_getTransactionCount: {
    readonly params: readonly [address: string, block?: string];
    readonly result: Quantity;
  };
  readonly eth_sendRawTransaction: {
    readonly params: readonly [raw: string];
    readonly result: `0x${string}`;
  };
  readonly qbft_proposeValidatorVote: {
    readonly params: readonly [address: string, add: boolean, force?: boolean];
    readonly result: true;
  };
  readonly qbft_discardValidatorVote: {
    readonly params: readonly [address: string];
    readonly result: true;
  };
  readonly qbft_getPendingVotes: {
    readonly params: readonly [];
    readonly result: Readonly<Record<string, boolean>>;
  };
  readonly net_peerCount: { readonly params: readonly []; readonly result: Quantity };
  readonly txpool_status: {
    readonly params: readonly [];
    readonly result: { readonly pending: Quantity; readonly queued: Quantity };
  };
  readonly web3_clientVersion: { readonly params: readonly []; readonly result: string };
};

export type RequestOptions = { readonly signal?: AbortSignal };

export type RpcClient = {
  /** @throws RpcError as the node answered; RpcTransportError if it did not answer */
  request<M extends keyof KnownMethods>(
    method: M,
    params: KnownMethods[M]['params'],
    options?: RequestOptions,
  ): Promise<KnownMethods[M]['result']>;
  request<R = unknown>(
    method: string,
    params: readonly unknown[],
    options?: RequestOptions,
  ): Promise<R>;
};

/** The node answered with an error. `code` is the number of the JSON-RPC. */
export class RpcError extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor(message: string, code: number, data: unknown) {
    super(message);
    this.name = 'RpcError';
    this.code = code;
    this.data = data;
  }
}

/** There was no answer, or it was no JSON-RPC. `cause` has what went wrong below. */
export class RpcTransportError extends Error {
  readonly url: string;

  constructor(message: string, url: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RpcTransportError';
    this.url = url;
  }
}

/** A client of one node. Calls time out after `timeoutMs`, 10 s unless told. */
export function createClient(options: {
  readonly url: string;
  readonly timeoutMs?: number;
}): RpcClient {
  const { url, timeoutMs = 10_000 } = options;
  let lastId = 0;
  return {
    // The node's answers are not checked against the types of `KnownMethods`: the table's tests do.
    request: async <R>(
      method: string,
      params: readonly unknown[],
      { signal }: RequestOptions = {},
    ): Promise<R> => {
      lastId += 1;
      const body = JSON.stringify({ jsonrpc: '2.0', id: lastId, method, params });
      const timeout = AbortSignal.timeout(timeoutMs);
      const answer = await post(
        url,
        body,
        signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      );
      return readAnswer(answer, url) as R;
    },
  };
}

async function post(url: string, body: string, signal: AbortSignal): Promise<unknown> {
  try {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(url, { method: 'POST', headers, body, signal });
    return await response.json();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RpcTransportError(`no answer from ${url}: ${reason}`, url, { cause });
  }
}

function readAnswer(answer: unknown, url: string): unknown {
  if (answer !== null && typeof answer === 'object') {
    if ('result' in answer) return answer.result;
    if ('error' in answer) {
      const { error } = answer;
      if (error !== null && typeof error === 'object' && 'code' in error && 'message' in error) {
        const data = 'data' in error ? error.data : undefined;
        throw new RpcError(String(error.message), Number(error.code), data);
      }
    }
  }
  throw new RpcTransportError(`${url} does not answer as a JSON-RPC node`, url);
}
