/** What the run and its proxy processes say to each other over the channel between them. */
import type { LinkFault } from './fault.ts';
import type { Endpoint } from './link-proxy.ts';

export type ProxyRequest =
  /** `seed` draws the jitter. */
  | {
      readonly kind: 'open';
      readonly link: string;
      readonly listen: Endpoint;
      readonly target: Endpoint;
      readonly seed: number;
    }
  | { readonly kind: 'fault'; readonly link: string; readonly fault: LinkFault };

/** One for each request, in their order. */
export type ProxyAnswer =
  | { readonly kind: 'done'; readonly port: number }
  | { readonly kind: 'failed'; readonly message: string };
