import { readFile, readlink, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { hasCode } from '../has-code.js';
import { isAlive } from '../process-identity.js';
import { EmbeddedPostgresError } from './errors.js';

/** A server whose launcher was killed is being shut down by its watchdog: it gets this long before we press it. */
const PATIENCE_MS = 20_000;
const PRESSED_MS = 5_000;
const POLL_MS = 20;

/**
 * Makes way for a new server in `clusterDir`, whose launcher lock the caller holds. A server that outlives its launcher is
 * waited for, then ended. A pid file whose pid now belongs to another program is removed: Postgres itself would take that
 * program for its predecessor and refuse to start. Any other stale pid file is left to Postgres.
 * @throws {EmbeddedPostgresError} where a server does not end.
 */
export async function clearOrphan(clusterDir: string): Promise<void> {
  const pidFile = join(clusterDir, 'postmaster.pid');
  const pid = await readPid(pidFile);
  if (pid === undefined || !(await isAlive({ pid }))) return;
  if ((await worksIn(pid, clusterDir)) === false) {
    await rm(pidFile, { force: true });
    return;
  }
  if (await gone(pid, PATIENCE_MS)) return;
  if ((await worksIn(pid, clusterDir)) === true) {
    // An immediate shutdown: the next start replays the log, nothing committed is lost.
    signal(pid, 'SIGQUIT');
    if (await gone(pid, PRESSED_MS)) return;
  }
  throw new EmbeddedPostgresError(`process ${pid} still serves the database in ${clusterDir} and does not end`);
}

async function readPid(pidFile: string): Promise<number | undefined> {
  try {
    const pid = Number((await readFile(pidFile, 'utf8')).split('\n')[0]);
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Whether the process works in that folder, as a Postgres server does; undefined where the system does not tell. */
async function worksIn(pid: number, folder: string): Promise<boolean | undefined> {
  try {
    return (await readlink(`/proc/${pid}/cwd`)) === (await realpath(folder));
  } catch {
    return undefined;
  }
}

async function gone(pid: number, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (await isAlive({ pid })) {
    if (Date.now() > deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}
