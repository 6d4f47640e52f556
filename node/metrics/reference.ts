/** The reference of the metrics as Markdown: a pure function of the tables. */
import { CONSENSUS_METRICS } from './consensus-metrics.ts';
import { NETWORK_METRICS } from './network-metrics.ts';
import { BESU_METRICS, NODE_METRICS } from './node-metrics.ts';
import { BUCKETS, type MetricDefinition, type MetricTable } from './registry.ts';

const SECTIONS: readonly (readonly [title: string, table: MetricTable])[] = [
  ['Consensus', CONSENSUS_METRICS],
  ['Chain and pool', NODE_METRICS],
  ['Network', NETWORK_METRICS],
  ['Names of Hyperledger Besu', BESU_METRICS],
];

/** All tables that a node exports, for tests of the names. */
export const METRIC_TABLES: readonly MetricTable[] = SECTIONS.map(([, table]) => table);

/** Text of `docs/reference/metrics.md` after its title. */
export function renderMetricsReference(): string {
  const sections = SECTIONS.map(([title, table]) => {
    const rows = Object.values(table).map(row).join('\n');
    return `## ${title}\n\n| metric | kind | labels | meaning |\n|---|---|---|---|\n${rows}\n`;
  });
  return `${INTRODUCTION}\n${sections.join('\n')}\n${buckets()}`;
}

const INTRODUCTION = `\`ehb node start\` serves them for Prometheus at \`http://127.0.0.1:9545/metrics\`; \`--metrics-port\` and
\`--metrics-host\` move them, port 0 turns them off. Counters begin at 0 with each start. Labels have few values:
none holds a hash, an address or a peer. Metrics of the process and of Node.js (\`process_*\`, \`nodejs_*\`) have
the names that prom-client gives them.
`;

function row(definition: MetricDefinition): string {
  const { name, kind, labels = {}, help } = definition;
  const listed = Object.entries(labels).map(([label, values]) => {
    const what =
      typeof values === 'string' ? values : values.map((each) => `\`${each}\``).join(' ');
    return `\`${label}\`: ${what}`;
  });
  return `| \`${name}\` | ${kind} | ${listed.join('; ')} | ${help.replaceAll('|', '\\|')} |`;
}

function buckets(): string {
  const lines = Object.values(SECTIONS)
    .flatMap(([, table]) => Object.values(table))
    .filter(({ kind }) => kind === 'histogram')
    .map(({ name, buckets: kind = 'work' }) => `- \`${name}\`: ${BUCKETS[kind].join(', ')}`);
  return `## Buckets\n\nUpper bounds in seconds.\n\n${lines.join('\n')}\n`;
}
