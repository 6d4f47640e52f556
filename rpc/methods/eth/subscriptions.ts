/** `eth_subscribe`: the node pushes over the WebSocket. */
import { type TSchema, Type } from 'typebox';
import { booleanParam, type Codec, describe } from '../../codec.ts';
import { invalidParams } from '../../errors.ts';
import { logQueryParam } from '../../log-filter.ts';
import { defineMethod, type Method, requireSession } from '../../method.ts';
import type { SubscriptionTopic } from '../../subscription-hub.ts';
import { quantitySchema } from '../../values.ts';
import { idParam } from './logs.ts';

const KINDS = ['newHeads', 'logs', 'newPendingTransactions'] as const;
type Kind = SubscriptionTopic['kind'];

const kindSchema: TSchema = Type.Union(KINDS.map((kind) => Type.Literal(kind)));

const kindParam: Codec<Kind> = {
  schema: kindSchema,
  decode: (value, path) => {
    const kind = KINDS.find((known) => known === value);
    if (kind !== undefined) return kind;
    throw invalidParams(
      `invalid ${path}: no ${describe(value)} subscription in eth namespace, there are ${KINDS.join(', ')}`,
    );
  },
};

/** Checked once the kind is known. */
const detailParam: Codec<unknown> = {
  schema: Type.Union([logQueryParam.schema, Type.Boolean()], {
    description: 'for logs the filter, for newPendingTransactions whether to send them in full',
  }),
  decode: (value) => value,
};

function topicOf(kind: Kind, detail: unknown): SubscriptionTopic {
  const given = detail !== undefined;
  switch (kind) {
    case 'newHeads':
      return { kind };
    case 'logs':
      return { kind, criteria: logQueryParam.decode(given ? detail : {}, 'argument 1') };
    case 'newPendingTransactions':
      return { kind, full: given && booleanParam.decode(detail, 'argument 1') };
  }
}

export const subscriptionMethods: readonly Method[] = [
  defineMethod({
    name: 'eth_subscribe',
    summary:
      'Pushes new heads, matching logs or pending transactions over this WebSocket, until unsubscribed or closed.',
    params: [
      { name: 'kind', codec: kindParam },
      { name: 'detail', codec: detailParam, optional: true },
    ],
    result: quantitySchema,
    handler: (context, kind, detail) => requireSession(context).open(topicOf(kind, detail)),
  }),
  defineMethod({
    name: 'eth_unsubscribe',
    summary: 'Ends a subscription of this WebSocket; false if there was none.',
    params: [{ name: 'id', codec: idParam }],
    result: Type.Boolean(),
    handler: (context, id) => requireSession(context).close(id),
  }),
];
