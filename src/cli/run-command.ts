import { loadConfig } from '../config.js';
import type { Config } from '../config.js';
import { EventStoreError } from '../eventstore/errors.js';
import { ImportError } from '../ingest/import-error.js';
import type { ImportErrorCode } from '../ingest/import-error.js';
import { createLogger } from '../log.js';
import type { Logger } from 'pino';
import { EXIT, CommandError } from './exit-codes.js';
import type { CommonOptions } from './options.js';
import { createOutput, printable } from './output.js';
import type { Output } from './output.js';
import { onInterrupt } from './shutdown.js';
import { codeOf, isUnreachable, messageOf } from './unreachable.js';

/** What every command works with. */
export interface CommandEnvironment {
  readonly config: Config;
  readonly logger: Logger;
  readonly output: Output;
  /** Aborts at Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
}

/** Errors of the user's world by name: their messages say what to do, a stack would only hide it. */
const EXIT_CODE_OF: Readonly<Record<string, number>> = {
  ConfigError: EXIT.usage,
  ImportOptionError: EXIT.usage,
  EmbeddedStoresError: EXIT.unavailable,
  EventStoreError: EXIT.unavailable,
  WrongStoreError: EXIT.integrity,
  MigrationError: EXIT.unavailable,
  FolderLockedError: EXIT.unavailable,
  FolderNotWritableError: EXIT.unavailable,
  NoStoreError: EXIT.notFound,
  StoreDamagedError: EXIT.integrity,
};
const IMPORT_EXIT_CODE_OF: Readonly<Record<ImportErrorCode, number>> = {
  not_found: EXIT.notFound,
  unreadable: EXIT.usage,
  wrong_format: EXIT.usage,
  store: EXIT.unavailable,
};
/** The address that the command line or the environment names cannot be listened on. */
const NOT_LISTENABLE: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'the address is in use: give another port, or --port 0 for any free one'],
  ['EADDRNOTAVAIL', 'this machine has no such address: see --host'],
  ['EACCES', 'it may not be used by this user'],
]);
const isListenError = (error: Error): boolean => 'syscall' in error && error.syscall === 'listen' && NOT_LISTENABLE.has(codeOf(error) ?? '');

function exitCodeOf(error: unknown): number {
  if (error instanceof CommandError) return error.exitCode;
  if (!(error instanceof Error)) return EXIT.unexpected;
  if (error instanceof ImportError) return IMPORT_EXIT_CODE_OF[error.code];
  if (isListenError(error)) return EXIT.usage;
  if (error instanceof EventStoreError && error.code === 'damaged') return EXIT.integrity;
  if (codeOf(error) === 'ENOENT') return EXIT.notFound;
  if (isUnreachable(error)) return EXIT.unavailable;
  return EXIT_CODE_OF[error.name] ?? EXIT.unexpected;
}

/** What the user reads. */
function userMessageOf(error: unknown): string {
  const hint = error instanceof Error && isListenError(error) ? NOT_LISTENABLE.get(codeOf(error) ?? '') : undefined;
  return hint === undefined ? messageOf(error) : `${messageOf(error)}: ${hint}`;
}

/**
 * Runs a command's action: configuration first, then the work, then the exit code. With `--json` an error is one line on
 * standard error, `{"error":{"message":…,"exitCode":…}}`; else text.
 */
export async function runCommand(options: CommonOptions, action: (environment: CommandEnvironment) => Promise<number | undefined>): Promise<void> {
  const output = createOutput(options.json === true);
  const interrupted = onInterrupt();
  // A reader that has seen enough (`| head`) closes the pipe: that ends the command, and is no error.
  const closed = new AbortController();
  process.stdout.on('error', () => closed.abort());
  try {
    const config = loadConfig(process.env, options);
    const logger = createLogger(config.logLevel);
    process.exitCode = (await action({ config, logger, output, signal: AbortSignal.any([interrupted, closed.signal]) })) ?? EXIT.ok;
  } catch (error) {
    if (closed.signal.aborted) {
      process.exitCode = EXIT.ok;
      return;
    }
    if (interrupted.aborted) {
      process.exitCode = EXIT.interrupted;
      return;
    }
    const exitCode = exitCodeOf(error);
    process.exitCode = exitCode;
    const message = userMessageOf(error);
    if (output.json) process.stderr.write(`${JSON.stringify({ error: { message, exitCode } })}\n`);
    else process.stderr.write(`fillbook: ${message.split('\n').map(printable).join('\n')}\n`);
    if (exitCode === EXIT.unexpected && error instanceof Error && error.stack !== undefined) process.stderr.write(`${error.stack}\n`);
  }
}
