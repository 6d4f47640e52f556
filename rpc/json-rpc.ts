/**
 * The JSON-RPC 2.0 envelope: text in, text out, no transport.
 *
 * Answers are joined as text, each serialised once, so that sizes are known while a batch is still
 * being worked on. This is the one place where refusals and faults become `error` members.
 */
import { CodedError } from '../ledger/model/index.ts';
import { RPC_ERRORS, type RpcErrorCode, RpcRefusal } from './errors.ts';
import type { Method, MethodContext } from './method.ts';
import type { RpcLogger } from './ports.ts';
import type { SubscriptionSession } from './subscription-session.ts';

/** Requests of a batch worked on at once, so that one batch leaves room for other callers. */
const BATCH_WINDOW = 32;

export type DispatcherLimits = {
  readonly batchLimit: number;
  readonly responseLimitBytes: number;
  readonly requestTimeoutMs: number;
};

export type Dispatcher = {
  /** The answer to one message; undefined if there is nothing to answer (only notifications). */
  answer(
    text: string,
    session: SubscriptionSession | undefined,
    isOperator?: boolean,
    /** Aborts when whoever asks has left. Asked for by calls that take long. */
    left?: () => AbortSignal,
  ): Promise<string | undefined>;
};

/** Everything of a context that does not change from call to call. */
export type BaseContext = Omit<MethodContext, 'session' | 'signal'>;

type DispatcherModules = {
  readonly methods: ReadonlyMap<string, Method>;
  readonly context: BaseContext;
  readonly logger: RpcLogger;
};

type Request = {
  /** JSON text of the id; undefined for a notification. */
  readonly id: string | undefined;
  readonly method: string;
  readonly params: readonly unknown[];
};

type Shape = { readonly request: Request } | { readonly refusal: string };

/** Who sent a message. */
type Asker = {
  readonly session: SubscriptionSession | undefined;
  readonly isOperator: boolean;
  readonly left: () => AbortSignal;
};

const STAYS = new AbortController().signal;
const stays = (): AbortSignal => STAYS;

/** Answers one request of a message, as text; undefined for a notification. */
type AnswerOne = (value: unknown) => Promise<string | undefined>;

export function createDispatcher(limits: DispatcherLimits, modules: DispatcherModules): Dispatcher {
  return {
    answer: async (text, session, isOperator = false, left = stays) => {
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        return errorAnswer('RPC_PARSE_ERROR', 'parse error: the body is not JSON');
      }
      const answerOne: AnswerOne = async (one) => {
        const shape = readRequest(one);
        if ('refusal' in shape) return shape.refusal;
        const { id } = shape.request;
        const asker = { session, isOperator, left };
        const member = await run(limits, modules, shape.request, asker);
        return id === undefined ? undefined : `{"jsonrpc":"2.0","id":${id},${member}}`;
      };
      return Array.isArray(value) ? answerBatch(value, limits, answerOne) : answerOne(value);
    },
  };
}

/** Runs a method. The `result` or `error` member, as text. */
async function run(
  limits: DispatcherLimits,
  { methods, context, logger }: DispatcherModules,
  { method: name, params }: Request,
  { session, isOperator, left }: Asker,
): Promise<string> {
  try {
    const method = methods.get(name);
    if (method === undefined) throw unknownMethod(name);
    if (method.isForOperators && !isOperator) {
      throw new RpcRefusal('RPC_OPERATORS_ONLY', `${name} is for the operators of this node`);
    }
    const timeoutMs = limits.requestTimeoutMs * method.timeoutFactor;
    const result = await callWithin(timeoutMs, method, params, context, { session, left });
    const text = JSON.stringify(result ?? null);
    if (text.length <= limits.responseLimitBytes) return `"result":${text}`;
    const message = `response too large: ${text.length} bytes, at most ${limits.responseLimitBytes}`;
    return errorMember('RPC_RESPONSE_TOO_LARGE', message);
  } catch (error) {
    if (error instanceof RpcRefusal) return errorMember(error.code, error.message, error.data);
    // Wherever in a method it is met: what was asked for is of a block below the horizon of this node.
    if (error instanceof CodedError && error.code === 'STORE_PRUNED') {
      return errorMember('RPC_HISTORY_PRUNED', `pruned history unavailable: ${error.message}`);
    }
    logger.error('a method failed', { method: name, error });
    return errorMember('RPC_INTERNAL_ERROR', 'internal error');
  }
}

