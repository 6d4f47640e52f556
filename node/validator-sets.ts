/**
 * Who may seal which block: the set that votes in headers have made, or what the validator contract
 * says on the parent's state. QBFT section 9 of the specification.
 *
 * The set of the next block is kept beside the head and follows it block by block, so that asking for
 * it costs nothing; at start it is rebuilt from at most one epoch of headers.
 */
import {
  decodeValidators,
  GET_VALIDATORS,
  type QbftOptions,
  qbftRulesAt,
  tallyAfter,
  tallyAt,
  type VoteTally,
} from '../consensus/index.ts';
import {
  type Address,
  type BlockHeader,
  bytesToHex,
  CodedError,
  decodeExtraData,
  type Height,
  invariant,
} from '../ledger/model/index.ts';
import type { ChainStore } from '../ledger/store/index.ts';
import { type Engine, environmentOf } from '../vm/index.ts';

/** The set of one block, ascending. */
export type ValidatorSet =
  | {
      readonly source: 'headers';
      readonly validators: readonly Address[];
      readonly tally: VoteTally;
    }
  | {
      readonly source: 'contract';
      readonly validators: readonly Address[];
      readonly contract: Address;
    };

export type ValidatorSets = {
  /** Of the block after the head. */
  next(): ValidatorSet;
  /** Of the block after `header`, which follows the head and is not stored; undefined if only its state tells. */
  afterNext(header: BlockHeader): ValidatorSet | undefined;
  /**
   * Follows the head: `header` was stored, and nobody has been told yet.
   * @throws CodedError `NODE_VALIDATORS_UNREADABLE`
   */
  advance(header: BlockHeader): Promise<void>;
  /** Who could seal that block; undefined above the next one. @throws as `advance` */
  at(number: Height): Promise<readonly Address[] | undefined>;
};

export type ValidatorSetsModules = {
  readonly store: Pick<ChainStore, 'head' | 'header' | 'stateAt'>;
  readonly engine: Pick<Engine, 'call'>;
};

/** @throws CodedError `NODE_VALIDATORS_UNREADABLE` */
export async function openValidatorSets(
  qbft: QbftOptions,
  modules: ValidatorSetsModules,
): Promise<ValidatorSets> {
  const { store } = modules;

  const headerOf = (height: Height): BlockHeader => {
    const header = store.header(height);
    invariant(header !== undefined, 'every header up to the head is stored');
    return header;
  };

  const setAfter = async (
    header: BlockHeader,
    before: VoteTally | undefined,
  ): Promise<ValidatorSet> => {
    const { source } = qbftRulesAt(qbft, header.number + 1n);
    if (source.kind === 'contract') {
      const contract = source.address;
      const validators = await readContract(contract, header, modules);
      return { source: 'contract', validators, contract };
    }
    const tally =
      before === undefined
        ? tallyAt(header.number, headerOf, qbft)
        : tallyAfter(before, header, qbft);
    return { source: 'headers', validators: tally.validators, tally };
  };

  const head = store.head().header;
  let current = { after: head.number, set: await setAfter(head, undefined) };

  return {
    next: () => current.set,
    afterNext: (header) => {
      const { after, set } = current;
      const { source } = qbftRulesAt(qbft, header.number + 1n);
      const isKnown = source.kind === 'headers' && set.source === 'headers';
      if (!isKnown || after + 1n !== header.number) return undefined;
      const tally = tallyAfter(set.tally, header, qbft);
      return { source: 'headers', validators: tally.validators, tally };
    },
    advance: async (header) => {
      const { after, set } = current;
      const follows = after + 1n === header.number && set.source === 'headers';
      const next = await setAfter(header, follows ? set.tally : undefined);
      current = { after: header.number, set: next };
    },
    at: async (number) => {
      if (number === current.after + 1n) return current.set.validators;
      const header = number > current.after ? undefined : store.header(number);
      if (header === undefined) return undefined;
      const { source } = qbftRulesAt(qbft, number);
      if (source.kind === 'headers') return listedIn(header);
      // Nobody seals block 0: there, who seals block 1.
      const parent = number === 0n ? header : headerOf(number - 1n);
      return await readContract(source.address, parent, modules);
    },
  };
}

/** What a header's extraData lists: the set that sealed it, unless a contract names the validators. */
function listedIn(header: BlockHeader): readonly Address[] {
  const decoded = decodeExtraData(header.extraData);
  invariant(decoded.ok, 'a stored header has QBFT extraData');
  return decoded.extraData.validators;
}

const NOBODY = new Uint8Array(20) as Address;

/** QBFT: on the state after `parent`, in its environment. */
async function readContract(
  contract: Address,
  parent: BlockHeader,
  { store, engine }: ValidatorSetsModules,
): Promise<readonly Address[]> {
  const state = store.stateAt(parent.number);
  invariant(state !== undefined, 'the state after a stored block is stored');
  const result = await engine.call(
    {
      from: NOBODY,
      to: contract,
      data: GET_VALIDATORS,
      value: 0n,
      gas: parent.gasLimit,
      gasPrice: 0n,
    },
    environmentOf(parent),
    state,
  );
  const fail = (reason: string): CodedError<{ code: 'NODE_VALIDATORS_UNREADABLE' }> =>
    new CodedError(
      `nobody can make block ${parent.number + 1n}: the validator contract ${bytesToHex(contract)} ${reason}`,
      { code: 'NODE_VALIDATORS_UNREADABLE' },
    );
  switch (result.kind) {
    case 'returned': {
      const decoded = decodeValidators(result.returnData);
      if (!decoded.ok) throw fail(`is of no use: ${decoded.message}`);
      return decoded.validators;
    }
    case 'reverted':
      throw fail('reverted getValidators()');
    case 'halted':
      throw fail(`could not run getValidators(): ${result.reason}`);
    case 'refused':
      throw fail(`cannot be called: ${result.message}`);
  }
}
