/** The method reference as Markdown: a pure function of the table, so that page and code cannot part. */
import type { TSchema } from 'typebox';
import { RPC_ERRORS } from './errors.ts';
import type { Method, Parameter } from './method.ts';
import { METHODS } from './method-table.ts';

/** Text of `docs/reference/rpc.md`. */
export function renderRpcReference(methods: readonly Method[] = METHODS): string {
  const namespaces = [...new Set(methods.map(({ namespace }) => namespace))];
  const sections = namespaces.map((namespace) => {
    const own = methods.filter((method) => method.namespace === namespace);
    return `## ${namespace}\n\n${own.map(renderMethod).join('\n')}`;
  });
  return `${INTRODUCTION}\n${sections.join('\n')}\n${renderErrors()}`;
}

const INTRODUCTION = `# JSON-RPC methods

<!-- Generated from the method table in \`rpc/\`. Do not edit. -->

JSON-RPC 2.0 over HTTP (\`POST /\`) and over WebSocket (upgrade of \`/\`, same port). Methods of the
\`eth\` namespace follow ethereum/execution-apis. Blocks are final when they exist, so the tags \`latest\`,
\`safe\`, \`finalized\` and \`pending\` all name the head. A parameter marked with \`?\` may be left out.
`;

const FOR_OPERATORS = '*For operators: by default answered only to programs on the same machine.*';

function renderMethod(method: Method): string {
  const signature = method.params
    .map(({ name, optional }) => (optional === true ? `${name}?` : name))
    .join(', ');
  const rows = method.params.map(renderParameter).join('');
  const table = rows === '' ? '' : `\n| parameter | type |\n|---|---|\n${rows}`;
  return `### ${method.name}\n\n\`${method.name}(${signature})\` → ${typeName(method.result)}\n\n${method.summary}${method.isForOperators ? ` ${FOR_OPERATORS}` : ''}\n${table}`;
}

function renderParameter({ name, codec, optional }: Parameter): string {
  return `| \`${name}\`${optional === true ? '?' : ''} | ${typeName(codec.schema)} |\n`;
}

function renderErrors(): string {
  const rows = Object.entries(RPC_ERRORS).flatMap(([code, entry]) =>
    'number' in entry
      ? [`| ${entry.number} | \`${code}\` | ${entry.meaning} ${entry.remedy} |\n`]
      : [],
  );
  return `## Errors\n\n| number | code | meaning and remedy |\n|---|---|---|\n${rows.join('')}`;
}

/** The parts of JSON Schema that the table uses. */
type Shape = {
  readonly type?: string;
  readonly description?: string;
  readonly const?: unknown;
  readonly anyOf?: readonly Shape[];
  readonly items?: Shape;
  readonly properties?: Readonly<Record<string, Shape>>;
};

/** One line for a schema: its description if it has one, otherwise its structure. */
function typeName(schema: TSchema | Shape): string {
  const shape = schema as Shape; // a TypeBox schema is a JSON schema
  if (shape.description !== undefined) return shape.description;
  if (shape.const !== undefined) return `\`${JSON.stringify(shape.const)}\``;
  if (shape.anyOf !== undefined) return shape.anyOf.map(typeName).join(' or ');
  if (shape.type === 'array') {
    return shape.items === undefined ? 'array' : `array of ${typeName(shape.items)}`;
  }
  if (shape.properties !== undefined) {
    const names = Object.keys(shape.properties);
    return names.length === 0
      ? 'object'
      : `object of ${names.map((name) => `\`${name}\``).join(', ')}`;
  }
  return shape.type ?? 'any';
}
