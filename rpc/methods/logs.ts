/** Logs page by page, in our own namespace. */
import { type TSchema, Type } from 'typebox';
import { bytesToBigint, bytesToHex, type Height, hexToBytes } from '../../ledger/model/index.ts';
import { type Codec, refuseValue } from '../codec.ts';
import { logSchema } from '../format-receipt.ts';
import { logQueryParam, queryRange, readLogs } from '../log-filter.ts';
import { defineMethod, type Method } from '../method.ts';
import { countParam } from '../values.ts';

/** The log that the last page ended with. */
type LogCursor = { readonly number: Height; readonly logIndex: number };

const CURSOR = /^0x[0-9a-f]{24}$/;

const cursorParam: Codec<LogCursor> = {
  schema: Type.String({ pattern: CURSOR.source, description: 'cursor of the page before' }),
  decode: (value, path) => {
    if (typeof value !== 'string' || !CURSOR.test(value)) {
      return refuseValue(path, 'want the cursor of an earlier answer', value);
    }
    const bytes = hexToBytes(value);
    return {
      number: bytesToBigint(bytes.subarray(0, 8)),
      logIndex: Number(bytesToBigint(bytes.subarray(8))),
    };
  },
};

function formatCursor({ number, logIndex }: LogCursor): string {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, number);
  view.setUint32(8, logIndex);
  return bytesToHex(bytes);
}

const pageSchema: TSchema = Type.Object({
  logs: Type.Array(logSchema),
  cursor: Type.Union([Type.String(), Type.Null()]),
});

export const logPageMethods: readonly Method[] = [
  defineMethod({
    name: 'ehb_getLogs',
    summary:
      'Logs of final blocks, page by page. `cursor` is null on the last page; give it back with the same filter for the next one.',
    params: [
      { name: 'filter', codec: logQueryParam },
      { name: 'cursor', codec: cursorParam, optional: true },
      { name: 'limit', codec: countParam('logs of one page'), optional: true },
    ],
    result: pageSchema,
    handler: async ({ chain, limits, signal }, query, after, limit) => {
      const { logs, last } = await readLogs(chain, query, {
        ...queryRange(chain, query),
        ...(after === undefined ? {} : { after }),
        limit: Math.max(1, Math.min(limit ?? limits.logResults, limits.logResults)),
        signal,
      });
      return { logs, cursor: last === undefined ? null : formatCursor(last) };
    },
  }),
];
