/** What a command's exit code says. Stable: scripts depend on it. */
export const EXIT = {
  ok: 0,
  /** A bug, or something that nobody foresaw. */
  unexpected: 1,
  /** The command line or the configuration is wrong. Nothing was started. */
  usage: 2,
  /** `import --strict`: the import is complete, and some lines are in quarantine. */
  quarantined: 3,
  /** There is no such order, file, projection or store. */
  notFound: 4,
  /** A hash chain is broken, or a store is damaged. */
  integrity: 5,
  /** A store cannot be reached, or gave up in the middle. What was acknowledged is kept. */
  unavailable: 6,
  /** Ended by Ctrl-C or SIGTERM before its work was done; what was acknowledged is kept. */
  interrupted: 130,
} as const;

/** An error of the user's world, not a bug: its message is printed without a stack, and the exit code says its kind. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
  }
}
