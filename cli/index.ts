/** The door of `cli`: the command tree, for whoever documents or tests it. */
export { CLI_ERRORS } from './errors.ts';
export type { Output } from './output.ts';
export { createOutput } from './output.ts';
export { createProgram, runCli } from './program.ts';
export { renderCliReference } from './reference.ts';
