import path from 'node:path';
import { z } from 'zod';

/** What is wrong with the configuration, one line a setting. The process ends before anything was started. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

const urlOf = (protocols: readonly string[]) =>
  z.string().refine((text) => protocols.some((protocol) => text.startsWith(`${protocol}://`)), {
    error: `must begin with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}`,
  });

const name = z.string().regex(/^[\w.:-]{1,100}$/u, 'must be 1 to 100 letters, digits, or any of _ . : -');

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const environment = z.object({
  EVENTSTORE_URL: urlOf(['esdb', 'esdb+discover']).optional(),
  DATABASE_URL: urlOf(['postgres', 'postgresql']).optional(),
  REDIS_URL: urlOf(['redis', 'rediss']).optional(),
  FILLBOOK_DATA: z.string().min(1).default('.fillbook'),
  FILLBOOK_HOST: z.string().min(1).default('127.0.0.1'),
  FILLBOOK_PORT: z
    .string()
    .refine((text) => /^\d{1,5}$/u.test(text) && Number(text) <= 65_535, { error: 'must be a port, a whole number from 0 to 65535' })
    .default('4000'),
  FILLBOOK_TENANT: name.default('default'),
  FILLBOOK_LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
  /** HS256 secret of the API's bearer tokens. Without one the API is open, and only on a loopback address. */
  FILLBOOK_JWT_SECRET: z.string().min(32, 'must be at least 32 characters').optional(),
  NODE_ENV: z.enum(['development', 'test', 'production'], 'must be development, test or production').default('development'),
});

export interface Config {
  /** Undefined: the embedded event store in `dataDir`. */
  readonly eventStoreUrl: string | undefined;
  /** Undefined: the embedded Postgres in `dataDir`. */
  readonly databaseUrl: string | undefined;
  /** Undefined: hints travel by Postgres NOTIFY. */
  readonly redisUrl: string | undefined;
  /** Folder of the embedded stores, absolute. */
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
  readonly tenantId: string;
  readonly logLevel: string;
  readonly jwtSecret: string | undefined;
  readonly production: boolean;
}

/** What the command line says over the environment. */
export interface ConfigFlags {
  readonly data?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: string | undefined;
  readonly tenant?: string | undefined;
  readonly logLevel?: string | undefined;
}

const FLAG_OF: Readonly<Record<string, string>> = {
  FILLBOOK_DATA: '--data',
  FILLBOOK_HOST: '--host',
  FILLBOOK_PORT: '--port',
  FILLBOOK_TENANT: '--tenant',
  FILLBOOK_LOG_LEVEL: '--log-level',
};

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');

/** Only the named settings, without those that are empty: `DATABASE_URL=` means the default. */
function present(settings: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).flatMap(([key, value]) => (value === undefined || value === '' ? [] : [[key, value]])));
}

/**
 * Parses environment and flags once. Throws a ConfigError that names every setting at fault, by its flag where the
 * flag was used.
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>, flags: ConfigFlags = {}): Config {
  const given = present({
    FILLBOOK_DATA: flags.data,
    FILLBOOK_HOST: flags.host,
    FILLBOOK_PORT: flags.port,
    FILLBOOK_TENANT: flags.tenant,
    FILLBOOK_LOG_LEVEL: flags.logLevel,
  });
  const parsed = environment.safeParse({ ...present(env), ...given });
  if (!parsed.success) {
    throw new ConfigError(
      parsed.error.issues.map((issue) => {
        const key = String(issue.path[0] ?? 'configuration');
        const value = key in given ? given[key] : env[key];
        // Never a secret or a connection string, which holds one.
        const shown = value === undefined || /SECRET|_URL/u.test(key) ? '' : `, is ${JSON.stringify(value)}`;
        return `${(key in given && FLAG_OF[key]) || key}: ${issue.message}${shown}`;
      }),
    );
  }
  const settings = parsed.data;
  return {
    eventStoreUrl: settings.EVENTSTORE_URL,
    databaseUrl: settings.DATABASE_URL,
    redisUrl: settings.REDIS_URL,
    dataDir: path.resolve(settings.FILLBOOK_DATA),
    host: settings.FILLBOOK_HOST,
    port: Number(settings.FILLBOOK_PORT),
    tenantId: settings.FILLBOOK_TENANT,
    logLevel: settings.FILLBOOK_LOG_LEVEL,
    jwtSecret: settings.FILLBOOK_JWT_SECRET,
    production: settings.NODE_ENV === 'production',
  };
}

/** For commands that serve the API: throws a ConfigError where it would be open to others than this machine's user. */
export function requireProtectedApi(config: Config): void {
  if (config.jwtSecret === undefined && (config.production || !isLoopback(config.host))) {
    throw new ConfigError(['FILLBOOK_JWT_SECRET: is needed in production, and wherever the API listens beyond a loopback address']);
  }
}
