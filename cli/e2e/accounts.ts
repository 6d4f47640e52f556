/** The funded development accounts as each outside library sees them. */
import { ethers } from 'ethers';
import {
  type Chain,
  createPublicClient,
  createWalletClient,
  defineChain,
  type HDAccount,
  type HttpTransport,
  http,
  type PublicClient,
  type WalletClient,
} from 'viem';
import { mnemonicToAccount } from 'viem/accounts';

/** Public: everybody can spend what these accounts hold. */
const MNEMONIC = 'test test test test test test test test test test test junk';
export const CHAIN_ID = 20260;

const known = new Map<number, HDAccount>();

/** Derived once: the key stretching of BIP-39 takes long. */
export function accountAt(index: number): HDAccount {
  const account = known.get(index) ?? mnemonicToAccount(MNEMONIC, { addressIndex: index });
  known.set(index, account);
  return account;
}

/** `0x` and 32 bytes. */
export function privateKeyAt(index: number): `0x${string}` {
  const key = accountAt(index).getHdKey().privateKey;
  if (key === null || key === undefined) throw new TypeError('a mnemonic gives private keys');
  return ethers.hexlify(key) as `0x${string}`;
}

function chainAt(url: string): Chain {
  return defineChain({
    id: CHAIN_ID,
    name: 'ehb-dev',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [url] } },
  });
}

/** viem's two clients of one node, for one account. */
export function viemAt(
  url: string,
  account: HDAccount,
): {
  readonly reader: PublicClient<HttpTransport, Chain>;
  readonly wallet: WalletClient<HttpTransport, Chain, HDAccount>;
} {
  const chain = chainAt(url);
  const transport = http(url, { retryCount: 0 });
  return {
    reader: createPublicClient({ chain, transport, pollingInterval: 50 }),
    wallet: createWalletClient({ chain, transport, account }),
  };
}

/** An ethers wallet on one node; blocks come faster than the 250 ms for which ethers keeps what it read. */
export function ethersAt(url: string, privateKey: string): ethers.Wallet {
  const provider = new ethers.JsonRpcProvider(url, CHAIN_ID, {
    staticNetwork: true,
    pollingInterval: 50,
    cacheTimeout: -1,
  });
  return new ethers.Wallet(privateKey, provider);
}
