/** Who may connect, and as what (W-8). By PeerId and proved address, never by network address. */
import {
  type Address,
  bytesToHex,
  type Hash,
  keyOf,
  refuse,
  type Verdict,
} from '../ledger/model/index.ts';
import type { Clock, Members, PeerKind } from './network.ts';
import { checkProof } from './proof.ts';
import { type Hello, MAX_VERSION, MIN_VERSION } from './wire.ts';

export type Admission = {
  /** `address` is proved or undefined. */
  judge(peerId: string, address: Address | undefined): Verdict<{ kind: PeerKind }>;
};

export function createAdmission(members: Members): Admission {
  const validators = new Set(members.validators.map(keyOf));
  const former = new Set(members.formerValidators.map(keyOf));
  const allowed = new Set(members.allowlist.map(nameOf));
  const denied = new Set(members.denylist.map(nameOf));
  return {
    judge(peerId, address) {
      const listedIn = (list: ReadonlySet<string>): boolean =>
        list.has(peerId) || (address !== undefined && list.has(bytesToHex(address)));
      if (listedIn(denied)) return refuse('P2P_DENIED', 'the peer is on the denylist');
      if (address !== undefined && validators.has(keyOf(address))) {
        return { ok: true, kind: 'validator' };
      }
      if (listedIn(allowed)) return { ok: true, kind: 'allowed' };
      if (address !== undefined && former.has(keyOf(address))) return { ok: true, kind: 'former' };
      return refuse('P2P_NOT_MEMBER', 'the peer is no validator and not on the allowlist');
    },
  };
}

export type ChainIdentity = { readonly chainId: bigint; readonly genesisHash: Hash };

/** What a hello must be before admission is asked; `version` is the highest one in common. */
export function checkHello(
  peerId: string,
  hello: Hello,
  chain: ChainIdentity,
  clock: Pick<Clock, 'now'>,
): Verdict<{ version: number }> {
  const version = Math.min(hello.maxVersion, MAX_VERSION);
  if (version < Math.max(hello.minVersion, MIN_VERSION)) {
    return refuse('P2P_VERSION_MISMATCH', 'no protocol version in common');
  }
  if (hello.chainId !== chain.chainId) return refuse('P2P_OTHER_CHAIN', 'another chain id');
  if (keyOf(hello.genesisHash) !== keyOf(chain.genesisHash)) {
    return refuse('P2P_OTHER_GENESIS', 'another genesis block');
  }
  const proof =
    hello.proof === undefined ? OK : checkProof(hello.proof, peerId, chain, clock.now());
  return proof.ok ? { ok: true, version } : proof;
}

const OK: Verdict<object> = { ok: true };

/** PeerIds are case-sensitive, addresses are not. */
function nameOf(entry: string): string {
  return entry.startsWith('0x') || entry.startsWith('0X') ? entry.toLowerCase() : entry;
}
