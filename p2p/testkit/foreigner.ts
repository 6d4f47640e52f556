/** A peer made by hand on the bare transport: it says what a test wants, reads the hello and the refusal. */
import { createFrameReader, frame } from '../frames.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import type { Network, NetworkOptions } from '../network.ts';
import { createProver } from '../proof.ts';
import type { Channel, Link, Transport } from '../transport.ts';
import { decodeWire, encodeWire, type Hello, type WireMessage } from '../wire.ts';
import { systemClock } from './peers.ts';

export type ForeignConnection = {
  readonly link: Link;
  readonly control: Channel;
  /** The code of the refusal; undefined when the connection ended without one. */
  readonly refusal: Promise<string | undefined>;
  /** What the other side said first; never resolves where it said nothing. */
  readonly answered: Promise<Hello>;
};

export type Foreigner = {
  readonly peerId: string;
  /** An encoded message in its frame. */
  wire(version: number, message: WireMessage): Uint8Array;
  framed(message: Uint8Array): Uint8Array;
  hello(more: Partial<Hello>): Promise<Uint8Array>;
  dial(network: Network): Promise<Link>;
  /** Opens the control stream and sends the bytes. */
  open(network: Network, first: Uint8Array): Promise<ForeignConnection>;
  /** Opens the control stream, sends the bytes and waits for the end of the connection. */
  sendFirst(network: Network, bytes: Uint8Array): Promise<string | undefined>;
  /** Says a proper hello. */
  connect(network: Network): Promise<ForeignConnection>;
};

export async function createForeigner(
  transport: Transport,
  options: NetworkOptions,
): Promise<Foreigner> {
  const { peerId } = transport;
  const wire = (version: number, message: WireMessage): Uint8Array =>
    frame(encodeWire(version, message));
  const hello = async (more: Partial<Hello>): Promise<Uint8Array> =>
    wire(1, { kind: 'hello', hello: await helloOf(options, peerId, more) });
  const dial = (network: Network): Promise<Link> =>
    transport.dial(network.addresses, new AbortController().signal);

  const open = async (network: Network, first: Uint8Array): Promise<ForeignConnection> => {
    const link = await dial(network);
    const control = await link.open('/ehb/control/1');
    const { promise: answered, resolve: answer } = Promise.withResolvers<Hello>();
    const refusal = new Promise<string | undefined>((resolve) => {
      const reader = createFrameReader(1_000_000, (message) => {
        const decoded = decodeWire(message, 1);
        if (decoded.ok && decoded.message.kind === 'refusal') resolve(decoded.message.code);
        if (decoded.ok && decoded.message.kind === 'hello') answer(decoded.message.hello);
      });
      control.listen({
        onData: (bytes) => {
          reader.push(bytes);
        },
        onDrain: () => {},
        onEnd: () => resolve(undefined),
      });
    });
    control.send(first);
    return { link, control, refusal, answered };
  };

  return {
    peerId,
    wire,
    framed: frame,
    hello,
    dial,
    open,
    sendFirst: async (network, bytes) => (await open(network, bytes)).refusal,
    connect: async (network) => open(network, await hello({})),
  };
}

/** A hello that is admitted, with some fields replaced. */
export async function helloOf(
  options: NetworkOptions,
  peerId: string,
  more: Partial<Hello> = {},
): Promise<Hello> {
  const { validator } = options;
  const lifetimeMs = DEFAULT_LIMITS.proofLifetimeMs;
  const prove = createProver({ chain: options, peerId, validator, lifetimeMs }, systemClock);
  return {
    minVersion: 1,
    maxVersion: 1,
    chainId: options.chainId,
    genesisHash: options.genesisHash,
    instance: new Uint8Array(8),
    status: options.status,
    proof: await prove(),
    addresses: [],
    knownAddresses: [],
    ...more,
  };
}
