/**
 * A chain of Ethereum that is replayed: what its file says is executed and must lead to the roots in its headers.
 * Nobody here knows who made its blocks, so their seals and proofs of work are not looked at.
 */
import type { ReferenceGenesis } from '../genesis/index.ts';
import {
  type Address,
  type BlockHeader,
  decodeBlock,
  equalBytes,
  headerHash,
  refuse,
} from '../ledger/model/index.ts';
import type { ChainStore } from '../ledger/store/index.ts';
import { createReplay } from '../vm/index.ts';
import type { Chain } from './chain.ts';
import type { SenderRecovery } from './sender-recovery.ts';

export type ReferenceChain = Pick<Chain, 'import'>;

/** Calls of `import` must not overlap. */
export async function createReferenceChain(
  { rules, hashRule }: ReferenceGenesis,
  {
    store,
    recoverSenders,
  }: { readonly store: ChainStore; readonly recoverSenders: SenderRecovery },
): Promise<ReferenceChain> {
  const replay = await createReplay(rules);
  const isStored = ({ number }: BlockHeader, hash: Uint8Array): boolean | undefined => {
    const stored = store.hashOf(number);
    return stored && equalBytes(stored, hash);
  };
  return {
    import: async (encoded) => {
      const decoded = decodeBlock(encoded);
      if (!decoded.ok) return decoded;
      const { block } = decoded;
      const known = isStored(block.header, headerHash(block.header, hashRule));
      if (known === true) return { ok: true, duplicate: true };
      if (known === false) {
        return refuse('NODE_BLOCK_REFUSED', 'another block is stored at that height');
      }
      const senders = await recoverSenders(block.transactions);
      if (!senders.every((sender): sender is Address => sender !== undefined)) {
        return refuse('NODE_BLOCK_REFUSED', 'a transaction has no valid signature');
      }
      const { header: parent } = store.head();
      const verdict = await replay({ parent, block, senders, ancestors: store }, store.state());
      if (!verdict.ok) return verdict;
      await store.write(verdict.executed);
      return { ok: true, duplicate: false };
    },
  };
}
