/** The command line of `npm run chaos`. */
import { parseArgs } from 'node:util';
import { chaosError } from './chaos-error.ts';

/** Beside the scenarios, which need no word. */
const COMMANDS = ['one-dead', 'kills', 'power-loss'] as const;

export type ChaosOptions = {
  readonly command: 'scenarios' | (typeof COMMANDS)[number] | 'list' | 'help';
  /** Names of scenarios; empty: all. */
  readonly only: readonly string[];
  /** Undefined: each scenario once. */
  readonly minutes: number | undefined;
  /** Of `kills` and `power-loss`. */
  readonly times: number | undefined;
  readonly seed: number;
  readonly perSecond: number;
  readonly json: boolean;
  /** Keep the directories of the validators even after a good run. */
  readonly keep: boolean;
  /** Leave network namespaces aside. */
  readonly loopback: boolean;
  /** Of namespaces that the calling process made: this one runs inside them. */
  readonly inside: string | undefined;
};

export const HELP = `npm run chaos [-- OPTIONS]            faults on four validators under load, each judged
npm run chaos -- one-dead [OPTIONS]   block intervals with one of four validators dead
npm run chaos -- kills [OPTIONS]      kill -9 at random moments, each time compared with a replay
npm run chaos -- power-loss [OPTIONS] loss of power at random moments: what was not synced is gone

  --list          print the scenarios and stop
  --only NAME     run only this scenario; may be given more than once
  --minutes N     end before so many minutes, and repeat scenarios at random while there is time;
                  of one-dead: how long the validator is dead (10)
  --times N       of kills and power-loss: how often (200)
  --seed N        draw the same victims, groups and jitter as the run that printed it
  --rate N        transactions a second (40)
  --loopback      no network namespaces: everything on 127.0.0.1, partitions by the proxies
  --keep          keep the validators' directories; after a failure they always are
  --json          print one JSON value instead of the table`;

const OPTIONS = {
  list: { type: 'boolean', default: false },
  only: { type: 'string', multiple: true, default: [] as string[] },
  minutes: { type: 'string' },
  times: { type: 'string' },
  seed: { type: 'string' },
  rate: { type: 'string', default: '40' },
  loopback: { type: 'boolean', default: false },
  keep: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
  inside: { type: 'string' },
} as const;

/** @throws CodedError `CHAOS_USAGE` */
export function parseOptions(
  args: readonly string[],
  scenarios: readonly string[],
  freshSeed: number,
): ChaosOptions {
  const { values, positionals } = parse(args);
  const unknown = values.only.find((name) => !scenarios.includes(name));
  if (unknown !== undefined) {
    throw usage(`there is no scenario ${unknown}; --list prints those that there are`);
  }
  const [word, ...rest] = positionals;
  const command = COMMANDS.find((name) => name === word);
  if (rest.length > 0 || command !== word) {
    throw usage(`unknown argument ${rest[0] ?? word}; --help prints those that there are`);
  }
  const times = values.times === undefined ? undefined : numberOf('--times', values.times, 1);
  if (times !== undefined && !Number.isInteger(times)) throw usage('--times wants an integer');
  const seed = values.seed === undefined ? freshSeed : numberOf('--seed', values.seed, 0);
  if (!Number.isInteger(seed)) throw usage('--seed wants an integer');
  return {
    command: values.help ? 'help' : values.list ? 'list' : (command ?? 'scenarios'),
    only: values.only,
    minutes: values.minutes === undefined ? undefined : numberOf('--minutes', values.minutes, 0.1),
    times,
    seed,
    perSecond: numberOf('--rate', values.rate, 1),
    json: values.json,
    keep: values.keep,
    loopback: values.loopback,
    inside: values.inside,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

function numberOf(name: string, text: string, atLeast: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= atLeast) return value;
  throw usage(`${name} wants a number of at least ${atLeast}, got ${text}`);
}

function usage(message: string): Error {
  return chaosError('CHAOS_USAGE', message);
}
