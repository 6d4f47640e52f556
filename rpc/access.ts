/**
 * Who may talk to the server from a browser. Pure.
 *
 * A page that a developer happens to open must not drive the node behind his firewall. Its origin is
 * checked (CORS for HTTP, the handshake for WebSockets), and so is the Host header, because a page can
 * point its own name at 127.0.0.1 and would then be same-origin (DNS rebinding).
 */
import { isIP } from 'node:net';
import type { OperatorAccess } from './options.ts';

const ANY = '*';
const LOCAL_NAMES = ['localhost', '127.0.0.1', '[::1]'];

/** Whether a page of that origin may call. Without an `Origin` header the caller is no page. */
export function originAllowed(
  origin: string | undefined,
  allowed: readonly string[] | undefined,
): boolean {
  if (origin === undefined) return true;
  if (allowed === undefined) return isLocalOrigin(origin);
  return allowed.includes(ANY) || allowed.includes(origin);
}

/** Whether the Host header is an IP address or a name that this node goes by; ports are ignored. */
export function hostAllowed(
  host: string | undefined,
  allowed: readonly string[] | undefined,
): boolean {
  const names = allowed ?? ['localhost'];
  if (names.includes(ANY)) return true;
  if (host === undefined || host === '') return true; // HTTP/1.0: no page can make such a request
  const name = host.replace(/:\d*$/, '').toLowerCase();
  return isIP(name.replace(/^\[|\]$/g, '')) !== 0 || names.includes(name);
}

/** What is known of a caller. Header values are as they came. */
export type Caller = {
  /** Address of the other end of the connection. */
  readonly remoteAddress: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
};

/** A page carries `origin`; what a proxy passes on came from elsewhere. */
const NOT_LOCAL_HEADERS = ['origin', 'forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

/** Whether that caller may change what the node does. */
export function isOperator({ remoteAddress, headers }: Caller, access: OperatorAccess): boolean {
  switch (access) {
    case 'anyone':
      return true;
    case 'nobody':
      return false;
    case 'local':
      return isLoopback(remoteAddress) && !NOT_LOCAL_HEADERS.some((name) => name in headers);
  }
}

function isLoopback(address: string | undefined): boolean {
  if (address === '::1') return true;
  const mapped = address?.replace(/^::ffff:/i, '') ?? '';
  return isIP(mapped) === 4 && mapped.startsWith('127.');
}

function isLocalOrigin(origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, hostname } = new URL(origin);
  return (protocol === 'http:' || protocol === 'https:') && LOCAL_NAMES.includes(hostname);
}
