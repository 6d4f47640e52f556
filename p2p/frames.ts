/**
 * Messages on a byte stream: four bytes of length, big-endian, then the message (W-2).
 *
 * A length is checked before anything is kept, and the buffer grows with what has arrived: announcing
 * a long message costs its receiver nothing, and neither does sending it byte by byte.
 */

const PREFIX_BYTES = 4;
const FIRST_BUFFER_BYTES = 16 * 1024;

/** Prefix and message in one buffer, so that one write sends both. */
export function frame(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(PREFIX_BYTES + message.length);
  new DataView(framed.buffer).setUint32(0, message.length);
  framed.set(message, PREFIX_BYTES);
  return framed;
}

export type FrameReader = {
  /** Calls `onMessage` for each message that is complete; false once a length is zero or too long. */
  push(bytes: Uint8Array): boolean;
};

/** `onMessage` gets a buffer of its own, never a view of `bytes`. */
export function createFrameReader(
  maxBytes: number,
  onMessage: (message: Uint8Array) => void,
): FrameReader {
  const prefix = new Uint8Array(PREFIX_BYTES);
  let prefixBytes = 0;
  let length = 0;
  let buffer = new Uint8Array(0);
  let filled = 0;
  let failed = false;

  const readPrefix = (bytes: Uint8Array): number => {
    const taken = Math.min(PREFIX_BYTES - prefixBytes, bytes.length);
    prefix.set(bytes.subarray(0, taken), prefixBytes);
    prefixBytes += taken;
    if (prefixBytes < PREFIX_BYTES) return taken;
    length = new DataView(prefix.buffer).getUint32(0);
    failed = length === 0 || length > maxBytes;
    if (!failed) buffer = new Uint8Array(Math.min(length, FIRST_BUFFER_BYTES));
    filled = 0;
    return taken;
  };

  const readBody = (bytes: Uint8Array): number => {
    const taken = Math.min(length - filled, bytes.length);
    if (filled + taken > buffer.length) {
      const grown = new Uint8Array(Math.min(length, Math.max(filled + taken, 2 * buffer.length)));
      grown.set(buffer.subarray(0, filled));
      buffer = grown;
    }
    buffer.set(bytes.subarray(0, taken), filled);
    filled += taken;
    if (filled === length) {
      prefixBytes = 0;
      onMessage(buffer);
    }
    return taken;
  };

  return {
    push(bytes) {
      let offset = 0;
      while (!failed && offset < bytes.length) {
        const rest = bytes.subarray(offset);
        offset += prefixBytes < PREFIX_BYTES ? readPrefix(rest) : readBody(rest);
      }
      return !failed;
    },
  };
}
