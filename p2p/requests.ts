/**
 * Questions to one peer and answers to it: each on a stream of its own, one frame each way (W-12).
 */
import type { Verdict } from '../ledger/model/index.ts';
import { p2pError } from './errors.ts';
import { createFrameReader, frame } from './frames.ts';
import type { Limits } from './limits.ts';
import type { Clock, NetworkHandlers, PeerKind } from './network.ts';
import type { Channel } from './transport.ts';
import { decodeWire, encodeWire, type WireKind, type WireMessage } from './wire.ts';

export type RequestMessage = Extract<
  WireMessage,
  { kind: 'blocksRequest' | 'bodyRequest' | 'transactionsRequest' | 'snapshotRequest' }
>;
export type Answer = Extract<WireMessage, { kind: 'payloads' | 'body' }>;

/** Protobuf overhead of one item of a list. */
const ITEM_OVERHEAD_BYTES = 6;
const ENVELOPE_OVERHEAD_BYTES = 64;

export function isRequest(message: WireMessage): message is RequestMessage {
  return REQUEST_KINDS.has(message.kind);
}

const REQUEST_KINDS: ReadonlySet<WireKind> = new Set([
  'blocksRequest',
  'bodyRequest',
  'transactionsRequest',
  'snapshotRequest',
]);

/**
 * Sends the request and resolves with the decoded answer, whatever its kind.
 * @throws CodedError `P2P_REQUEST_TIMEOUT`, `P2P_REQUEST_ABORTED`, `P2P_CONNECTION_LOST`
 */
export function ask(
  request: RequestMessage,
  modules: {
    readonly open: () => Promise<Channel>;
    readonly version: number;
    readonly limits: Limits;
    readonly clock: Clock;
    readonly signal: AbortSignal | undefined;
  },
): Promise<Verdict<{ message: WireMessage }>> {
  const { limits, clock, signal, version } = modules;
  return new Promise((resolve, reject) => {
    let channel: Channel | undefined;
    let settled = false;
    const settle = (finish: () => void): void => {
      if (settled) return;
      settled = true;
      clock.clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      channel?.abort();
      finish();
    };
    const fail = (code: string, message: string, cause?: unknown): void =>
      settle(() => reject(p2pError(code, message, cause)));
    const onAbort = (): void => fail('P2P_REQUEST_ABORTED', 'the request was given up');
    const timer = clock.setTimeout(
      () => fail('P2P_REQUEST_TIMEOUT', 'the peer did not answer in time'),
      limits.requestTimeoutMs,
    );
    const lost = (cause?: unknown): void =>
      fail('P2P_CONNECTION_LOST', 'the connection ended before the answer', cause);
    const reader = createFrameReader(limits.responseFrameBytes, (answer) =>
      settle(() => resolve(decodeWire(answer, version))),
    );

    if (signal?.aborted) {
      onAbort();
      return;
    }
    signal?.addEventListener('abort', onAbort);
    modules.open().then((opened) => {
      if (settled) {
        opened.abort();
        return;
      }
      channel = opened;
      opened.listen({
        onData: (bytes) => {
          if (!reader.push(bytes)) settle(() => resolve(TOO_LONG));
        },
        onDrain: () => {},
        onEnd: () => lost(),
      });
      opened.send(frame(encodeWire(version, request)));
    }, lost);
  });
}

const TOO_LONG: Verdict<{ message: WireMessage }> = {
  ok: false,
  code: 'P2P_FRAME_TOO_LONG',
  message: 'the answer is longer than allowed',
};

/** The answer within the limits; undefined when that kind of peer may not ask this. */
export function answer(
  request: RequestMessage,
  kind: PeerKind,
  handlers: Pick<
    NetworkHandlers,
    'serveBlocks' | 'serveBody' | 'serveTransactions' | 'serveSnapshot'
  >,
  limits: Limits,
): Answer | undefined {
  // W-8: a former validator may ask for blocks, nothing else.
  if (kind === 'former' && request.kind !== 'blocksRequest') return undefined;
  const maxBytes = limits.responseFrameBytes - ENVELOPE_OVERHEAD_BYTES;
  switch (request.kind) {
    case 'blocksRequest':
      return { kind: 'payloads', items: blocksFor(request, handlers, limits, maxBytes) };
    case 'bodyRequest': {
      const block = handlers.serveBody(request.digest);
      return { kind: 'body', block: block && block.length <= maxBytes ? block : undefined };
    }
    case 'snapshotRequest': {
      const part = handlers.serveSnapshot(request.offset);
      return { kind: 'payloads', items: part === undefined ? [] : prefixWithin([part], maxBytes) };
    }
    case 'transactionsRequest':
      return {
        kind: 'payloads',
        items: prefixWithin(handlers.serveTransactions(request.hashes), maxBytes),
      };
  }
}

/** Read one by one, so that no more than one block beyond the limit is ever in memory. */
function blocksFor(
  request: Extract<RequestMessage, { kind: 'blocksRequest' }>,
  handlers: Pick<NetworkHandlers, 'serveBlocks'>,
  limits: Limits,
  maxBytes: number,
): readonly Uint8Array[] {
  const blocks: Uint8Array[] = [];
  let bytes = 0;
  for (let i = 0; i < Math.min(request.count, limits.blocksPerRequest); i += 1) {
    const [block] = handlers.serveBlocks(request.from + BigInt(i), 1);
    if (block === undefined) break;
    bytes += block.length + ITEM_OVERHEAD_BYTES;
    if (bytes > maxBytes) break;
    blocks.push(block);
  }
  return blocks;
}

function prefixWithin(items: readonly Uint8Array[], maxBytes: number): readonly Uint8Array[] {
  let bytes = 0;
  const end = items.findIndex((item) => {
    bytes += item.length + ITEM_OVERHEAD_BYTES;
    return bytes > maxBytes;
  });
  return end < 0 ? items : items.slice(0, end);
}
