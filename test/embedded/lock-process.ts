import { spawnSync } from 'node:child_process';
import { ChildProgram } from './child-program.js';

const moduleUrl = new URL('../../dist/embedded/folder-lock.js', import.meta.url).href;

/** Waits for a line, tries to lock, says how it went and stays until it is killed or told to release. */
const program = `
  import { createInterface } from 'node:readline';
  import { lockFolder } from ${JSON.stringify(moduleUrl)};
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  console.log('ready');
  await lines.next();
  try {
    const lock = await lockFolder(process.argv[1]);
    console.log('won');
    await lines.next();
    await lock.release();
    console.log('released');
  } catch (error) {
    console.log(error.name + ' ' + error.pid);
  }
`;

/**
 * A process of its own that asks for the lock of `dir` when it is sent a line. It prints `ready`, then `won`, or
 * `FolderLockedError` with the holder's pid.
 */
export function lockProcess(dir: string): ChildProgram {
  return new ChildProgram(program, { args: [dir] });
}

/** Starts a command in a pid and mount namespace of its own, as a container is; the command ends with `unshare`. */
const UNSHARE = ['unshare', ...(process.getuid?.() === 0 ? [] : ['--map-root-user']), '--pid', '--mount', '--fork', '--mount-proc', '--kill-child'];

/** Whether this machine has namespaces (Linux) and lets us make them. */
export const hasNamespaces = spawnSync(UNSHARE[0] ?? '', [...UNSHARE.slice(1), 'true']).status === 0;

/** The same in a pid namespace of its own, where its pid is 1 and other processes cannot be seen. */
export function containedLockProcess(dir: string): ChildProgram {
  return new ChildProgram(program, { args: [dir], under: UNSHARE });
}

/** Locks a folder on a disk that it then fills, tries to lock another there, releases the first, and says how each went. */
const fullDiskProgram = `
  import { appendFileSync } from 'node:fs';
  import { lockFolder } from ${JSON.stringify(moduleUrl)};
  const dir = process.argv[1];
  const lock = await lockFolder(dir + '/first');
  try {
    for (;;) appendFileSync(dir + '/rest', Buffer.alloc(4096));
  } catch (error) {
    console.log(error.code);
  }
  await lockFolder(dir + '/second').catch((error) => console.log(error.name + ': ' + error.message));
  await lock.release();
  console.log('released');
`;

/** Runs it on a small disk of its own that is mounted at `dir`. */
export function fullDiskLockProcess(dir: string): ChildProgram {
  return new ChildProgram(fullDiskProgram, { args: [dir], under: [...UNSHARE, 'sh', '-c', 'mount -t tmpfs -o size=64k tmpfs "$0" && exec "$@"', dir] });
}
