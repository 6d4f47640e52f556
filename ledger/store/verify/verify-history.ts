/** The fourth pass: what each block says that it changed has a version of that block, and leads back to its root. */
import { CodedError, type Height, InvariantError, ZERO_ADDRESS } from '../../model/index.ts';
import { readHead } from '../batch-chain.ts';
import { decodeChangedKeys } from '../changed-keys.ts';
import type { Reader } from '../database.ts';
import { numberKey } from '../keyspace.ts';
import { proveState } from '../state-proof.ts';
import type { Findings } from './report.ts';
import type { RecordCounts } from './verify-records.ts';
import type { VersionCounts } from './verify-state.ts';

/** Earlier states of which the root is made again, evenly over the chain. */
const SAMPLES = 8n;

export async function verifyHistory(
  reader: Reader,
  findings: Findings,
  versions: VersionCounts,
  counts: RecordCounts,
): Promise<void> {
  const head = readHead(reader);
  if (head === undefined) return;
  let first: Height | undefined;
  let records = 0;
  for (let number = 0n; number <= head.number; number += 1n) {
    const changed = changedAt(reader, number);
    // A store that was pruned, or of an early release, has no such records at its beginning.
    if (changed === undefined && first === undefined) continue;
    first ??= number;
    if (changed !== undefined) records += 1;
    const written = versions.get(number) ?? 0;
    if (changed !== undefined && changed.keys === written) continue;
    findings.add(`block ${number}`, 'what it says that it changed is not what was written');
  }
  const found = counts.get('changed') ?? 0;
  findings.expect(found === records, 'table changed', `${found} records, not ${records}`);
  const oldest = first === undefined || first === 0n ? 0n : first - 1n;
  for (let sample = 0n; sample < SAMPLES; sample += 1n) {
    const at = oldest + ((head.number - oldest) * sample) / SAMPLES;
    if (first !== undefined && at + 1n >= first) await verifyRoot(reader, findings, at);
  }
}

function changedAt(reader: Reader, number: Height): { readonly keys: number } | undefined {
  try {
    const record = reader.get(numberKey('changed', number));
    if (record === undefined) return undefined;
    let keys = 0;
    for (const { slots, isAccountChanged } of decodeChangedKeys(record)) {
      keys += slots.length + (isAccountChanged ? 1 : 0);
    }
    return { keys };
  } catch {
    return undefined;
  }
}

async function verifyRoot(reader: Reader, findings: Findings, at: Height): Promise<void> {
  try {
    await proveState(reader, { address: ZERO_ADDRESS, slots: [], at });
  } catch (error) {
    if (!(error instanceof InvariantError || error instanceof CodedError)) throw error;
    findings.add(`block ${at}`, `its state cannot be made again: ${error.message}`);
  }
}
