/** What the exit code of `ehb` tells a script. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  unreachable: 4,
  portInUse: 5,
  dataDirectory: 6,
  disk: 7,
  internal: 70,
  forced: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** One line a code, for `--help` and the reference. */
export const EXIT_MEANINGS: readonly (readonly [code: ExitCode, meaning: string])[] = [
  [EXIT.ok, 'done; also a network or node that was stopped by Ctrl-C or SIGTERM'],
  [EXIT.failed, 'the operation failed'],
  [EXIT.usage, 'unknown command, unknown option or a value that it does not take'],
  [EXIT.refused, 'a genesis file, configuration or key was refused'],
  [EXIT.unreachable, 'a node that was asked did not answer'],
  [EXIT.portInUse, 'a port is in use'],
  [
    EXIT.dataDirectory,
    'a data directory is damaged, in use, of another chain or cannot be written',
  ],
  [EXIT.disk, 'the disk is full, read-only, failing or not permitted: mend it and start again'],
  [EXIT.internal, 'a fault of this program; please report it'],
  [EXIT.forced, 'stopped at once by a second Ctrl-C'],
];

const DISK_CODES: RegExp = /^STORE_(DISK_FULL|NO_PERMISSION|READ_ONLY|DISK_FAILING)$/;

/** The exit code for a failure with that code. */
export function exitCodeOf(code: string): ExitCode {
  if (/_PORT_IN_USE$/.test(code)) return EXIT.portInUse;
  if (DISK_CODES.test(code)) return EXIT.disk;
  if (/^(STORE_|CLI_DIRECTORY_|GENESIS_DIRECTORY_)/.test(code)) return EXIT.dataDirectory;
  if (code === 'CLI_NODE_UNREACHABLE') return EXIT.unreachable;
  if (code === 'CLI_USAGE') return EXIT.usage;
  if (/^GENESIS_/.test(code)) return EXIT.refused;
  return EXIT.failed;
}
