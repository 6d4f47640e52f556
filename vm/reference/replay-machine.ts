/** The ethereumjs virtual machine of a chain that is replayed: it knows when each fork of it begins. */
import { Common, Mainnet } from '@ethereumjs/common';
import { createEVM } from '@ethereumjs/evm';
import { paramsTx } from '@ethereumjs/tx';
import { createVM, type VM } from '@ethereumjs/vm';
import { bytesToHex, type Hash, invariant, type StatePort } from '../../ledger/model/index.ts';
import {
  type ChainRules,
  FORK_NAMES,
  type ForkActivation,
  type ReferenceRules,
} from '../chain-rules.ts';
import { createHashSource, customCrypto, libraryName } from './machine.ts';
import { StateOverlay } from './state-overlay.ts';

export type ReplayMachine = {
  /** Its fork is set for one block at a time. */
  readonly common: Common;
  readonly vm: VM;
  readonly overlay: StateOverlay;
  /** Starts over on the state after another block. */
  open(state: StatePort): void;
};

const GAS_PER_BLOB = 131_072;

export async function createReplayMachine(
  rules: ChainRules,
  reference: ReferenceRules,
): Promise<ReplayMachine> {
  const common = createCommon(rules, reference);
  let state: StatePort | undefined;
  const opened = (): StatePort => {
    invariant(state !== undefined, 'a block is replayed on a state');
    return state;
  };
  const overlay = new StateOverlay(
    {
      account: (address) => opened().account(address),
      storage: (address, slot) => opened().storage(address, slot),
      code: (codeHash) => opened().code(codeHash),
      blockHash: (number) => opened().blockHash(number),
    },
    (changes): Hash => opened().commit(changes).stateRoot,
  );
  const blockchain = createHashSource((number) => opened().blockHash(number));
  const evm = await createEVM({ common, stateManager: overlay, blockchain });
  const vm = await createVM({ common, stateManager: overlay, evm, blockchain, setHardfork: true });
  return {
    common,
    vm,
    overlay,
    open: (next) => {
      state = next;
      overlay.clear();
    },
  };
}

/** The library's own schedule of forks, filled with ours. */
function createCommon(rules: ChainRules, reference: ReferenceRules): Common {
  const { blobSchedule, depositContract } = reference;
  const parameterForks = blobSchedule.filter(({ fork }) => fork.startsWith('bpo'));
  const common = new Common({
    chain: {
      ...Mainnet,
      name: 'reference',
      chainId: rules.chainId.toString(),
      hardforks: [
        { name: 'chainstart', block: 0 },
        ...allForks(rules.forks).map(({ fork, block, timestamp }) => ({
          name: libraryName(fork),
          block: block === undefined ? null : Number(block),
          ...(timestamp !== undefined && { timestamp: Number(timestamp) }),
        })),
        ...parameterForks.map(({ fork, from }) => ({
          name: fork,
          block: null,
          timestamp: Number(from),
        })),
      ],
      customHardforks: Object.fromEntries(
        parameterForks.map((schedule) => [
          schedule.fork,
          { eips: [], params: blobParameters(schedule) },
        ]),
      ),
      ...(depositContract !== undefined && {
        depositContractAddress: bytesToHex(depositContract),
      }),
    },
    hardfork: 'chainstart',
    customCrypto,
  });
  common.updateParams(paramsTx);
  common.updateParams(
    Object.fromEntries(blobSchedule.map((schedule) => [schedule.fork, blobParameters(schedule)])),
  );
  return common;
}

/** Oldest first. A fork that is not named holds from the next newer one that is; the DAO's only if it is named. */
function allForks(named: readonly ForkActivation[]): readonly ForkActivation[] {
  const forks: ForkActivation[] = [];
  let next: ForkActivation | undefined;
  for (const name of FORK_NAMES.toReversed()) {
    const own = named.find(({ fork }) => fork === name);
    if (own === undefined && (name === 'dao' || name === 'frontier')) continue;
    if (name !== 'dao') next = own ?? (next && { ...next, fork: name });
    const activation = own ?? next;
    if (activation !== undefined) forks.unshift(activation);
  }
  return forks;
}

/** Under both names that the library reads, which depend on the fork. */
function blobParameters({
  target,
  max,
  baseFeeUpdateFraction,
}: ReferenceRules['blobSchedule'][number]): Record<string, number> {
  return {
    target,
    max,
    targetBlobGasPerBlock: target * GAS_PER_BLOB,
    maxBlobGasPerBlock: max * GAS_PER_BLOB,
    blobGasPriceUpdateFraction: Number(baseFeeUpdateFraction),
  };
}
