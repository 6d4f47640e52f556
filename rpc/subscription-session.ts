/** The subscriptions of one connection. */
import type { Hex } from '../ledger/model/index.ts';
import { RpcRefusal } from './errors.ts';
import { randomId } from './random-id.ts';
import type { SubscriptionHub, SubscriptionTopic } from './subscription-hub.ts';

export type SubscriptionSession = {
  /** Starts to push; the id comes before any push. @throws RpcRefusal RPC_LIMIT_EXCEEDED */
  open(topic: SubscriptionTopic): Hex;
  /** Whether there was one. */
  close(id: string): boolean;
  /** Called after each answer is sent: from here on the subscriptions it opened may push. */
  release(): void;
  closeAll(): void;
};

export function createSubscriptionSession(
  limit: number,
  modules: { readonly hub: SubscriptionHub; readonly send: (message: string) => void },
): SubscriptionSession {
  const { hub, send } = modules;
  const stops = new Map<string, () => void>();
  // What a subscription pushes before its id has been answered waits here.
  let held: { readonly ids: Set<string>; readonly messages: string[] } | undefined;

  return {
    open: (topic) => {
      if (stops.size >= limit) {
        throw new RpcRefusal(
          'RPC_LIMIT_EXCEEDED',
          `too many subscriptions: at most ${limit} on one connection`,
        );
      }
      const id = randomId();
      const prefix = `{"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"${id}","result":`;
      held ??= { ids: new Set(), messages: [] };
      held.ids.add(id);
      const stop = hub.attach(topic, (result) => {
        const message = `${prefix}${result}}}`;
        if (held?.ids.has(id)) held.messages.push(message);
        else send(message);
      });
      stops.set(id, stop);
      return id;
    },
    close: (id) => {
      const stop = stops.get(id);
      stop?.();
      return stops.delete(id);
    },
    release: () => {
      const messages = held?.messages ?? [];
      held = undefined;
      for (const message of messages) send(message);
    },
    closeAll: () => {
      for (const stop of stops.values()) stop();
      stops.clear();
      held = undefined;
    },
  };
}
