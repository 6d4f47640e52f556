export { createExporter } from './exporter.ts';
export { renderMetricsReference } from './reference.ts';
