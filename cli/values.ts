/** Parsers of option values, and options that several commands have. A value that does not fit is a usage error that says what would. */
import { InvalidArgumentError, Option } from 'commander';
import { LEAST_RETENTION } from '../genesis/index.ts';
import type { EngineName, LogLevel } from '../node/index.ts';

/** Of the node that a command asks if none is named. */
export const DEFAULT_RPC_URL = 'http://127.0.0.1:8545';

/** Of a JSON-RPC request. */
export const DEFAULT_BODY_LIMIT_BYTES: number = 5 * 1024 * 1024;

const LEVELS: readonly LogLevel[] = ['error', 'warn', 'info', 'debug', 'trace'];

const ENGINES: readonly EngineName[] = ['fast', 'reference', 'both'];

export function revertReasonsOption(): Option {
  return new Option('--revert-reasons <on|off>', 'store what reverted transactions return')
    .choices(['on', 'off'])
    .env('EHB_REVERT_REASONS');
}

export function engineOption(): Option {
  return new Option('--engine <name>', 'what executes blocks; both: stop if they differ')
    .choices(ENGINES)
    .env('EHB_ENGINE');
}

export function keepHistoryOption(): Option {
  return new Option('--keep-history <blocks>', 'keep the states after the newest so many blocks')
    .argParser(parseRetention)
    .env('EHB_KEEP_HISTORY');
}

export function keepBodiesOption(): Option {
  const meaning = 'keep transactions, receipts and logs of the newest so many blocks';
  return new Option('--keep-bodies <blocks>', meaning)
    .argParser(parseRetention)
    .env('EHB_KEEP_BODIES');
}

export function stateCacheOption(): Option {
  const meaning = 'memory for the state that is used most, 256 unless told';
  return new Option('--state-cache <MiB>', meaning).argParser(parsePositive).env('EHB_STATE_CACHE');
}

/** @param meaning what is logged where */
export function logLevelOption(meaning: string): Option {
  return new Option('--log-level <level>', meaning)
    .choices(LEVELS)
    .default('info' satisfies LogLevel)
    .env('EHB_LOG_LEVEL');
}

function parseRetention(text: string): number {
  const wanted = `a number of blocks, at least ${LEAST_RETENTION}`;
  return parseInteger(text, LEAST_RETENTION, Number.MAX_SAFE_INTEGER, wanted);
}

export function parsePort(text: string): number {
  return parseInteger(text, 0, 65_535, 'a port from 0 (any free one) to 65535');
}

export function parsePositive(text: string): number {
  return parseInteger(text, 1, Number.MAX_SAFE_INTEGER, 'a positive integer');
}

/** Milliseconds; 0 is a value. */
export function parseMilliseconds(text: string): number {
  return parseInteger(text, 0, Number.MAX_SAFE_INTEGER, 'a number of milliseconds');
}

export function parseValidators(text: string): number {
  return parseInteger(text, 1, 100, 'a number from 1 to 100');
}

/** The first of a thousand ports at most. */
export function parseBasePort(text: string): number {
  return parseInteger(text, 1024, 64_000, 'a port from 1024 to 64000');
}

export function parseQuantity(text: string): bigint {
  if (!/^(0x[0-9a-fA-F]{1,16}|[0-9]{1,19})$/.test(text) || BigInt(text) === 0n) {
    throw new InvalidArgumentError('Expected a positive integer, decimal or 0x-hexadecimal.');
  }
  return BigInt(text);
}

/** 20 bytes as 0x-hexadecimal, lower case. */
export function parseAddress(text: string): string {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) {
    throw new InvalidArgumentError('Expected an address, 0x and 40 hexadecimal digits.');
  }
  return text.toLowerCase();
}

/** 32 bytes as 0x-hexadecimal, lower case. */
export function parseHash(text: string): string {
  if (!/^0x[0-9a-fA-F]{64}$/.test(text)) {
    throw new InvalidArgumentError('Expected a hash, 0x and 64 hexadecimal digits.');
  }
  return text.toLowerCase();
}

/** At most 32 bytes as a number or 0x-hexadecimal; the whole 32. */
export function parseSlot(text: string): string {
  if (!/^(0x[0-9a-fA-F]{1,64}|[0-9]{1,77})$/.test(text) || BigInt(text) >= 2n ** 256n) {
    throw new InvalidArgumentError('Expected a slot, a number below 2^256.');
  }
  return `0x${BigInt(text).toString(16).padStart(64, '0')}`;
}

export function parseHeight(text: string): bigint {
  return BigInt(parseInteger(text, 0, Number.MAX_SAFE_INTEGER, 'a block number'));
}

export function parseUrl(text: string): string {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) {
    throw new InvalidArgumentError('Expected a URL such as http://127.0.0.1:8545.');
  }
  return text;
}

function parseInteger(text: string, least: number, most: number, wanted: string): number {
  const value = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new InvalidArgumentError(`Expected ${wanted}.`);
}
