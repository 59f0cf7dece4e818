import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FolderLockedError, lockFolder } from '../../src/embedded/folder-lock.js';
import { ownIdentity } from '../../src/embedded/process-identity.js';
import type { ChildProgram } from './child-program.js';
import { containedLockProcess, fullDiskLockProcess, hasNamespaces, lockProcess } from './lock-process.js';

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

async function start(count: number, startOne = lockProcess): Promise<ChildProgram[]> {
  const started = Array.from({ length: count }, () => startOne(dir));
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

describe.runIf(hasNamespaces)('the lock of a folder that containers share', () => {
  test('given a holder in another pid namespace, when it is asked for, then it is refused, in that namespace, here and in a third', async () => {
    const [holder] = await start(1, containedLockProcess);
    expect(holder && (await race([holder])).answers).toEqual(['won']);
    await expect(lockFolder(dir)).rejects.toMatchObject({ dir, pid: 1 });
    const [third] = await start(1, containedLockProcess);
    expect(third && (await race([third])).answers).toEqual(['FolderLockedError 1']);
  });

  test('given a holder here, when a contained process asks for it, then it is refused, and given once it was released', async () => {
    const lock = await lockFolder(dir);
    const [refused, granted] = await start(2, containedLockProcess);
    expect(refused && (await race([refused])).answers).toEqual([`FolderLockedError ${process.pid}`]);
    await lock.release();
    expect(granted && (await race([granted])).answers).toEqual(['won']);
  });

  test('given a contained holder that is killed with -9, when contained processes race for it, then exactly one wins', async () => {
    const [holder] = await start(1, containedLockProcess);
    expect(holder && (await race([holder])).answers).toEqual(['won']);
    const racers = await start(6, containedLockProcess);
    await holder?.kill();
    const { won, answers } = await race(racers);
    expect(won).toHaveLength(1);
    expect(answers.filter((answer) => answer !== 'won')).toEqual(Array.from({ length: 5 }, () => 'FolderLockedError 1'));
  });
});

describe.runIf(hasNamespaces)('the lock of a folder on a full disk', () => {
  test('given a held lock, when the disk is full, then another lock there is refused by name, and the held one is released without an error', async () => {
    const program = fullDiskLockProcess(dir);
    processes.push(program);
    expect(await program.line()).toBe('ENOSPC');
    expect(await program.line()).toMatch(`FolderNotWritableError: the folder ${join(dir, 'second')} cannot be locked: ENOSPC`);
    expect(await program.line()).toBe('released');
    expect(await program.exited).toBe(0);
  });
});

describe.runIf(process.platform === 'linux')('the lock of a folder where a process of another pid namespace held it', () => {
  test('given a file system that has no sockets, when it is asked for, then it is refused: nothing tells that the holder ended', async () => {
    await leaveRecord({ held: true, ...(await ownIdentity()), pid: 7, pidNamespace: 'pid:[1]' });
    const refusal = lockFolder(dir);
    await expect(refusal).rejects.toMatchObject({ dir, pid: 7 });
    await expect(refusal).rejects.toThrow(`process 7 of a container; if that has ended, remove ${join(dir, '.lock')}`);
  });

  test('given a lifeline whose file is gone, when it is asked for, then it is taken over', async () => {
    await leaveRecord({ held: true, ...(await ownIdentity()), pidNamespace: 'pid:[1]', lifeline: 'gone.sock' });
    expect(await lockTwice()).toMatchObject({ dir, pid: process.pid });
  });

  test('given a folder whose path is longer than that of a socket may be, when it is locked, then it has a lifeline all the same', async () => {
    const long = join(dir, 'a'.repeat(120));
    const lock = await lockFolder(long);
    expect((await readdir(join(long, '.lock'))).filter((name) => name.endsWith('.sock'))).toHaveLength(1);
    await lock.release();
    expect((await readdir(join(long, '.lock'))).filter((name) => name.endsWith('.sock'))).toEqual([]);
  });
});
