#!/usr/bin/env node
// Starts ehb on a Node.js that can run it: the one at hand if it is new enough, else the one that the
// package `node` pins. Written for any Node.js, so that an old one gets an explanation and not a
// syntax error; everything else is in cli/.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const NEEDED = 24;

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
// A release has dist/, built because Node.js runs no TypeScript under node_modules.
const built = join(root, 'dist', 'cli', 'main.js');
const source = join(root, 'cli', 'main.ts');
const isRelease = !existsSync(source) || root.split(/[\\/]/).includes('node_modules');
const main = isRelease ? built : source;

if (!existsSync(main)) refuse(`this installation is incomplete: ${main} is missing`);

if (Number(process.versions.node.split('.')[0]) >= NEEDED) {
  void import(pathToFileURL(main).href);
} else {
  launch(pinnedNode());
}

function pinnedNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve('node/package.json');
    const bin = JSON.parse(readFileSync(manifest, 'utf8')).bin;
    const path = join(dirname(manifest), typeof bin === 'string' ? bin : bin.node);
    if (existsSync(path)) return path;
  } catch {
    // Told below: the package is not installed.
  }
  return refuse(
    'Node.js ' +
      NEEDED +
      ' or newer is needed, this is ' +
      process.versions.node +
      ', and the ' +
      'package `node` that brings one is not installed (its install script may have been skipped)',
  );
}

function launch(node) {
  const env = Object.assign({}, process.env, { EHB_LAUNCHED: '1' });
  const args = [main].concat(process.argv.slice(2));
  const child = spawn(node, args, { env: env, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  ['SIGINT', 'SIGTERM', 'SIGHUP'].forEach((signal) => {
    process.on(signal, () => {
      child.kill(signal);
    });
  });
  child.on('error', (error) => {
    refuse(`cannot start ${node}: ${error.message}`);
  });
  child.on('exit', (code, signal) => {
    process.exit(code === null ? 128 + (constants.signals[signal] || 0) : code);
  });
}

function refuse(reason) {
  process.stderr.write(
    `error ${reason}\nwhat to do: install Node.js ${NEEDED}, or run npm install again\n`,
  );
  return process.exit(1);
}
