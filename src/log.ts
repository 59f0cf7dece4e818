import { pino } from 'pino';
import type { Logger } from 'pino';

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
      redact: { paths: ['*.password', '*.authorization', 'headers.authorization', 'databaseUrl', 'redisUrl', 'jwtSecret'], censor: '[redacted]' },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
