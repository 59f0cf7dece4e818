import { randomUUID } from 'node:crypto';
import { link, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { errorMessage } from './error-message.js';
import { FolderNotWritableError } from './errors.js';
import { hasCode } from './has-code.js';
import { isLifeline, isLifelineHeld, type Lifeline, openLifeline } from './lifeline.js';
import { makeFolder } from './make-folder.js';
import { isAlive, isSameBoot, ownIdentity, ownPidNamespace, type ProcessIdentity } from './process-identity.js';

/** A live process already holds the lock of the folder `dir`: `pid`, as that process itself sees its number. */
export class FolderLockedError extends Error {
  override readonly name = 'FolderLockedError';
  constructor(
    readonly dir: string,
    readonly pid: number,
    /** Whether it is in a container without a sign of life: it may have ended. */
    isUncertain = false,
  ) {
    const hint = isUncertain ? ` of a container; if that has ended, remove ${join(dir, LOCK_FOLDER)}` : '';
    super(`the folder ${dir} is in use by process ${pid}${hint}`);
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
    pidNamespace: z.string().optional(),
    lifeline: z.string().optional(),
  }),
  z.object({ held: z.literal(false) }),
]);
type LockRecord = z.infer<typeof recordSchema>;
type HeldRecord = Extract<LockRecord, { held: true }>;

/**
 * Takes the lock of the folder `dir` (created where missing) for this process, for the processes of one machine, its
 * containers included: network folders are not supported. The lock of a process that is gone, also of one whose pid another
 * program has since been given, is taken over; when several processes try at once, exactly one wins.
 * @throws {FolderLockedError} where a live process, this one included, holds the lock.
 * @throws {FolderNotWritableError} where the disk is full or read-only; the file system's error (EACCES, ENOTDIR, …) where the
 * folder is not one that this user can write.
 */
export async function lockFolder(dir: string): Promise<FolderLock> {
  const folder = join(dir, LOCK_FOLDER);
  const own = await ownIdentity();
  const pidNamespace = await ownPidNamespace();
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    // Each time: it may be deleted meanwhile.
    makeFolder(folder);
    const newest = await newestGeneration(folder);
    const holder = await liveHolder(folder, newest);
    if (holder === 'swept') continue;
    if (holder !== undefined) throw new FolderLockedError(dir, holder.pid, isForeign(holder, pidNamespace) && holder.lifeline === undefined);
    const lifeline = pidNamespace === undefined ? undefined : await openLifeline(folder);
    const record: HeldRecord = {
      held: true,
      ...own,
      ...(pidNamespace === undefined ? {} : { pidNamespace }),
      ...(lifeline === undefined ? {} : { lifeline: lifeline.name }),
    };
    try {
      if (await claim(folder, newest + 1, record)) {
        await sweep(folder, newest + 1);
        return heldLock(folder, newest + 1, record, lifeline);
      }
    } catch (error) {
      await lifeline?.close();
      if (!isDiskFault(error)) throw error;
      throw new FolderNotWritableError(`the folder ${dir} cannot be locked: ${errorMessage(error)}`, { cause: error });
    }
    await lifeline?.close();
  }
  throw new Error(`the lock of the folder ${dir} changed hands ${MAX_ATTEMPTS} times while this process asked for it`);
}

/** The process that holds the lock of `dir` right now; undefined where nobody does. */
export async function lockHolder(dir: string): Promise<number | undefined> {
  const folder = join(dir, LOCK_FOLDER);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const holder = await liveHolder(folder, await newestGeneration(folder));
    if (holder !== 'swept') return holder?.pid;
  }
  return undefined;
}

async function liveHolder(folder: string, newest: number): Promise<HeldRecord | 'swept' | undefined> {
  if (newest === 0) return undefined;
  const record = await readRecord(folder, newest);
  if (record === 'swept') return 'swept';
  return record.held && (await holderLives(folder, record)) ? record : undefined;
}

async function holderLives(folder: string, record: HeldRecord): Promise<boolean> {
  const identity = identityOf(record);
  if (!isForeign(record, await ownPidNamespace())) return isAlive(identity);
  if (!(await isSameBoot(identity))) return false;
  // Without a lifeline nothing tells whether it lives, and two servers on one store would be the worse mistake.
  return record.lifeline === undefined || (await isLifelineHeld(folder, record.lifeline));
}

/** Whether a pid of the record means nothing to this process. */
const isForeign = ({ pidNamespace }: HeldRecord, own: string | undefined): boolean => pidNamespace !== undefined && pidNamespace !== own;

function heldLock(folder: string, generation: number, own: HeldRecord, lifeline: Lifeline | undefined): FolderLock {
  let released: Promise<void> | undefined;
  return {
    release: () => {
      released ??= release(folder, generation, own, lifeline);
      return released;
    },
    isHeld: async () => released === undefined && (await isOwn(folder, generation, own)),
  };
}

async function release(folder: string, generation: number, own: HeldRecord, lifeline: Lifeline | undefined): Promise<void> {
  try {
    if (await isOwn(folder, generation, own)) await claim(folder, generation + 1, { held: false });
  } catch (error) {
    // A full disk takes no record of the release. The lock then ends with the process, as it does with one that is killed.
    if (!isDiskFault(error)) throw error;
  } finally {
    await lifeline?.close();
  }
}

/** False where someone has deleted the whole folder while it was locked, and perhaps another process locked the new one. */
async function isOwn(folder: string, generation: number, own: HeldRecord): Promise<boolean> {
  const record = await readRecord(folder, generation);
  if (record === 'swept' || !record.held) return false;
  return record.pid === own.pid && record.startTicks === own.startTicks && record.lifeline === own.lifeline;
}

function identityOf(record: HeldRecord): ProcessIdentity {
  return {
    pid: record.pid,
    ...(record.startTicks === undefined ? {} : { startTicks: record.startTicks }),
    ...(record.bootId === undefined ? {} : { bootId: record.bootId }),
  };
}

/** Full, over a quota, read-only or broken. */
const isDiskFault = (error: unknown): boolean => hasCode(error, 'ENOSPC', 'EDQUOT', 'EROFS', 'EIO');

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
  const names = await readdir(folder);
  const drafts = names.filter((name) => name.endsWith('.claim')).map((name) => join(folder, name));
  await Promise.all(drafts.map((draft) => removeAbandoned(draft)));
  for (const name of names.filter(isLifeline)) {
    if (!(await isLifelineHeld(folder, name))) await removeAbandoned(join(folder, name));
  }
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
