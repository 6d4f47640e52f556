/** `extraData` of block 0: who seals block 1 (G-5). */
import type { ValidatorSource } from '../consensus/index.ts';
import {
  type Address,
  bytesToHex,
  compareBytes,
  decodeExtraData,
  type QbftExtraData,
} from '../ledger/model/index.ts';
import type { Problems } from './problems.ts';
import { nameOf, type Section } from './section.ts';

export type GenesisValidators = {
  readonly extraData: Uint8Array;
  readonly validators: readonly Address[];
};

/** Undefined after a problem that was reported. */
export function readValidators(
  file: Section,
  source: ValidatorSource,
  problems: Problems,
): GenesisValidators | undefined {
  file.require('extraData');
  const raw = file.raw('extraData');
  if (raw === undefined) return undefined;
  if (typeof raw === 'string' && /[%${}]/.test(raw)) {
    const message = `is the unfilled template ${nameOf(raw)}`;
    file.report('GENESIS_EXTRA_DATA_TEMPLATE', 'extraData', message);
    return undefined;
  }
  const extraData = file.bytes('extraData');
  if (extraData === undefined) return undefined;
  const decoded = decodeExtraData(extraData);
  if (!decoded.ok) {
    problems.report('GENESIS_EXTRA_DATA_INVALID', decoded.message);
    return undefined;
  }
  reportUnfit(decoded.extraData, source, file, problems);
  const { validators } = decoded.extraData;
  return { extraData, validators: source.kind === 'contract' ? [] : validators };
}

function reportUnfit(
  extraData: QbftExtraData,
  source: ValidatorSource,
  file: Section,
  problems: Problems,
): void {
  const { validators, vote, round, seals } = extraData;
  if (vote !== undefined || round !== 0 || seals.length > 0) {
    const found = vote !== undefined ? 'a vote' : round !== 0 ? `round ${round}` : 'seals';
    file.report('GENESIS_EXTRA_DATA_INVALID', 'extraData', `has ${found}, block 0 has none`);
  }
  if (source.kind === 'contract') {
    if (validators.length > 0) {
      problems.warn(
        `extraData lists ${validators.length} validators; they are not used, the contract ${bytesToHex(source.address)} names them`,
      );
    }
  } else if (validators.length === 0) {
    const message = 'lists no validators and there is no validator contract';
    file.report('GENESIS_VALIDATORS_MISSING', 'extraData', message);
  }
  reportDisorder(validators, file);
}

function reportDisorder(validators: readonly Address[], file: Section): void {
  for (const [index, validator] of validators.entries()) {
    const before = validators[index - 1];
    if (before === undefined) continue;
    const order = compareBytes(before, validator);
    if (order >= 0) {
      const fault = order === 0 ? 'lists it twice' : `lists it after ${bytesToHex(before)}`;
      const message = `is not in ascending order at ${bytesToHex(validator)}: ${fault}`;
      file.report('GENESIS_VALIDATORS_UNORDERED', 'extraData', message);
    }
  }
}
