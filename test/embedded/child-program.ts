import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** How to start a program of a test. */
export interface ChildProgramOptions {
  readonly args?: readonly string[];
  /** User and group to run as; the test's own where left out. */
  readonly uid?: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** In a process group of its own, as a shell starts a command in a terminal. */
  readonly detached?: boolean;
  /** The Node to run it with; the test's own where left out. */
  readonly nodePath?: string;
  /** A command and its first arguments that start Node: `unshare -p`, for one. */
  readonly under?: readonly string[];
}

/** An ES module's source run by a Node process of its own, spoken to line by line. */
export class ChildProgram {
  readonly process: ChildProcess;
  readonly exited: Promise<number | null>;
  readonly #lines: AsyncIterator<string>;
  #complaints = '';

  constructor(source: string, options: ChildProgramOptions = {}) {
    const node = [options.nodePath ?? process.execPath, '--input-type=module', '-e', source, ...(options.args ?? [])];
    const [command = '', ...args] = [...(options.under ?? []), ...node];
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
      detached: options.detached ?? false,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    });
    this.process = child;
    this.exited = new Promise((resolve) => child.once('close', resolve));
    // A child that is gone when it is written to shows in `line` and `exited`.
    child.stdin.on('error', () => undefined);
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-4_000);
    });
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  get pid(): number {
    if (this.process.pid === undefined) throw new Error('the child program did not start');
    return this.process.pid;
  }

  /** The next line that it prints; fails with what it complained about if it ends before. */
  async line(): Promise<string> {
    const next = await this.#lines.next();
    if (next.done === true) throw new Error(`the child program ended: ${this.#complaints}`);
    return next.value;
  }

  /** Sends it a line. */
  say(line: string): void {
    this.process.stdin?.write(`${line}\n`);
  }

  /** kill -9, and waits for its end. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.exited;
  }
}
