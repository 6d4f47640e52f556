/** Backups of the ledger of this node, taken while it runs. */
import { isAbsolute } from 'node:path';
import { type TSchema, Type } from 'typebox';
import { type Codec, refuseValue } from '../codec.ts';
import { RpcRefusal } from '../errors.ts';
import { defineMethod, type Method } from '../method.ts';
import type { BackupReport, RpcPorts } from '../ports.ts';
import { quantity, quantitySchema } from '../values.ts';

const fileParam: Codec<string> = {
  schema: Type.String({ description: 'absolute path of a new file on the machine of the node' }),
  decode: (value, path) =>
    typeof value === 'string' && isAbsolute(value)
      ? value
      : refuseValue(path, 'want an absolute path', value),
};

const stateSchema: TSchema = Type.Object({
  state: Type.String({ description: 'none, running, done or failed' }),
  file: Type.Optional(Type.String()),
  bytes: Type.Optional(Type.Integer()),
  height: Type.Optional(quantitySchema),
  code: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
});

function format(report: BackupReport): unknown {
  return report.state === 'done' ? { ...report, height: quantity(report.height) } : report;
}

const available = ({ backups }: RpcPorts): boolean => backups !== undefined;

export const backupMethods: readonly Method[] = [
  defineMethod({
    name: 'ehb_startBackup',
    summary:
      'Begins to write a backup of the ledger as it is now into a new file on the machine of the node; blocks go on meanwhile.',
    params: [{ name: 'file', codec: fileParam }],
    result: stateSchema,
    isForOperators: true,
    available,
    handler: ({ backups }, file) => {
      const verdict = backups?.start(file);
      if (verdict?.ok === false) throw new RpcRefusal('RPC_BACKUP_REFUSED', verdict.message);
      return format(backups?.state() ?? { state: 'none' });
    },
  }),
  defineMethod({
    name: 'ehb_getBackup',
    summary: 'How the newest backup of this node stands.',
    params: [],
    result: stateSchema,
    isForOperators: true,
    available,
    handler: ({ backups }) => format(backups?.state() ?? { state: 'none' }),
  }),
];
