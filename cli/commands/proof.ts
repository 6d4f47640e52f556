/** `ehb proof` makes proofs, `ehb verify-proof` checks them without any node. */
import { readFile, writeFile } from 'node:fs/promises';
import { Argument, Command } from 'commander';
import { type Proved, verifyProofBundle } from '../../consensus/index.ts';
import { bytesToHex, CodedError, hexToBytes } from '../../ledger/model/index.ts';
import { createClient, type ProofSubjectJson, RpcError } from '../../rpc/client.ts';
import { cliError } from '../errors.ts';
import type { Output } from '../output.ts';
import { genesisRefusal, readGenesisFile } from '../read-file.ts';
import {
  DEFAULT_RPC_URL,
  parseAddress,
  parseHash,
  parseHeight,
  parseSlot,
  parseUrl,
} from '../values.ts';

type MakeOptions = { readonly output: string; readonly url: string; readonly json?: true };

export function proofCommand(output: Output): Command {
  const proof = new Command('proof').description(
    'proofs of what is on the chain, for those who trust no node',
  );
  for (const kind of ['transaction', 'receipt'] as const) {
    proof.addCommand(
      withOutput(
        new Command(kind),
        `ehb proof ${kind} 0x88df016429689c079f3b2f6ad39fa052532c56795b733da78a91ebe6a713944b --output ${kind}.proof`,
      )
        .description(`prove a ${kind}`)
        .addArgument(new Argument('<hash>', 'of the transaction').argParser(parseHash))
        .action(async (hash: string, options: MakeOptions) => {
          await makeProof(output, { [kind]: hash }, options);
        }),
    );
  }
  proof.addCommand(accountCommand(output));
  return proof;
}

function accountCommand(output: Output): Command {
  type Options = MakeOptions & { readonly slot?: readonly string[]; readonly block?: bigint };
  return withOutput(
    new Command('account'),
    'ehb proof account 0x70997970c51812dc3a010c7d01b50e0d17dc79c8 --slot 0 --output account.proof',
  )
    .description('prove balance, nonce, code hash and slots of an account')
    .addArgument(new Argument('<address>', 'of the account').argParser(parseAddress))
    .option('--slot <slot>', 'also this slot; can be given again', collectSlots)
    .option('--block <height>', 'after this block, the head unless told', parseHeight)
    .action(async (address: string, { slot = [], block, ...options }: Options) => {
      const at = block === undefined ? {} : { block: `0x${block.toString(16)}` };
      await makeProof(output, { address, slots: slot, ...at }, options);
    });
}

function collectSlots(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, parseSlot(text)];
}

function withOutput(command: Command, example: string): Command {
  return command
    .requiredOption('--output <file>', 'created; never written over')
    .option('--url <url>', 'JSON-RPC of a node', parseUrl, DEFAULT_RPC_URL)
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
The file needs no trust in the node: \`ehb verify-proof\` checks it offline with the genesis file.

Example:
  $ ${example}`,
    );
}

async function makeProof(
  output: Output,
  subject: ProofSubjectJson,
  { url, output: file, json }: MakeOptions,
): Promise<void> {
  let proof: Awaited<ReturnType<typeof ask>>;
  const ask = () => createClient({ url }).request('ehb_getProof', [subject]);
  try {
    proof = await ask();
  } catch (error) {
    const code = error instanceof RpcError ? 'CLI_NODE_REFUSED' : 'CLI_NODE_UNREACHABLE';
    const reason = error instanceof Error ? error.message : String(error);
    throw cliError(code, `${url}: ${reason}`, error);
  }
  const bytes = hexToBytes(proof.bundle);
  try {
    await writeFile(file, bytes, { flag: 'wx' });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw cliError('CLI_FILE_UNWRITABLE', `${file}: ${reason}`, cause);
  }
  const height = BigInt(proof.blockNumber).toString();
  const summary = { file, height, blockHash: proof.blockHash, bytes: bytes.length };
  output.out(
    json === true
      ? JSON.stringify({ ok: true, ...summary })
      : `${bytes.length} bytes written to ${file}: proved at block ${height}`,
  );
}

export function verifyProofCommand(output: Output): Command {
  return new Command('verify-proof')
    .description('check a proof with the genesis file alone, without any node')
    .argument('<file>', 'as `ehb proof` writes it')
    .requiredOption('--genesis <file>', 'of the network')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Prints what is proved. Exit code 1 if the proof does not hold.

Example:
  $ ehb verify-proof receipt.proof --genesis genesis.json`,
    )
    .action(async (file: string, options: { readonly genesis: string; readonly json?: true }) => {
      const parsed = await readGenesisFile(options.genesis);
      if (!parsed.ok) throw genesisRefusal(options.genesis, parsed);
      const { hash, validators, qbft } = parsed.genesis;
      const verdict = verifyProofBundle(await readProof(file), { hash, validators, qbft });
      if (!verdict.ok) throw new CodedError(verdict.message, { code: verdict.code });
      const fact = factJson(verdict);
      const lines =
        options.json === true
          ? [JSON.stringify({ ok: true, ...fact })]
          : [
              `${output.colours.green('proved')} ${verdict.fact.kind}`,
              ...Object.entries(fact).map(([name, value]) => `  ${name}: ${textOf(value)}`),
            ];
      for (const line of lines) output.out(line);
    });
}

async function readProof(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw cliError('CLI_FILE_UNREADABLE', `${file}: ${reason}`, cause);
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function factJson({ header, hash, fact }: Proved): Readonly<Record<string, unknown>> {
  const block = {
    kind: fact.kind,
    blockNumber: header.number.toString(),
    blockHash: bytesToHex(hash),
    timestamp: header.timestamp.toString(),
  };
  if (fact.kind === 'account') {
    const { address, account, slots } = fact;
    return {
      ...block,
      address: bytesToHex(address),
      exists: account !== undefined,
      nonce: (account?.nonce ?? 0n).toString(),
      balance: (account?.balance ?? 0n).toString(),
      ...(account === undefined ? {} : { codeHash: bytesToHex(account.codeHash) }),
      slots: slots.map(({ slot, value }) => ({
        slot: bytesToHex(slot),
        value: `0x${value.toString(16)}`,
      })),
    };
  }
  const transaction = {
    ...block,
    transactionHash: bytesToHex(fact.transaction.hash),
    transactionIndex: fact.index,
  };
  if (fact.kind === 'transaction') return { ...transaction, raw: bytesToHex(fact.transaction.raw) };
  const { status, cumulativeGasUsed, logs } = fact.receipt;
  return {
    ...transaction,
    status: typeof status === 'number' ? status : bytesToHex(status),
    cumulativeGasUsed: cumulativeGasUsed.toString(),
    logs: logs.map(({ address, topics, data }) => ({
      address: bytesToHex(address),
      topics: topics.map(bytesToHex),
      data: bytesToHex(data),
    })),
  };
}