/** Answers in the order of the requests. Past the limit of size, what is left is not run at all. */
async function answerBatch(
  requests: readonly unknown[],
  { batchLimit, responseLimitBytes }: DispatcherLimits,
  answerOne: AnswerOne,
): Promise<string | undefined> {
  if (requests.length === 0) return errorAnswer('RPC_INVALID_REQUEST', 'empty batch');
  if (requests.length > batchLimit) {
    const message = `batch too large: ${requests.length} requests, at most ${batchLimit}`;
    return errorAnswer('RPC_LIMIT_EXCEEDED', message);
  }
  const answers: string[] = [];
  let length = 0;
  for (let from = 0; from < requests.length; from += BATCH_WINDOW) {
    const window = requests.slice(from, from + BATCH_WINDOW);
    const full = length > responseLimitBytes;
    const settled = full ? [] : await Promise.all(window.map(answerOne));
    for (const [index, request] of window.entries()) {
      length += settled[index]?.length ?? 0;
      const answer =
        length > responseLimitBytes ? refuseOversize(request, responseLimitBytes) : settled[index];
      if (answer !== undefined) answers.push(answer);
    }
  }
  return answers.length === 0 ? undefined : `[${answers.join(',')}]`;
}

/** A whole answer with an `error`; `id` is JSON text. */
export function errorAnswer(code: RpcErrorCode, message: string, id = 'null'): string {
  return `{"jsonrpc":"2.0","id":${id},${errorMember(code, message)}}`;
}

function errorMember(code: RpcErrorCode, message: string, data?: string): string {
  const error = { code: RPC_ERRORS[code].number, message, ...(data === undefined ? {} : { data }) };
  return `"error":${JSON.stringify(error)}`;
}

function unknownMethod(name: string): RpcRefusal {
  const shown = name.length > 100 ? `${name.slice(0, 97)}...` : name;
  return new RpcRefusal(
    'RPC_METHOD_NOT_FOUND',
    `the method ${shown} does not exist/is not available`,
  );
}

/** Checks the envelope. The id of a request that is otherwise wrong is answered if it is usable. */
function readRequest(value: unknown): Shape {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return { refusal: errorAnswer('RPC_INVALID_REQUEST', 'invalid request: want an object') };
  }
  const given = value as Record<string, unknown>; // an object; its own members are checked below
  const id = Object.hasOwn(given, 'id') ? readId(given['id']) : { text: undefined };
  if (id === undefined) {
    return {
      refusal: errorAnswer('RPC_INVALID_REQUEST', 'invalid request: id is a string or a number'),
    };
  }
  const refuse = (code: RpcErrorCode, message: string): Shape => ({
    refusal: errorAnswer(code, message, id.text),
  });
  const { jsonrpc, method, params } = given;
  if (jsonrpc !== '2.0') {
    return refuse('RPC_INVALID_REQUEST', 'invalid request: jsonrpc is not "2.0"');
  }
  if (typeof method !== 'string') {
    return refuse('RPC_INVALID_REQUEST', 'invalid request: method is not a string');
  }
  if (params !== undefined && params !== null && !Array.isArray(params)) {
    return refuse('RPC_INVALID_PARAMS', 'invalid params: want an array');
  }
  return { request: { id: id.text, method, params: params ?? [] } };
}

/** A string, a finite number or `null`, as JSON text; undefined for anything else. */
function readId(id: unknown): { readonly text: string } | undefined {
  const usable = id === null || typeof id === 'string' || Number.isFinite(id);
  return usable ? { text: JSON.stringify(id) } : undefined;
}

/** For the requests of a batch whose answers are already as long as may be: not run at all. */
function refuseOversize(value: unknown, limit: number): string | undefined {
  const shape = readRequest(value);
  if ('refusal' in shape) return shape.refusal;
  const message = `response too large: the answers of the batch exceed ${limit} bytes`;
  const { id } = shape.request;
  return id === undefined ? undefined : errorAnswer('RPC_RESPONSE_TOO_LARGE', message, id);
}

/** Runs a method. Those that answer at once, most of them, cost no timer. */
async function callWithin(
  timeoutMs: number,
  method: Method,
  params: readonly unknown[],
  base: BaseContext,
  { session, left }: Pick<Asker, 'session' | 'left'>,
): Promise<unknown> {
  let controller: AbortController | undefined;
  let signal: AbortSignal | undefined;
  const context: MethodContext = {
    ...base,
    session,
    get signal(): AbortSignal {
      controller ??= new AbortController();
      signal ??= AbortSignal.any([controller.signal, left()]);
      return signal;
    },
  };
  const pending = method.invoke(context, params);
  if (!(pending instanceof Promise)) return pending;
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new RpcRefusal('RPC_TIMEOUT', `request timed out after ${timeoutMs} ms`));
    controller?.abort();
  }, timeoutMs);
  try {
    return await Promise.race([pending, expired]);
  } finally {
    clearTimeout(timer);
  }
}
