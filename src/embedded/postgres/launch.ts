import { createServer } from 'node:net';
import { join, resolve as absolute } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { errorMessage } from '../error-message.js';
import { lockFolder } from '../folder-lock.js';
import { makeFolder } from '../make-folder.js';
import { serverAccount } from './account.js';
import { findBinaries } from './binaries.js';
import { clusterArgument, openCluster, ROLE, type Cluster } from './cluster.js';
import { EmbeddedPostgresError } from './errors.js';
import { clearOrphan } from './orphan.js';
import { startServerProcess, type ServerProcess } from './server-process.js';
import { settingArguments } from './settings.js';

/** What `launchPostgres` needs to know. */
export interface PostgresOptions {
  /** The server's folder, made where missing. One launcher at a time uses it. */
  readonly dir: string;
  /** TCP port on 127.0.0.1; any free one where it is left out. */
  readonly port?: number;
  /** Gets each line of the server's log. */
  readonly onLog?: (line: string) => void;
}

/** A running embedded Postgres. */
export interface EmbeddedPostgres {
  /** Connection string of its one role and database, password included. */
  readonly url: string;
  readonly port: number;
  /** Process id of the server (the postmaster). */
  readonly pid: number;
  /** Shuts it down in order (fast shutdown: open transactions are rolled back). Resolves when it has ended. */
  stop(): Promise<void>;
  /** Resolves when the server has ended, whether it was stopped or died. */
  readonly exited: Promise<void>;
}

const DATABASE = 'fillbook';
const CONNECT_TIMEOUT_MS = 10_000;
const MAX_START_ATTEMPTS = 20;
const RETRY_DELAY_MS = 100;
/** A crash's log may have to be replayed before the server is ready. */
const READY_TIMEOUT_MS = 120_000;
/** Start failures that pass: a port that was taken meanwhile, a killed predecessor's processes that are about to end. */
const PASSING_FAILURES = ['could not create any TCP/IP sockets', 'pre-existing shared memory block', 'lock file "postmaster.pid"'];

/**
 * Starts a Postgres of this data folder, made on first use, on 127.0.0.1 with a random password that is kept in the folder
 * and readable by its owner alone. Run by root, it serves as the folder's owner or as `nobody`. It ends when it is stopped,
 * and when this process ends in whatever way, `kill -9` included.
 * @throws {FolderLockedError} where a live process has launched one in the same folder.
 * @throws {EmbeddedPostgresError} where it cannot run here; the message says why.
 */
export async function launchPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const dir = absolute(options.dir);
  makeFolder(dir);
  const lock = await lockFolder(dir);
  try {
    const clusterDir = join(dir, 'cluster');
    const account = await serverAccount(clusterDir);
    const binaries = await findBinaries(account);
    const cluster = await openCluster(clusterDir, binaries, account);
    await clearOrphan(cluster.dir);
    const launch = async (port: number): Promise<ServerProcess> =>
      startServerProcess(binaries.postgres, ['-D', clusterArgument(cluster.dir, account), ...settingArguments(port)], {
        cwd: cluster.dir,
        account,
        onLog: options.onLog ?? (() => undefined),
      });
    const { server, port } = await startWithRetries(launch, options.port, cluster);
    const exited = server.exited.then(() => lock.release());
    return { url: connectionUrl(cluster, port, DATABASE), port, pid: server.pid, exited, stop: async () => stop(server, exited) };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function stop(server: ServerProcess, exited: Promise<void>): Promise<void> {
  await server.stop();
  await exited;
}

async function startWithRetries(
  launch: (port: number) => Promise<ServerProcess>,
  fixedPort: number | undefined,
  cluster: Cluster,
): Promise<{ server: ServerProcess; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = fixedPort ?? (await freePort());
    const server = await launch(port);
    try {
      await withTimeout(server.ready, READY_TIMEOUT_MS);
      await ensureDatabase(cluster, port);
      return { server, port };
    } catch (error) {
      await server.stop();
      const reason = errorMessage(error);
      const passes = PASSING_FAILURES.some((failure) => reason.includes(failure));
      if (!passes || attempt === MAX_START_ATTEMPTS) throw startFailure(cluster, port, reason, error);
      await delay(RETRY_DELAY_MS);
    }
  }
}

function startFailure(cluster: Cluster, port: number, reason: string, cause: unknown): EmbeddedPostgresError {
  return new EmbeddedPostgresError(`Postgres did not start in ${cluster.dir} on port ${port}: ${reason}`, { cause });
}

/** Makes the database on the first start, and proves on every start that the password fits the cluster. */
async function ensureDatabase(cluster: Cluster, port: number): Promise<void> {
  const client = new Client({
    connectionString: connectionUrl(cluster, port, 'postgres'),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: CONNECT_TIMEOUT_MS,
  });
  // An error on the idle connection shows in the next query or in the server's end.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await client.end();
  }
}

function connectionUrl(cluster: Cluster, port: number, database: string): string {
  return `postgres://${ROLE}:${encodeURIComponent(cluster.password)}@127.0.0.1:${port}/${database}`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0, exclusive: true }, resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port');
  return address.port;
}

async function withTimeout(promise: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it was not ready within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
