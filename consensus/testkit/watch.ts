/** The invariants of consensus, checked on every signature and every block of a run. */
import { type BlockHeader, bytesToHex, headerHash } from '../../ledger/model/index.ts';
import type { QbftMessage } from '../messages.ts';

export type Watch = {
  /** Agreement: one block a height. */
  onFinal(node: number, header: BlockHeader): void;
  /** No self-contradiction, whatever crashes in between. */
  onSigned(node: number, message: QbftMessage): void;
  /** A lost log loses the certificates: a lock that no quorum shares may go. Nothing is signed twice. */
  onLoss(node: number): void;
  /** Heights that anyone has finalised. */
  readonly finals: ReadonlyMap<bigint, string>;
};

export function createWatch(): Watch {
  const finals = new Map<bigint, string>();
  const signed = new Map<string, string>();
  const committed = new Map<string, number>();
  const fail = (rule: string): never => {
    throw new RangeError(`invariant broken: ${rule}`);
  };

  return {
    finals,
    onFinal: (node, header) => {
      const hash = bytesToHex(headerHash(header, 'qbft'));
      const other = finals.get(header.number);
      if (other !== undefined && other !== hash) {
        fail(`agreement at height ${header.number}: node ${node} has ${hash}, not ${other}`);
      }
      finals.set(header.number, hash);
    },
    onLoss: (node) => {
      for (const chain of committed.keys()) {
        if (chain.startsWith(`${node} `)) committed.delete(chain);
      }
    },
    onSigned: (node, message) => {
      const { height, round } = message.signed;
      const what =
        message.kind === 'round-change'
          ? String(message.signed.prepared?.round ?? -1)
          : bytesToHex(message.signed.digest);
      const view = `${node} ${message.kind} ${height}/${round}`;
      const before = signed.get(view);
      if (before !== undefined && before !== what) fail(`node ${view}: signed twice, differently`);
      signed.set(view, what);
      const chain = `${node} ${height}`;
      const lock = committed.get(chain) ?? -1;
      if (message.kind === 'commit') committed.set(chain, Math.max(lock, round));
      if (message.kind === 'round-change' && (message.signed.prepared?.round ?? -1) < lock) {
        fail(`node ${view}: certificate lower than round ${lock}, for which it sent a Commit`);
      }
    },
  };
}
