/** The reference page of the command line, from the command tree itself. */
import type { Command } from 'commander';
import { EXIT_MEANINGS } from './exit-codes.ts';

/** Markdown, without a title: a section a command, then the exit codes. */
export function renderCliReference(program: Command): string {
  const sections = leaves(program, []).map(({ path, command }) => section(path, command));
  const codes = EXIT_MEANINGS.map(([code, meaning]) => `| ${code} | ${meaning} |`);
  const exits = ['## Exit codes', '', '| code | meaning |', '|---|---|', ...codes].join('\n');
  return `${[...sections, exits].join('\n\n')}\n`;
}

type Leaf = { readonly path: string; readonly command: Command };

function leaves(command: Command, above: readonly string[]): readonly Leaf[] {
  const path = [...above, command.name()];
  if (command.commands.length === 0) return [{ path: path.join(' '), command }];
  return command.commands.flatMap((child) => leaves(child, path));
}

function section(path: string, command: Command): string {
  const help = command.createHelp();
  const usage = [path, '[options]', ...command.registeredArguments.map(argumentText)].join(' ');
  const options = help
    .visibleOptions(command)
    .filter(({ long }) => long !== '--help')
    .map((option) => [`\`${option.flags}\``, help.optionDescription(option)]);
  const rows = options.map(([flags, meaning]) => `| ${flags} | ${cell(meaning ?? '')} |`);
  return [
    `## ${path}`,
    '',
    `${sentence(command.description())} \`${usage}\``,
    '',
    '| option | meaning |',
    '|---|---|',
    ...rows,
  ].join('\n');
}

function argumentText(argument: Command['registeredArguments'][number]): string {
  const text = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${text}>` : `[${text}]`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
