import { pino } from 'pino';
import type { Logger } from 'pino';

/** What of an error is worth a log line: the objects that drivers hang on theirs (sockets, whole connections) are not. */
function errorFields(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  return { type: error.name, message: error.message, ...code, stack: error.stack };
}

/**
 * Structured logs, one JSON object a line, on standard error: standard output belongs to what a command answers.
 * Secrets never get in: connection strings are redacted by the key they are logged under.
 */
export function createLogger(level: string): Logger {
  return pino(
    {
      level,
      base: { service: 'fillbook' },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: errorFields },
      redact: { paths: ['*.password', '*.authorization', 'headers.authorization', 'databaseUrl', 'redisUrl', 'jwtSecret'], censor: '[redacted]' },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
