import { randomUUID } from 'node:crypto';
import { link, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { hasCode } from './has-code.js';
import { makeFolder } from './make-folder.js';
import { isAlive, ownIdentity, type ProcessIdentity } from './process-identity.js';

/** A live process, `pid`, already holds the lock of the folder `dir`. */
export class FolderLockedError extends Error {
  override readonly name = 'FolderLockedError';
  constructor(
    readonly dir: string,
    readonly pid: number,
  ) {
    super(`the folder ${dir} is in use by process ${pid}`);
  }
}

/** A held lock. */
export interface FolderLock {
  /** Gives it up; calling it again does nothing. */
  release(): Promise<void>;
  /** Whether it is still held: not where it was released, or the folder was deleted and perhaps made anew. */
  isHeld(): Promise<boolean>;
}

/*
 * Node has no flock(2), so the lock is a row of numbered records in DIR/.lock and the highest number is the truth: it says
 * who holds the lock, or that it is free. The only step is from N to N + 1, by link(2), which fails where N + 1 exists:
 * of any number of processes that saw the same dead holder, one wins. The highest record is never removed, so the numbers
 * only grow; removing the lock file of a dead holder instead would let a slow process remove its successor's.
 * A process so slow that N + 1 has come and been swept sees the later numbers right after its link, and steps back.
 */
const LOCK_FOLDER = '.lock';
/** Records kept behind the newest, so that a slow process sees that it is late. */
const KEPT_GENERATIONS = 16;
const MAX_ATTEMPTS = 200;
const ABANDONED_CLAIM_MS = 60_000;

const recordSchema = z.discriminatedUnion('held', [
  z.object({
    held: z.literal(true),
    pid: z.number().int().positive(),
    startTicks: z.string().optional(),
    bootId: z.string().optional(),
  }),
  z.object({ held: z.literal(false) }),
]);
type LockRecord = z.infer<typeof recordSchema>;

/**
 * Takes the lock of the folder `dir` (created where missing) for this process, for the processes of one machine: network
 * folders are not supported. The lock of a process that is gone, also of one whose pid another program has since been given,
 * is taken over; when several processes try at once, exactly one wins.
 * @throws {FolderLockedError} where a live process, this one included, holds the lock.
 * @throws the file system's error (EACCES, ENOTDIR, EROFS, …) where the folder cannot be written.
 */
export async function lockFolder(dir: string): Promise<FolderLock> {
  const folder = join(dir, LOCK_FOLDER);
  const own = await ownIdentity();
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    // Each time: it may be deleted meanwhile.
    makeFolder(folder);
    const newest = await newestGeneration(folder);
    const holder = await liveHolder(folder, newest);
    if (holder === 'swept') continue;
    if (holder !== undefined) throw new FolderLockedError(dir, holder);
    const mine = newest + 1;
    if (await claim(folder, mine, { held: true, ...own })) {
      await sweep(folder, mine);
      return heldLock(folder, mine, own);
    }
  }
  throw new Error(`the lock of the folder ${dir} changed hands ${MAX_ATTEMPTS} times while this process asked for it`);
}

/** The process that holds the lock of `dir` right now; undefined where nobody does. */
export async function lockHolder(dir: string): Promise<number | undefined> {
  const folder = join(dir, LOCK_FOLDER);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const holder = await liveHolder(folder, await newestGeneration(folder));
    if (holder !== 'swept') return holder;
  }
  return undefined;
}

async function liveHolder(folder: string, newest: number): Promise<number | 'swept' | undefined> {
  if (newest === 0) return undefined;
  const record = await readRecord(folder, newest);
  if (record === 'swept') return 'swept';
  return record.held && (await isAlive(identityOf(record))) ? record.pid : undefined;
}

function heldLock(folder: string, generation: number, own: ProcessIdentity): FolderLock {
  let released: Promise<void> | undefined;
  return {
    release: () => {
      released ??= release(folder, generation, own);
      return released;
    },
    isHeld: async () => released === undefined && (await isOwn(folder, generation, own)),
  };
}

async function release(folder: string, generation: number, own: ProcessIdentity): Promise<void> {
  if (await isOwn(folder, generation, own)) await claim(folder, generation + 1, { held: false });
}

/** False where someone has deleted the whole folder while it was locked, and perhaps another process locked the new one. */
async function isOwn(folder: string, generation: number, own: ProcessIdentity): Promise<boolean> {
  const record = await readRecord(folder, generation);
  return record !== 'swept' && record.held && record.pid === own.pid && record.startTicks === own.startTicks;
}

function identityOf(record: Extract<LockRecord, { held: true }>): ProcessIdentity {
  return {
    pid: record.pid,
    ...(record.startTicks === undefined ? {} : { startTicks: record.startTicks }),
    ...(record.bootId === undefined ? {} : { bootId: record.bootId }),
  };
}

/** Makes the record `generation` if no other process has made it or a later one. */
async function claim(folder: string, generation: number, record: LockRecord): Promise<boolean> {
  // Linked only once it is written: nobody ever reads half a record.
  const draft = join(folder, `${randomUUID()}.claim`);
  const path = recordPath(folder, generation);
  try {
    await writeFile(draft, JSON.stringify(record), { flag: 'wx' });
    await link(draft, path);
  } catch (error) {
    // ENOENT: the folder was removed under us, and is made anew.
    if (hasCode(error, 'EEXIST', 'ENOENT')) return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
  if ((await newestGeneration(folder)) === generation) return true;
  await rm(path, { force: true });
  return false;
}

async function newestGeneration(folder: string): Promise<number> {
  return Math.max(0, ...(await generations(folder)));
}

async function generations(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  });
  return names.filter((name) => /^[1-9]\d{0,14}$/.test(name)).map(Number);
}

async function readRecord(folder: string, generation: number): Promise<LockRecord | 'swept'> {
  let text: string;
  try {
    text = await readFile(recordPath(folder, generation), 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 'swept';
    throw error;
  }
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch {
    // Only a machine that lost power leaves an unreadable record (see `claim`); no holder outlived that.
    return { held: false };
  }
}

/** Removes old records and the drafts of processes that were killed while claiming. Never the newest records. */
async function sweep(folder: string, newest: number): Promise<void> {
  const old = (await generations(folder)).filter((generation) => generation <= newest - KEPT_GENERATIONS);
  await Promise.all(old.map((generation) => rm(recordPath(folder, generation), { force: true })));
  const drafts = (await readdir(folder)).filter((name) => name.endsWith('.claim')).map((name) => join(folder, name));
  await Promise.all(drafts.map((draft) => removeAbandoned(draft)));
}

async function removeAbandoned(draft: string): Promise<void> {
  try {
    const { mtimeMs } = await stat(draft);
    if (Date.now() - mtimeMs > ABANDONED_CLAIM_MS) await rm(draft, { force: true });
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}

function recordPath(folder: string, generation: number): string {
  return join(folder, String(generation));
}
