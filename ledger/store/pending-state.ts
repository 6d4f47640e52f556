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
  type TrieNodeWrite,
} from '../model/index.ts';

const NO_VALUE: Uint8Array = new Uint8Array(0);

/**
 * @param before the state that the block was executed on, or its own once it is stored
 * @param hash of the block
 */
export function pendingState(
  before: StateReader & Required<Pick<StateBefore, 'node' | 'nodeInMemory'>>,
  executed: Pick<ExecutedBlock, 'block' | 'changes' | 'commitment'>,
  hash: Hash,
): StatePort {
  const { changes, commitment } = executed;
  const { number } = executed.block.header;
  const accounts = new Map(changes.accounts.map((change) => [keyOf(change.address), change]));
  const slots = new Map(changes.accounts.map((change) => [keyOf(change.address), slotsOf(change)]));
  const codes = new Map(changes.codes.map(({ codeHash, code }) => [keyOf(codeHash), code]));
  const nodesOf = createNodeIndex(commitment.nodes);
  const cleared = new Set(commitment.clearedOwners.map(keyOf));

  const account: StateReader['account'] = (address) => {
    const key = keyOf(address);
    const change = accounts.get(key);
    if (change === undefined) return before.account(address);
    const storageRoot = commitment.storageRoots.get(key);
    // An account that exists after a block has a root in its commitment.
    return change.account && storageRoot && ({ ...change.account, storageRoot } satisfies Account);
  };

  const storage: StateReader['storage'] = (address, slot) => {
    const key = keyOf(address);
    const change = accounts.get(key);
    if (change === undefined) return before.storage(address, slot);
    const written = slots.get(key)?.get(keyOf(slot));
    if (written !== undefined) return written;
    const isGone = change.account === undefined || change.storageCleared;
    return isGone ? NO_VALUE : before.storage(address, slot);
  };

  const nodeFrom =
    (below: StateBefore['node']): StateBefore['node'] =>
    (owner, path) => {
      const nodes = nodesOf(owner);
      const name = keyOf(path);
      const node = nodes?.get(name);
      if (node !== undefined || nodes?.has(name) === true) return node;
      return owner !== undefined && cleared.has(keyOf(owner)) ? undefined : below(owner, path);
    };
  const node = nodeFrom(before.node);
  const nodeInMemory = nodeFrom(before.nodeInMemory);

  return {
    account,
    storage,
    code: (codeHash) => codes.get(keyOf(codeHash)) ?? before.code(codeHash),
    blockHash: (asked) => {
      if (asked >= number) return asked === number ? hash : undefined;
      return before.blockHash(asked);
    },
    commit: (next) =>
      commitState(
        { stateRoot: commitment.stateRoot, account, slot: storage, node, nodeInMemory },
        next,
      ),
  };
}

function slotsOf({ storage }: AccountChange): ReadonlyMap<string, Uint8Array> {
  return new Map(storage.map(({ slot, value }) => [keyOf(slot), value]));
}

type Nodes = ReadonlyMap<string, Uint8Array | undefined>;

/** The nodes of each trie by their paths; made when somebody asks, since not every block has one above it. */
function createNodeIndex(
  writes: readonly TrieNodeWrite[],
): (owner: Hash | undefined) => Nodes | undefined {
  let index: Map<string, Nodes> | undefined;
  const make = (): Map<string, Nodes> => {
    const all = new Map<string, Map<string, Uint8Array | undefined>>();
    let owner: Hash | undefined;
    let nodes: Map<string, Uint8Array | undefined> | undefined;
    for (const write of writes) {
      if (nodes === undefined || write.owner !== owner) {
        owner = write.owner;
        const name = nameOf(owner);
        nodes = all.get(name) ?? new Map();
        all.set(name, nodes);
      }
      nodes.set(keyOf(write.path), write.node);
    }
    return all;
  };
  return (owner) => {
    index ??= make();
    return index.get(nameOf(owner));
  };
}

function nameOf(owner: Hash | undefined): string {
  return owner === undefined ? '' : keyOf(owner);
}
