/** A chain of Ethereum from `genesis.json` and `chain.rlp`, imported into a directory of its own and served. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseReferenceGenesis } from '../genesis/index.ts';
import { importBlocks, serveReference, silentLogger } from '../node/index.ts';

export type ServedChain = { readonly url: string; close(): Promise<void> };

/** @throws CodedError of `genesis`, of the import and of the server */
export async function serveChain(directory: string): Promise<ServedChain> {
  const parsed = parseReferenceGenesis(
    JSON.parse(readFileSync(join(directory, 'genesis.json'), 'utf8')),
  );
  if (!parsed.ok) throw new RangeError(`${directory}/genesis.json: ${parsed.message}`);
  const dataDir = mkdtempSync(join(tmpdir(), 'served-chain-'));
  const remove = (): void => rmSync(dataDir, { recursive: true, force: true });
  const place = { dataDir, genesis: parsed.genesis };
  try {
    const file = join(directory, 'chain.rlp');
    const { signal } = new AbortController();
    const options = { file, engine: 'fast', keepsRevertReasons: false, signal } as const;
    await importBlocks({ ...place, ...options }, () => {});
    const server = await serveReference({
      ...place,
      rpc: { host: '127.0.0.1', port: 0, bodyLimitBytes: 5 * 1024 * 1024 },
      version: '0.0.0',
      logger: silentLogger,
    });
    const close = async (): Promise<void> => {
      await server.close();
      remove();
    };
    return { url: server.rpcUrl, close };
  } catch (error) {
    remove();
    throw error;
  }
}
