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
