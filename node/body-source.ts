/** Fetches bodies from validators by their addresses; the network itself speaks of PeerIds. */
import { type Address, equalBytes } from '../ledger/model/index.ts';
import type { Network } from '../p2p/index.ts';
import type { BodySource } from './block-workshop.ts';
import type { Logger } from './logger.ts';

export function createBodySource(
  network: Pick<Network, 'peers' | 'requestBody' | 'requestTransactions'>,
  options: { readonly signal: AbortSignal },
  logger: Logger,
): BodySource {
  const peersOf = (addresses: readonly Address[]): readonly string[] =>
    network
      .peers()
      .filter(
        ({ address }) => address !== undefined && addresses.some((a) => equalBytes(a, address)),
      )
      .map(({ peerId }) => peerId);

  /** The first answer that is not empty; undefined when all have failed. */
  const first = async <T>(
    addresses: readonly Address[],
    ask: (peerId: string) => Promise<T | undefined>,
  ): Promise<T | undefined> => {
    const attempts = peersOf(addresses).map(async (peerId) => {
      const answer = await ask(peerId);
      if (answer === undefined) throw new RangeError('the peer does not have it');
      return answer;
    });
    try {
      return await Promise.any(attempts);
    } catch (error) {
      logger.debug('nobody gave what a proposal names', { asked: attempts.length, error });
      return undefined;
    }
  };

  return {
    transactions: async (from, hashes) =>
      (await first(from, async (peerId) => {
        const answer = await network.requestTransactions(peerId, hashes, options);
        return answer.length === 0 ? undefined : answer;
      })) ?? [],
    block: (from, digest) => first(from, (peerId) => network.requestBody(peerId, digest, options)),
  };
}
