/** Asks a node over JSON-RPC, and puts what goes wrong into the codes of the commands. */
import { CodedError } from '../ledger/model/index.ts';
import { createClient, type RpcClient, RpcError } from '../rpc/client.ts';
import { cliError } from './errors.ts';

/** @throws CodedError `CLI_NODE_REFUSED`, `CLI_NODE_UNREACHABLE`, and those of `use` */
export async function askNode<T>(url: string, use: (client: RpcClient) => Promise<T>): Promise<T> {
  try {
    return await use(createClient({ url }));
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string') throw error;
    if (error instanceof RpcError && isNodeCode(error.data)) {
      // The node's own table says what to do.
      throw new CodedError(`${url}: ${error.message}`, { code: error.data }, { cause: error });
    }
    const code = error instanceof RpcError ? 'CLI_NODE_REFUSED' : 'CLI_NODE_UNREACHABLE';
    throw cliError(code, `${url}: ${error instanceof Error ? error.message : error}`, error);
  }
}

function isNodeCode(data: unknown): data is string {
  return typeof data === 'string' && /^NODE_[A-Z_]+$/.test(data);
}
