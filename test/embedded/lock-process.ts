import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

const moduleUrl = new URL('../../dist/embedded/folder-lock.js', import.meta.url).href;

/** The program of the processes below: waits for a line, tries to lock, says how it went and stays until it is killed. */
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

/** A process of its own that asks for a folder's lock when told. */
export class LockProcess {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(dir: string) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, dir], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** The next line that the process prints: `ready`, `won`, `released`, or `FolderLockedError` with the holder's pid. */
  async line(): Promise<string> {
    const next = await this.#lines.next();
    if (next.done === true) throw new Error('the lock process ended without an answer');
    return next.value;
  }

  go(): void {
    this.child.stdin?.write('go\n');
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await gone;
  }
}
