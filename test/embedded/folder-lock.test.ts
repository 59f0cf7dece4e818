import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FolderLockedError, lockFolder } from '../../src/embedded/folder-lock.js';
import { ownIdentity } from '../../src/embedded/process-identity.js';
import type { ChildProgram } from './child-program.js';
import { lockProcess } from './lock-process.js';

let dir: string;
let processes: ChildProgram[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fillbook-lock-'));
  processes = [];
});

afterEach(async () => {
  await Promise.all(processes.map((process) => process.kill()));
  await rm(dir, { recursive: true, force: true });
});

async function start(count: number): Promise<ChildProgram[]> {
  const started = Array.from({ length: count }, () => lockProcess(dir));
  processes.push(...started);
  for (const process of started) expect(await process.line()).toBe('ready');
  return started;
}

async function race(racers: readonly ChildProgram[]): Promise<{ won: ChildProgram[]; answers: string[] }> {
  for (const racer of racers) racer.say('go');
  const answers = await Promise.all(racers.map((racer) => racer.line()));
  return { won: racers.filter((_, index) => answers[index] === 'won'), answers };
}

/** Takes the lock and gives what the next one who asks is told. */
async function lockTwice(): Promise<unknown> {
  const lock = await lockFolder(dir);
  const second: unknown = await lockFolder(dir).catch((error: unknown) => error);
  await lock.release();
  return second;
}

async function leaveRecord(record: object): Promise<void> {
  await mkdir(join(dir, '.lock'), { recursive: true });
  await writeFile(join(dir, '.lock', '1'), JSON.stringify(record));
}

describe('the lock of a folder', () => {
  test('given a free folder, when it is locked, then a second try names the folder and the holder', async () => {
    const lock = await lockFolder(dir);
    expect(await lock.isHeld()).toBe(true);
    const second = lockFolder(dir);
    await expect(second).rejects.toThrow(FolderLockedError);
    await expect(second).rejects.toMatchObject({ dir, pid: process.pid });
    await lock.release();
  });

  test('given a released lock, when it is asked for again, then it is given, however often', async () => {
    for (let round = 0; round < 60; round += 1) {
      const lock = await lockFolder(dir);
      await lock.release();
      await lock.release();
    }
    expect((await readdir(join(dir, '.lock'))).length).toBeLessThan(40);
  });

  test('given a folder that does not exist, when it is locked, then it is made', async () => {
    const lock = await lockFolder(join(dir, 'a', 'b'));
    expect(await readdir(join(dir, 'a'))).toEqual(['b']);
    await lock.release();
  });

  test('given a path that is a file, when it is locked, then the file system says why not', async () => {
    const file = join(dir, 'file');
    await writeFile(file, '');
    await expect(lockFolder(file)).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  test('given a holder that is killed with -9, when 20 processes race for the lock, then exactly one wins and the others name it', async () => {
    const [holder] = await start(1);
    expect(holder && (await race([holder])).answers).toEqual(['won']);
    const racers = await start(20);
    await holder?.kill();
    const { won, answers } = await race(racers);
    expect(won).toHaveLength(1);
    const lost = answers.filter((answer) => answer !== 'won');
    expect(lost).toEqual(Array.from({ length: 19 }, () => `FolderLockedError ${won[0]?.pid}`));
  });

  test('given a folder never locked, when 20 processes race for it, then exactly one wins', async () => {
    expect((await race(await start(20))).won).toHaveLength(1);
  });

  test.runIf(process.platform === 'linux')(
    'given a lock of a killed process whose pid another program has now, when it is asked for, then it is taken over',
    async () => {
      const own = await ownIdentity();
      await leaveRecord({ held: true, ...own, startTicks: `${BigInt(own.startTicks ?? '0') - 1n}` });
      expect(await lockTwice()).toMatchObject({ dir, pid: process.pid });
    },
  );

  test.runIf(process.platform === 'linux')(
    'given a lock from before the machine was started again, when it is asked for, then it is taken over',
    async () => {
      await leaveRecord({ held: true, ...(await ownIdentity()), bootId: 'another-boot' });
      expect(await lockTwice()).toMatchObject({ dir, pid: process.pid });
    },
  );

  test('given a record that a power cut left empty, when the lock is asked for, then it is given', async () => {
    await mkdir(join(dir, '.lock'));
    await writeFile(join(dir, '.lock', '7'), '');
    expect(await lockTwice()).toMatchObject({ dir, pid: process.pid });
  });

  test('given a folder deleted and locked anew by another process, when the first holder releases, then the other keeps it', async () => {
    const first = await lockFolder(dir);
    await rm(dir, { recursive: true });
    await mkdir(dir);
    const [other] = await start(1);
    expect(other && (await race([other])).answers).toEqual(['won']);
    expect(await first.isHeld()).toBe(false);
    await first.release();
    await expect(lockFolder(dir)).rejects.toMatchObject({ pid: other?.pid });
  });
});
