import { CodedError, type ErrorTable } from '../ledger/model/index.ts';

/** Reasons that travel in a refusal, so that both sides can log them. */
const P2P_REFUSALS: ErrorTable = {
  P2P_NOT_MEMBER: {
    meaning: 'The peer is neither a validator nor on the allowlist of the refusing node.',
    remedy: 'Add its PeerId or its validator address to the allowlist there; no restart is needed.',
  },
  P2P_DENIED: {
    meaning: 'The refusing node has the peer on its denylist.',
    remedy: 'Remove it from the denylist there if it should connect.',
  },
  P2P_OTHER_CHAIN: {
    meaning: 'The peer runs a chain with another chain id.',
    remedy: 'Check the boot peers and the genesis file of both nodes.',
  },
  P2P_OTHER_GENESIS: {
    meaning: 'The peer has the same chain id and another genesis block.',
    remedy: 'Give both nodes the same genesis file.',
  },
  P2P_VERSION_MISMATCH: {
    meaning: 'The nodes have no protocol version in common.',
    remedy: 'Upgrade the older node.',
  },
  P2P_PROOF_INVALID: {
    meaning: 'The signature for the validator address in the hello was not made by its key.',
    remedy: 'Check the validator key and the signer of the refused node.',
  },
  P2P_PROOF_EXPIRED: {
    meaning: 'The proof of the validator address has expired, or is valid for longer than a day.',
    remedy: 'Set the clocks of both machines.',
  },
  P2P_HELLO_TIMEOUT: {
    meaning: 'The peer connected and did not say hello in time.',
    remedy: 'Nothing to do, unless it is a member: then look at the load and the network there.',
  },
  P2P_HELLO_EXPECTED: {
    meaning: 'Something else came where the hello was due.',
    remedy: 'Check that the peer is a node of this chain.',
  },
  P2P_DUPLICATE: {
    meaning: 'The two nodes are connected already; the second connection was closed.',
    remedy: 'Nothing to do.',
  },
  P2P_REPLACED: {
    meaning: 'The peer has connected anew; its older connection was closed.',
    remedy: 'If it goes on, look for two nodes that run with one node key.',
  },
  P2P_BUSY: {
    meaning: 'Too many peers are between connecting and hello, or this one was refused just now.',
    remedy: 'Nothing to do: peers try again by themselves.',
  },
  P2P_FRAME_TOO_LONG: {
    meaning: 'A peer announced a message longer than its stream allows.',
    remedy: 'Compare the versions and limits of the nodes; otherwise take the peer off the list.',
  },
  P2P_MESSAGE_MALFORMED: {
    meaning: 'A peer sent bytes that are no message of the protocol.',
    remedy: 'Compare the versions of the nodes; otherwise take the peer off the list.',
  },
  P2P_MESSAGE_VERSION: {
    meaning: 'A peer sent a message of a version that was not agreed on.',
    remedy: 'Compare the versions of the nodes.',
  },
  P2P_MESSAGE_UNEXPECTED: {
    meaning: 'A peer sent a message of a kind that its stream does not carry.',
    remedy: 'Compare the versions of the nodes; otherwise take the peer off the list.',
  },
  P2P_STREAM_MISUSE: {
    meaning: 'A peer opened a stream twice, or more streams than agreed.',
    remedy: 'Compare the versions of the nodes; otherwise take the peer off the list.',
  },
  P2P_TOO_MANY_FAULTS: {
    meaning: 'Too many messages of the peer were well formed and invalid.',
    remedy: 'Look at the debug log for what it sent; take it off the list if it goes on.',
  },
  P2P_STALLED: {
    meaning: 'The peer did not read what was sent to it.',
    remedy: 'Look at the load of the peer and at the network between the nodes.',
  },
  P2P_PING_TIMEOUT: {
    meaning: 'The peer did not answer a ping.',
    remedy: 'Look at the peer and at the network between the nodes.',
  },
  P2P_CLOSING: {
    meaning: 'The node shuts down.',
    remedy: 'Nothing to do: peers connect again when it is back.',
  },
  P2P_UNKNOWN_REFUSAL: {
    meaning: 'A peer refused with a code that this version does not know.',
    remedy: 'Look at the log of the peer.',
  },
};

/** Operational failures, thrown as `CodedError`. */
const P2P_FAILURES: ErrorTable = {
  P2P_BAD_NODE_KEY: {
    meaning: 'The node key is not a secp256k1 private key of 32 bytes.',
    remedy: 'Make a new one; the PeerId changes with it, so update the lists that name it.',
  },
  P2P_BAD_ADDRESS: {
    meaning:
      'An address is no TCP multiaddr that ends in /p2p/<PeerId>, or one to announce names another node.',
    remedy: 'Write it like /ip4/192.0.2.1/tcp/30303/p2p/16Uiu2...',
  },
  P2P_LISTEN_FAILED: {
    meaning: 'The p2p port could not be opened, mostly because another process uses it.',
    remedy: 'Stop the other process or choose another port.',
  },
  P2P_UNKNOWN_PEER: {
    meaning: 'A request was made to a peer that is not connected.',
    remedy: 'Nothing to do: another peer is asked.',
  },
  P2P_REQUEST_LIMIT: {
    meaning: 'Too many requests to one peer are open.',
    remedy: 'Nothing to do: the request is made again later.',
  },
  P2P_REQUEST_REFUSED: {
    meaning: 'The peer does not serve this request to this node.',
    remedy: 'Nothing to do: another peer is asked.',
  },
  P2P_REQUEST_TIMEOUT: {
    meaning: 'The peer did not answer a request in time.',
    remedy: 'Nothing to do: another peer is asked.',
  },
  P2P_REQUEST_ABORTED: {
    meaning: 'The request was given up by who made it.',
    remedy: 'Nothing to do.',
  },
  P2P_CONNECTION_LOST: {
    meaning: 'The connection ended before the answer came.',
    remedy: 'Nothing to do: another peer is asked.',
  },
  P2P_RESPONSE_INVALID: {
    meaning: 'The answer to a request is not of the kind asked for.',
    remedy: 'Compare the versions of the nodes; otherwise take the peer off the list.',
  },
};

export const P2P_ERRORS: ErrorTable = { ...P2P_REFUSALS, ...P2P_FAILURES };

export type P2pError = CodedError<{ readonly code: string }>;

/** Whether a peer may send this code in a refusal (W-13). */
export function isRefusalCode(code: string): boolean {
  return Object.hasOwn(P2P_REFUSALS, code);
}

/** A `CodedError` of this folder. */
export function p2pError(code: string, message: string, cause?: unknown): P2pError {
  return new CodedError(message, { code }, cause === undefined ? undefined : { cause });
}
