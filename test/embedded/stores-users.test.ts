import { chmod, chown, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { endKeeper } from './keeper-record.js';
import { isRoot, ORDINARY_UID, readableProject, type ReadableProject } from './ordinary-user.js';
import { processesOf, until } from './processes.js';
import { query } from './query.js';
import { StoresProcess } from './stores-process.js';

describe.runIf(isRoot)('the stores of a data folder and users', () => {
  let project: ReadableProject;
  let folder: string;
  let commands: StoresProcess[];

  beforeAll(async () => {
    project = await readableProject();
  });

  afterAll(() => project.remove());

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fillbook-users-'));
    await chmod(folder, 0o755);
    commands = [];
  });

  afterEach(async () => {
    await Promise.all(commands.map((command) => command.child.kill()));
    await endKeeper(join(folder, 'data'));
    await until('every process of the folder is gone', async () => (await processesOf(folder)).length === 0);
    await rm(folder, { recursive: true, force: true });
  });

  function ordinary(dataDir: string): StoresProcess {
    const { dir, nodePath } = project;
    const command = new StoresProcess({ dataDir }, { uid: ORDINARY_UID, projectDir: dir, nodePath });
    commands.push(command);
    return command;
  }

  test('given a folder of his, when an ordinary user uses the stores, then everything in it is his', async () => {
    await chown(folder, ORDINARY_UID, ORDINARY_UID);
    const dataDir = join(folder, 'data');
    const command = ordinary(dataDir);
    expect(await query(await command.database(), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    for (const part of ['keeper.json', 'keeper.log', 'postgres/cluster']) {
      expect((await stat(join(dataDir, part))).uid).toBe(ORDINARY_UID);
    }
  });

  test('given a folder that root used, when an ordinary user names it, then the error says whose it is', async () => {
    const dataDir = join(folder, 'data');
    await mkdir(join(dataDir, '.lock'), { recursive: true });
    await chmod(dataDir, 0o777);
    expect((await ordinary(dataDir).refused()).message).toMatch(
      /this user \(1\) cannot write .*\/data\/\.lock: it belongs to user 0; run as the user who made the data folder/,
    );
  });

  test('given a folder in which he may not write, when an ordinary user names a new one in it, then the error says so', async () => {
    const dataDir = join(folder, 'data');
    expect((await ordinary(dataDir).refused()).message).toBe(`this user may not make the data folder ${dataDir}`);
  });
});
