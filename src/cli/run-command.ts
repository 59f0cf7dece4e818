import { loadConfig } from '../config.js';
import type { Config } from '../config.js';
import { ImportError } from '../ingest/import-error.js';
import type { ImportErrorCode } from '../ingest/import-error.js';
import { createLogger } from '../log.js';
import type { Logger } from 'pino';
import { EXIT, CommandError } from './exit-codes.js';
import type { CommonOptions } from './options.js';
import { createOutput } from './output.js';
import type { Output } from './output.js';
import { onInterrupt } from './shutdown.js';

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
};
const IMPORT_EXIT_CODE_OF: Readonly<Record<ImportErrorCode, number>> = {
  not_found: EXIT.notFound,
  unreadable: EXIT.usage,
  wrong_format: EXIT.usage,
  store: EXIT.unavailable,
};
/** Codes of Node's and Postgres's own errors that mean that a store cannot be reached. */
const UNREACHABLE = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT', 'EHOSTUNREACH', '57P01', '57P03', '28P01', '3D000']);

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommandError) return error.exitCode;
  if (!(error instanceof Error)) return EXIT.unexpected;
  const code = codeOf(error);
  if (error instanceof ImportError) return IMPORT_EXIT_CODE_OF[error.code];
  if (code === 'ENOENT') return EXIT.notFound;
  if (code !== undefined && UNREACHABLE.has(code)) return EXIT.unavailable;
  return EXIT_CODE_OF[error.name] ?? EXIT.unexpected;
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map((each) => messageOf(each)).join('; ');
  return error instanceof Error ? error.message : String(error);
}

/**
 * Runs a command's action: configuration first, then the work, then the exit code. With `--json` an error is one line on
 * standard error, `{"error":{"message":…,"exitCode":…}}`; else text.
 */
export async function runCommand(options: CommonOptions, action: (environment: CommandEnvironment) => Promise<number | undefined>): Promise<void> {
  const output = createOutput(options.json === true);
  try {
    const config = loadConfig(process.env, options);
    const logger = createLogger(config.logLevel);
    process.exitCode = (await action({ config, logger, output, signal: onInterrupt() })) ?? EXIT.ok;
  } catch (error) {
    const exitCode = exitCodeOf(error);
    process.exitCode = exitCode;
    const message = messageOf(error);
    if (output.json) process.stderr.write(`${JSON.stringify({ error: { message, exitCode } })}\n`);
    else process.stderr.write(`fillbook: ${message}\n`);
    if (exitCode === EXIT.unexpected && error instanceof Error && error.stack !== undefined) process.stderr.write(`${error.stack}\n`);
  }
}
