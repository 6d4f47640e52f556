/** `config.permissions` (G-15): whose storage says who may send and deploy, and for which blocks. */
import { bytesToHex, EMPTY_CODE_HASH, equalBytes } from '../ledger/model/index.ts';
import type { PermissionRule } from '../vm/index.ts';
import type { Genesis } from './genesis.ts';
import type { Problems } from './problems.ts';
import { readAddress } from './rewards.ts';
import type { Section } from './section.ts';

const KNOWN: ReadonlySet<string> = new Set(['contract', 'fromblock', 'untilblock']);

/** Undefined where everyone may do everything, and after a problem that was reported. */
export function readPermissions(
  config: Section,
  accounts: Genesis['accounts'],
  problems: Problems,
): PermissionRule | undefined {
  const section = config.section('permissions');
  if (section === undefined) return undefined;
  for (const key of section.keys) {
    // One that is passed over would be a rule that other nodes have.
    if (!KNOWN.has(key.toLowerCase())) section.report('GENESIS_FIELD_INVALID', key, 'is unknown');
  }
  section.require('contract');
  const contract = readAddress(section, 'contract');
  const from = section.quantity('fromBlock', 63) ?? 0n;
  const until = section.quantity('untilBlock', 63);
  if (until !== undefined && until <= from) {
    section.report('GENESIS_FIELDS_CONTRADICT', 'untilBlock', `is ${until}, fromBlock is ${from}`);
  }
  if (contract === undefined) {
    if (section.raw('contract') === '') {
      section.report('GENESIS_FIELD_INVALID', 'contract', 'must be an address');
    }
    return undefined;
  }
  const found = accounts.accounts.find(({ address }) => equalBytes(address, contract))?.account;
  if (found === undefined || equalBytes(found.codeHash, EMPTY_CODE_HASH)) {
    const message = `config.permissions.contract is ${bytesToHex(contract)}, which has no code in alloc`;
    if (from <= 1n) problems.report('GENESIS_PERMISSIONS_MISSING', message);
    else problems.warn(`${message}: without it nobody may send from block ${from} on`);
  }
  return { contract, from, ...(until !== undefined && { until }) };
}
