/** What happens to consensus messages between a node and its network: watched, filtered, falsified. */
import { decodeMessage, type PeerMessage, type QbftMessage } from '../../consensus/index.ts';
import { type Address, equalBytes } from '../../ledger/model/index.ts';
import type { Network } from '../../p2p/index.ts';
import type { Byzantine } from './byzantine.ts';
import { shortHash } from './sim-chain.ts';

/** `to` is a validator's index; false: the message does not leave. Reports of lost logs always do. */
export type Filter = (from: number, to: number, message: QbftMessage) => boolean;

export type Wire = {
  /** A node sends; `from` is the validator that it is, or is a half of. */
  send(
    node: number,
    from: number,
    network: Network,
    to: Address | 'all',
    message: Uint8Array,
  ): void;
  /** The newest messages that anybody sent, oldest first. */
  overheard(): readonly QbftMessage[];
};

export type WirePorts = {
  readonly validators: readonly Address[];
  readonly byzantine: ReadonlyMap<number, Byzantine>;
  readonly filter: () => Filter | undefined;
  /** Sees each message before it leaves; `own`: signed by its sender. */
  readonly onMessage: (from: number, message: QbftMessage, own: boolean) => void;
  readonly onFiltered: () => void;
  readonly note: (line: string) => void;
};

/** Messages that Byzantine validators remember. */
const OVERHEARD = 200;

export function createWire(ports: WirePorts): Wire {
  const { validators, byzantine } = ports;
  const overheard: QbftMessage[] = [];

  const passes = (from: number, to: number, bytes: Uint8Array): boolean => {
    const filter = ports.filter();
    const decoded = filter === undefined ? undefined : decodeMessage(bytes);
    if (filter === undefined || decoded?.ok !== true) return true;
    if (decoded.message.kind === 'report') return true;
    if (filter(from, to, decoded.message)) return true;
    ports.onFiltered();
    return false;
  };

  const sendToEach = (
    from: number,
    network: Network,
    to: Address | 'all',
    message: QbftMessage,
    bytes: Uint8Array,
  ): void => {
    const traitor = byzantine.get(from);
    for (const [index, address] of validators.entries()) {
      if (to !== 'all' && !equalBytes(to, address)) continue;
      for (const each of traitor?.replace(message, index) ?? [bytes]) {
        if (passes(from, index, each)) network.sendConsensus(address, each);
      }
    }
  };

  return {
    overheard: () => overheard,
    send: (node, from, network, to, bytes) => {
      const decoded = decodeMessage(bytes);
      if (!decoded.ok) throw new TypeError('a node sent what does not decode');
      const { message } = decoded;
      ports.note(`node ${node} -> ${to === 'all' ? to : shortHash(to)}: ${describe(message)}`);
      if (message.kind === 'report') {
        network.sendConsensus(to, bytes);
        return;
      }
      overheard.push(message);
      if (overheard.length > OVERHEARD) overheard.shift();
      ports.onMessage(
        from,
        message,
        equalBytes(message.signed.author, validators[from] as Address),
      );
      if (byzantine.has(from) || ports.filter() !== undefined) {
        sendToEach(from, network, to, message, bytes);
      } else {
        network.sendConsensus(to, bytes);
      }
    },
  };
}

function describe(message: PeerMessage): string {
  const { kind, signed } = message;
  if (kind === 'report') return `report ${signed.height} ${shortHash(signed.signature)}`;
  const { height, round, signature } = signed;
  const what =
    kind === 'round-change'
      ? `prepared ${signed.prepared?.round ?? 'nothing'}`
      : shortHash(signed.digest);
  return `${kind} ${height}/${round} ${what} ${shortHash(signature)}`;
}
