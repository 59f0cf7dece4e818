import { randomBytes } from 'node:crypto';
import { chown, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasCode } from '../has-code.js';
import type { Account } from './account.js';
import type { Binaries } from './binaries.js';
import { EmbeddedPostgresError } from './errors.js';
import { runProgram } from './run-program.js';

/** The files of a database server: Postgres's data directory and the password that lets this program in. */
export interface Cluster {
  /** Absolute path of the data directory. */
  readonly dir: string;
  readonly password: string;
}

/** The server's only role; it owns everything. */
export const ROLE = 'fillbook';

const MAJOR_VERSION = '18';
const PASSWORD_FILE = 'fillbook.password';
const INITDB_TIMEOUT_MS = 120_000;

/**
 * How the data directory is named to a program that is started in it. Where root starts it as another user, that user may
 * not be able to walk the path (a project under a private /root), but may use the directory he stands in.
 */
export function clusterArgument(clusterDir: string, account: Account | undefined): string {
  return account !== undefined && process.platform === 'linux' ? '/proc/self/cwd' : clusterDir;
}

/**
 * Opens the cluster in `clusterDir`, made on first use. It is made aside and renamed when whole and on disk: a process
 * killed half way leaves nothing that a later one would take for a cluster.
 * @throws {EmbeddedPostgresError} where it was made by another major version, is not ours, or cannot be made.
 */
export async function openCluster(
  clusterDir: string,
  binaries: Binaries,
  account: Account | undefined,
): Promise<Cluster> {
  const version = await readOwn(join(clusterDir, 'PG_VERSION'));
  if (version === undefined) return makeCluster(clusterDir, binaries, account);
  if (version.trim() !== MAJOR_VERSION) {
    throw new EmbeddedPostgresError(
      `the database in ${clusterDir} was made by Postgres ${version.trim()}, this program brings Postgres ${MAJOR_VERSION}: ` +
        'move the folder away and rebuild the read models from the event store',
    );
  }
  const password = await readOwn(join(clusterDir, PASSWORD_FILE));
  if (password === undefined) {
    throw new EmbeddedPostgresError(`${clusterDir} is a Postgres data directory that this program did not make`);
  }
  return { dir: clusterDir, password: password.trim() };
}

async function readOwn(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    if (hasCode(error, 'EACCES')) {
      throw new EmbeddedPostgresError(`${path} belongs to another user: run as the user who made it`, { cause: error });
    }
    throw error;
  }
}

async function makeCluster(clusterDir: string, binaries: Binaries, account: Account | undefined): Promise<Cluster> {
  const draft = `${clusterDir}.new`;
  const passwordDraft = `${clusterDir}.password`;
  // Retried: an initdb whose parent was killed may still be writing.
  await rm(draft, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  await rm(passwordDraft, { force: true });
  await mkdir(draft, { mode: 0o700 });
  const password = randomBytes(24).toString('base64url');
  await writeFile(passwordDraft, `${password}\n`, { mode: 0o600, flag: 'wx', flush: true });
  if (account !== undefined) {
    await chown(draft, account.uid, account.gid);
    await chown(passwordDraft, account.uid, account.gid);
  }
  await initdb(binaries.initdb, draft, passwordDraft, account);
  await rename(passwordDraft, join(draft, PASSWORD_FILE));
  await rename(draft, clusterDir);
  await syncFolder(dirname(clusterDir));
  return { dir: clusterDir, password };
}

async function initdb(program: string, dir: string, passwordPath: string, account: Account | undefined): Promise<void> {
  const args = [
    ['-D', clusterArgument(dir, account), '-U', ROLE, '-A', 'scram-sha-256', '--pwfile=/dev/stdin'],
    // Sorting by code point is the same on every system and needs no library's tables.
    ['-E', 'UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions'],
    // The password is random and long: stretching it protects nothing and costs every connection.
    ['-c', 'scram_iterations=1'],
  ].flat();
  const passwordFile = await open(passwordPath, 'r');
  try {
    const stdin = passwordFile.fd;
    const { failure } = await runProgram(program, args, { cwd: dir, account, timeoutMs: INITDB_TIMEOUT_MS, stdin });
    if (failure !== undefined) throw new EmbeddedPostgresError(`initdb failed in ${dir}: ${failure}`);
  } finally {
    await passwordFile.close();
  }
}

async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
