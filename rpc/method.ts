/**
 * One declaration per method. Dispatch, parameter checks, permissions, `rpc.discover`, the reference
 * page and the client's list of names all come from it.
 */
import type { TSchema } from 'typebox';
import type { Codec, Decoded } from './codec.ts';
import { invalidParams, RpcRefusal } from './errors.ts';
import type { FilterRegistry } from './filter-registry.ts';
import type { RpcLimits } from './options.ts';
import type { RpcPorts } from './ports.ts';
import type { SubscriptionSession } from './subscription-session.ts';

/** The part of a method's name before the first `_`; operators switch whole namespaces on and off. */
export type Namespace = 'eth' | 'net' | 'web3' | 'txpool' | 'qbft' | 'ehb' | 'debug' | 'rpc';

/** What a handler may use: the ports of the node, and what belongs to the server and this call. */
export type MethodContext = RpcPorts & {
  readonly limits: RpcLimits;
  readonly filters: FilterRegistry;
  /** Undefined over HTTP, which has nothing to push to. */
  readonly session: SubscriptionSession | undefined;
  /** The methods on offer here, for the ones that tell of them. */
  readonly offered: readonly Method[];
  /** Aborts when the call has run out of time or its caller has left. Made when first asked for. */
  readonly signal: AbortSignal;
};

export type Parameter<T = unknown> = {
  readonly name: string;
  readonly codec: Codec<T>;
  /** May be left out or `null`. */
  readonly optional?: true;
};

export type Method = {
  readonly name: string;
  readonly namespace: Namespace;
  /** One or two sentences for the reference page. */
  readonly summary: string;
  readonly params: readonly Parameter[];
  readonly result: TSchema;
  /** Checks and converts `params`, then runs the method. @throws RpcRefusal */
  readonly invoke: (context: MethodContext, params: readonly unknown[]) => unknown;
  /** It changes what this node does: only operators may call it (`operatorAccess`). */
  readonly isForOperators: boolean;
  /** How many times as long as another request it may take. */
  readonly timeoutFactor: number;
  /** Whether this node can answer it at all; always, when absent. */
  readonly available?: (ports: RpcPorts) => boolean;
};

type Arguments<P extends readonly Parameter[]> = {
  [I in keyof P]: P[I] extends { readonly codec: infer C; readonly optional: true }
    ? Decoded<C> | undefined
    : P[I] extends { readonly codec: infer C }
      ? Decoded<C>
      : never;
};

type Declaration<P extends readonly Parameter[]> = {
  readonly name: string;
  readonly summary: string;
  readonly params: P;
  readonly result: TSchema;
  readonly handler: (context: MethodContext, ...params: Arguments<P>) => unknown;
  readonly isForOperators?: true;
  /** 1 if absent. */
  readonly timeoutFactor?: number;
  readonly available?: (ports: RpcPorts) => boolean;
};

/** Declares a method. The handler's parameters are typed by the codecs. */
export function defineMethod<const P extends readonly Parameter[]>(
  declaration: Declaration<P>,
): Method {
  const { name, summary, params, result, handler, isForOperators, timeoutFactor, available } =
    declaration;
  return {
    name,
    namespace: name.split(/[_.]/, 1)[0] as Namespace, // the table's test checks every name
    summary,
    params,
    result,
    isForOperators: isForOperators ?? false,
    timeoutFactor: timeoutFactor ?? 1,
    invoke: (context, given) => {
      if (given.length > params.length) {
        throw invalidParams(`too many arguments, want at most ${params.length}`);
      }
      const decoded = params.map(({ codec, optional }, index) => {
        const value = given[index];
        if (value === undefined || value === null) {
          if (optional === true) return undefined;
          throw invalidParams(`missing value for required argument ${index}`);
        }
        return codec.decode(value, `argument ${index}`);
      });
      // One decoder per declared parameter ran, in order: exactly what Arguments<P> describes.
      return handler(context, ...(decoded as unknown as Arguments<P>));
    },
    ...(available === undefined ? {} : { available }),
  };
}

/** The session, for methods that push. @throws RpcRefusal RPC_NOTIFICATIONS_UNSUPPORTED over HTTP */
export function requireSession(context: MethodContext): SubscriptionSession {
  if (context.session === undefined) {
    throw new RpcRefusal('RPC_NOTIFICATIONS_UNSUPPORTED', 'notifications not supported');
  }
  return context.session;
}
