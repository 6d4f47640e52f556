/** Checks everything that a node has stored: the ledger by itself, and that each header is sealed by its validators. */
import { qbftRulesAt, verifyHeader, verifySealedHeader } from '../../consensus/index.ts';
import type { Genesis } from '../../genesis/index.ts';
import type { BlockHeader } from '../../ledger/model/index.ts';
import {
  type VerifiedView,
  type VerifyProgress,
  type VerifyReport,
  verifyChain,
} from '../../ledger/store/index.ts';
import { createEngine } from '../../vm/index.ts';
import { openValidatorSets } from '../validator-sets.ts';
import { chainPath, type LedgerPlace } from './ledger-files.ts';

/**
 * Changes nothing. The node must not run.
 * @throws CodedError of the store, if it cannot be opened at all
 */
export function verifyLedger(
  place: LedgerPlace,
  onProgress: (progress: VerifyProgress) => void,
): Promise<VerifyReport> {
  const { dataDir, genesis } = place;
  return verifyChain({
    path: chainPath(dataDir),
    genesisHash: genesis.hash,
    hashRule: genesis.hashRule,
    createHeaderCheck: (view) =>
      genesis.qbft === undefined ? Promise.resolve(noFault) : createHeaderCheck(genesis, view),
    onProgress,
  });
}

/** Of a reference chain, who made a block is not known. */
async function noFault(): Promise<undefined> {}

/** Follows the validators from block 0 on; headers must come in order. */
export async function createHeaderCheck(
  { block, hash, qbft, rules }: Genesis,
  view: VerifiedView,
): Promise<(header: BlockHeader) => Promise<string | undefined>> {
  const start = isAnyByContract(qbft) ? view.oldest().state : 0n;
  let parent = blockAt(view, start) ?? { header: block.header, hash };
  const sets = await openValidatorSets(qbft, {
    store: { head: () => parent, header: view.header, stateAt: view.stateAt },
    engine: createEngine('fast', rules),
  });
  return async (header) => {
    // Whom a contract named then is not known any more.
    if (header.number <= start) return undefined;
    if (header.number !== parent.header.number + 1n) {
      return 'its seals cannot be checked: the block before is missing';
    }
    const fault = faultOf(header, parent, sets.next(), qbft);
    const own = view.hashOf(header.number);
    if (own === undefined) return fault ?? 'its hash is not stored';
    parent = { header, hash: own };
    try {
      await sets.advance(header);
    } catch (error) {
      return `who seals the next block cannot be told: ${String(error)}`;
    }
    return fault;
  };
}

/** Whether a contract names the validators at any height. */
export function isAnyByContract({ source, transitions }: Genesis['qbft']): boolean {
  return [source, ...transitions.map((one) => one.source)].some(({ kind }) => kind === 'contract');
}

function blockAt(view: VerifiedView, number: bigint) {
  const header = view.header(number);
  const hash = view.hashOf(number);
  return number === 0n || header === undefined || hash === undefined ? undefined : { header, hash };
}

function faultOf(
  header: BlockHeader,
  parent: { readonly header: BlockHeader; readonly hash: Genesis['hash'] },
  { validators, source }: ReturnType<Awaited<ReturnType<typeof openValidatorSets>>['next']>,
  qbft: Genesis['qbft'],
): string | undefined {
  const shape = verifyHeader(header, {
    parent: parent.header,
    parentHash: parent.hash,
    validators,
    validatorSource: source,
    periodSeconds: Math.floor(qbftRulesAt(qbft, header.number).blockPeriodMs / 1000),
  });
  if (!shape.ok) return shape.message;
  const seals = verifySealedHeader(header, validators);
  return seals.ok ? undefined : seals.message;
}
