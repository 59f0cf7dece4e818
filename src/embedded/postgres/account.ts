import { readFile, stat } from 'node:fs/promises';
import { hasCode } from '../has-code.js';
import { EmbeddedPostgresError, unavailable } from './errors.js';

/** The user and group, by number, that the server's processes run as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Who Postgres runs as: it refuses to run as root, so root hands it to the owner of the cluster where there is one, else to
 * `nobody`. Any other user runs it as himself: the answer is then `undefined`.
 * @throws {EmbeddedPostgresError} where the cluster belongs to someone else, or root finds no user to hand it to.
 */
export async function serverAccount(clusterDir: string): Promise<Account | undefined> {
  const self = process.getuid?.();
  if (self === undefined) return undefined;
  const owner = await ownerOf(clusterDir);
  if (self !== 0) {
    if (owner === undefined || owner.uid === self) return undefined;
    throw new EmbeddedPostgresError(
      `the database in ${clusterDir} belongs to user ${owner.uid}${owner.uid === 65_534 ? ' (made by root)' : ''} and this is ` +
        `user ${self}: run as the user who made it, or choose another data folder`,
    );
  }
  return owner === undefined || owner.uid === 0 ? nobody() : owner;
}

async function ownerOf(path: string): Promise<Account | undefined> {
  try {
    const { uid, gid } = await stat(path);
    return { uid, gid };
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function nobody(): Promise<Account> {
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  for (const line of passwd.split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (name === 'nobody' && uid !== undefined && gid !== undefined) return { uid: unsigned(uid), gid: unsigned(gid) };
  }
  throw unavailable('Postgres does not run as root and this system has no user nobody to run it as');
}

/** macOS writes the ids of `nobody` as -2; the system's calls take them as unsigned 32-bit numbers. */
function unsigned(id: string): number {
  return Number(id) >>> 0;
}
