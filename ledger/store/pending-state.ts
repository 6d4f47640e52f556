/**
 * The state after a block that is executed and not stored: its changes over the state they were made on.
 *
 * It stays right when that very block is stored under it: what the block changed is read from here, and of
 * the rest the state before and the state after agree.
 */
import {
  type Account,
  type AccountChange,
  commitState,
  type ExecutedBlock,
  type Hash,
  keyOf,
  type StateBefore,
  type StatePort,
  type StateReader,
} from '../model/index.ts';

const NO_VALUE: Uint8Array = new Uint8Array(0);

/**
 * @param before the state that the block was executed on, or its own once it is stored
 * @param hash of the block
 */
export function pendingState(
  before: StateReader & Pick<StateBefore, 'node'>,
  executed: Pick<ExecutedBlock, 'block' | 'changes' | 'commitment'>,
  hash: Hash,
): StatePort {
  const { changes, commitment } = executed;
  const { number } = executed.block.header;
  const accounts = new Map(changes.accounts.map((change) => [keyOf(change.address), change]));
  const slots = new Map(changes.accounts.map((change) => [keyOf(change.address), slotsOf(change)]));
  const codes = new Map(changes.codes.map(({ codeHash, code }) => [keyOf(codeHash), code]));
  const nodes = new Map(
    commitment.nodes.map(({ owner, path, node }) => [nodeId(owner, path), node]),
  );
  const cleared = new Set(commitment.clearedOwners.map(keyOf));

  const account: StateReader['account'] = (address) => {
    const key = keyOf(address);
    const change = accounts.get(key);
    if (change === undefined) return before.account(address);
    const storageRoot = commitment.storageRoots.get(key);
    // An account that exists after a block has a root in its commitment.
    return change.account && storageRoot && ({ ...change.account, storageRoot } satisfies Account);
  };

  const node: StateBefore['node'] = (owner, path) => {
    const id = nodeId(owner, path);
    if (nodes.has(id)) return nodes.get(id);
    return owner !== undefined && cleared.has(keyOf(owner)) ? undefined : before.node(owner, path);
  };

  return {
    account,
    storage: (address, slot) => {
      const key = keyOf(address);
      const change = accounts.get(key);
      if (change === undefined) return before.storage(address, slot);
      const written = slots.get(key)?.get(keyOf(slot));
      if (written !== undefined) return written;
      const isGone = change.account === undefined || change.storageCleared;
      return isGone ? NO_VALUE : before.storage(address, slot);
    },
    code: (codeHash) => codes.get(keyOf(codeHash)) ?? before.code(codeHash),
    blockHash: (asked) => {
      if (asked >= number) return asked === number ? hash : undefined;
      return before.blockHash(asked);
    },
    commit: (next) => commitState({ stateRoot: commitment.stateRoot, account, node }, next),
  };
}

function slotsOf({ storage }: AccountChange): ReadonlyMap<string, Uint8Array> {
  return new Map(storage.map(({ slot, value }) => [keyOf(slot), value]));
}

function nodeId(owner: Hash | undefined, path: Uint8Array): string {
  return `${owner === undefined ? '' : keyOf(owner)}/${keyOf(path)}`;
}
