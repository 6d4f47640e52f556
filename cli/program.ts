/** The command tree of `ehb`. */
import { Command, CommanderError } from 'commander';
import { backupCommand, restoreCommand } from './commands/backup.ts';
import { exportCommand, importCommand } from './commands/blocks.ts';
import { devCommand } from './commands/dev.ts';
import { evidenceCommand } from './commands/evidence.ts';
import { genesisCommand } from './commands/genesis.ts';
import { keysCommand } from './commands/keys.ts';
import { nodeCommand } from './commands/node.ts';
import { permissionsCommand } from './commands/permissions.ts';
import { proofCommand, verifyProofCommand } from './commands/proof.ts';
import { pruneCommand } from './commands/prune.ts';
import { repairCommand } from './commands/repair.ts';
import { serveCommand } from './commands/serve.ts';
import { snapshotCommand } from './commands/snapshot.ts';
import { statusCommand } from './commands/status.ts';
import { validatorsCommand } from './commands/validators.ts';
import { verifyCommand } from './commands/verify.ts';
import { EXIT, EXIT_MEANINGS, type ExitCode } from './exit-codes.ts';
import { describeFailure, failureLines } from './failure.ts';
import type { Output } from './output.ts';
import { VERSION } from './version.ts';

/** @param exit is told the exit code of a command that did not throw; 0 if it is not called */
export function createProgram(output: Output, exit: (code: ExitCode) => void): Command {
  const program = new Command('ehb')
    .description('Enterprise Hybrid Blockchain: a self-hosted permissioned blockchain')
    .version(VERSION, '--version', 'print the version')
    .addHelpText('after', exitCodeHelp());
  program.addCommand(backupCommand(output));
  program.addCommand(devCommand(output, exit));
  program.addCommand(evidenceCommand(output, exit));
  program.addCommand(exportCommand(output));
  program.addCommand(genesisCommand(output, exit));
  program.addCommand(importCommand(output, exit));
  program.addCommand(keysCommand(output));
  program.addCommand(nodeCommand(output, exit));
  program.addCommand(permissionsCommand(output));
  program.addCommand(proofCommand(output));
  program.addCommand(pruneCommand(output, exit));
  program.addCommand(repairCommand(output));
  program.addCommand(restoreCommand(output));
  program.addCommand(serveCommand(output, exit));
  program.addCommand(snapshotCommand(output));
  program.addCommand(statusCommand(output, exit));
  program.addCommand(validatorsCommand(output));
  program.addCommand(verifyCommand(output, exit));
  program.addCommand(verifyProofCommand(output));
  configure(program, output);
  return program;
}

/** Runs one command line (without the program's name) and resolves with the exit code. */
export async function runCli(
  args: readonly string[],
  output: Output,
  env: NodeJS.ProcessEnv,
): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok;
  const program = createProgram(output, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Help, version and usage errors, which commander has printed.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const failure = await describeFailure(error, env['EHB_DEBUG'] !== undefined);
    if (args.includes('--json')) {
      const { code, message, remedy } = failure;
      output.err(JSON.stringify({ ok: false, code, message, remedy }));
    } else {
      for (const line of failureLines(failure, output.colours)) output.err(line);
    }
    return failure.exitCode;
  }
}

/** Commands that are added, unlike those made by `.command()`, inherit nothing. */
function configure(command: Command, output: Output): void {
  command
    .exitOverride()
    .configureOutput({
      writeOut: (text) => output.out(text.trimEnd()),
      writeErr: (text) => output.err(text.trimEnd()),
    })
    .showHelpAfterError('(add --help for the options)')
    .allowExcessArguments(false)
    .helpOption('--help', 'print this help');
  if (command.commands.length > 0) command.helpCommand(false);
  for (const child of command.commands) configure(child, output);
}

function exitCodeHelp(): string {
  const rows = EXIT_MEANINGS.map(([code, meaning]) => `  ${String(code).padEnd(4)}${meaning}`);
  return ['', 'Exit codes:', ...rows, '', 'EHB_DEBUG=1 adds stack traces to errors.'].join('\n');
}
