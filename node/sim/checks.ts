/**
 * What must hold in every simulated run, watched on every signature and every stored block of the
 * correct nodes (docs/testing/simulation.md lists the rules).
 */
import { type QbftMessage, quorumOf, verifySealedHeader } from '../../consensus/index.ts';
import { createWatch } from '../../consensus/testkit/watch.ts';
import {
  type Address,
  bytesToHex,
  decodeExtraData,
  equalBytes,
  type Hash,
  type Height,
  keyOf,
} from '../../ledger/model/index.ts';
import type { ChainStore } from '../../ledger/store/index.ts';
import type { Rule, World } from './world.ts';

export type Checks = {
  /** A node's log is lost: what it signed is not held against it. Rounds may be closed from now on. */
  onLoss(node: number): void;
  /** From now on the validator set may change. */
  onVotes(): void;
  /** A correct node lets a message out: the first time a signature is seen is when it was made. */
  onSigned(node: number, message: QbftMessage): void;
  /** A correct node has started or has a new head. */
  onHead(node: number, store: ChainStore): void;
  /** Whether a correct node has shown a receipt of it. */
  isAcknowledged(transaction: Hash): boolean;
  /** Every final block and every acknowledged transaction is where it was first seen. */
  requireAll(node: number, store: ChainStore): void;
  /** Nobody who keeps the rules is convicted; how many convictions there are. */
  requireTrueEvidence(node: number, store: ChainStore): Promise<number>;
  /** Whether any log was lost: its validator may be mute, and its turns as proposer wasted. */
  hasLosses(): boolean;
  /** The highest block of any correct node. */
  height(): Height;
  /** Rounds above 0 that correct nodes entered, once for each node and height. */
  laterRounds(): number;
};

export function createChecks(
  world: World,
  set: {
    readonly validators: readonly Address[];
    /** Validators that keep no rule. */
    readonly faulty: ReadonlySet<number>;
  },
): Checks {
  const watch = createWatch();
  const seenSignatures = new Set<string>();
  const heads = new Map<number, Height>();
  const places = new Map<string, { readonly hash: Hash; readonly number: Height }>();
  /** The highest round signed at a height, by node. */
  const rounds = new Map<Height, Map<number, number>>();
  let laterRounds = 0;
  let isSetFixed = true;
  let areRoundsClosed = false;
  let highest = 0n;

  const holding = (rule: Rule, check: () => void): void => {
    try {
      check();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      world.violate(rule, error.message);
    }
  };

  const noteRound = (node: number, message: QbftMessage): void => {
    const { height, round } = message.signed;
    const signed = rounds.get(height) ?? new Map<number, number>();
    rounds.set(height, signed);
    if (message.kind === 'round-change' && isSetFixed && !areRoundsClosed) {
      requireCompany(node, round, signed);
    }
    const before = signed.get(node) ?? 0;
    if (round <= before) return;
    signed.set(node, round);
    laterRounds += 1;
  };

  /** a round is entered behind a correct validator and in the company of a quorum. */
  const requireCompany = (
    node: number,
    round: number,
    signed: ReadonlyMap<number, number>,
  ): void => {
    const first = Math.max(0, ...signed.values());
    if (round > first + 1) {
      world.violate(
        'rounds in company (7)',
        `node ${node} goes to round ${round}, no correct validator was beyond ${first}`,
      );
    }
    if (round < 2) return;
    const others = [...signed].filter(([other, at]) => other !== node && at >= round - 1).length;
    const company = 1 + others + set.faulty.size;
    if (company < quorumOf(set.validators.length)) {
      world.violate(
        'rounds in company (7)',
        `node ${node} goes to round ${round} with ${others} correct others in round ${round - 1}`,
      );
    }
  };

  const onBlock = (node: number, store: ChainStore, number: Height): void => {
    const header = store.header(number);
    const block = store.block(number);
    if (header === undefined || block === undefined) {
      world.violate('state equals replay (4)', `node ${node} has lost block ${number}`);
      return;
    }
    holding('agreement (1)', () => watch.onFinal(node, header));
    const extra = decodeExtraData(header.extraData);
    const validators = isSetFixed || !extra.ok ? set.validators : extra.extraData.validators;
    const seals = verifySealedHeader(header, validators);
    if (!seals.ok) {
      world.violate('sealed headers verify (5)', `node ${node}, block ${number}: ${seals.code}`);
    }
    for (const { hash } of block.transactions) {
      const place = places.get(keyOf(hash));
      if (place !== undefined && place.number !== number) {
        world.violate(
          'agreement (1)',
          `transaction ${bytesToHex(hash)} is in blocks ${place.number}, ${number}`,
        );
      }
      places.set(keyOf(hash), { hash, number });
    }
  };

  return {
    onLoss: (node) => {
      areRoundsClosed = true;
      watch.onLoss(node);
    },
    onVotes: () => {
      isSetFixed = false;
    },
    onSigned: (node, message) => {
      const key = keyOf(message.signed.signature);
      if (seenSignatures.has(key)) return;
      seenSignatures.add(key);
      holding('no self-contradiction (2)', () => watch.onSigned(node, message));
      noteRound(node, message);
    },
    onHead: (node, store) => {
      const head = store.head().header.number;
      const from = heads.get(node) ?? 0n;
      if (head < from) {
        world.violate(
          'nothing acknowledged is lost (3)',
          `node ${node} fell back from block ${from} to ${head}`,
        );
      }
      for (let number = from + 1n; number <= head; number += 1n) onBlock(node, store, number);
      heads.set(node, head);
      if (head > highest) highest = head;
    },
    isAcknowledged: (transaction) => places.has(keyOf(transaction)),
    requireAll: (node, store) => {
      for (let number = 1n; number <= store.head().header.number; number += 1n) {
        onBlock(node, store, number);
      }
      for (const { hash, number } of places.values()) {
        if (store.transactionPlace(hash)?.number === number) continue;
        world.violate(
          'nothing acknowledged is lost (3)',
          `node ${node} lacks a transaction of block ${number}`,
        );
      }
    },
    requireTrueEvidence: async (node, store) => {
      const records = await store.evidence.list();
      for (const { author, height } of records) {
        const accused = set.validators.findIndex((validator) => equalBytes(validator, author));
        if (set.faulty.has(accused)) continue;
        const fact = `node ${node} has evidence against node ${accused}, height ${height}`;
        world.violate('no self-contradiction (2)', fact);
      }
      return records.length;
    },
    hasLosses: () => areRoundsClosed,
    height: () => highest,
    laterRounds: () => laterRounds,
  };
}
