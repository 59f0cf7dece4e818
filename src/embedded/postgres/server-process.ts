import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Account } from './account.js';
import { postgresEnvironment } from './run-program.js';

/** A started `postgres` program. */
export interface ServerProcess {
  readonly pid: number;
  /** Resolves when it accepts connections; rejects with its last words if it ends before. */
  readonly ready: Promise<void>;
  /** Resolves when it has ended, however. */
  readonly exited: Promise<void>;
  /** Ends it: fast shutdown first, harder after a time limit. Resolves when it has ended. */
  stop(): Promise<void>;
}

/*
 * The server's parent is this shell and not Node, which cannot be relied on to say good-bye: the shell's standard input is a
 * pipe that closes when Node ends in whatever way, and then Postgres is shut down (fast, then harder). The signal is sent
 * again and again, because a shell's background process ignores SIGINT until it has installed a handler of its own.
 */
const WATCHDOG = `
exec 3<&0 </dev/null
"$@" 3<&- >&2 &
pg=$!
echo "$pg"
(
  exec >/dev/null 2>&1
  read -r line <&3
  n=0
  signal=INT
  while kill -s "$signal" "$pg"; do
    n=$((n + 1))
    [ "$n" -lt 200 ] || signal=QUIT
    [ "$n" -lt 250 ] || signal=KILL
    sleep 0.1
  done
) &
watch=$!
exec 3<&- >&-
wait "$pg"
code=$?
kill "$watch" 2>/dev/null
exit "$code"
`;

/** Longer than the watchdog's own limits, so that it is the one that escalates. */
const STOP_TIMEOUT_MS = 40_000;
const LAST_WORDS_LINES = 20;
const READY_LINE = 'database system is ready to accept connections';

/** Starts `postgres` in `cwd` with a watchdog; `onLog` gets each line of its log. */
export async function startServerProcess(
  program: string,
  args: readonly string[],
  options: { cwd: string; account: Account | undefined; onLog: (line: string) => void },
): Promise<ServerProcess> {
  const shell = spawn('/bin/sh', ['-c', WATCHDOG, 'fillbook-postgres', program, ...args], {
    cwd: options.cwd,
    env: postgresEnvironment(),
    stdio: ['pipe', 'pipe', 'pipe'],
    // A session of its own: Ctrl-C in a terminal reaches the program, which then stops its server in order.
    detached: true,
    ...options.account,
  });
  // A write error says that the shell is gone, which `close` says too.
  shell.stdin.on('error', () => undefined);
  const lastWords: string[] = [];
  const closed = new Promise<void>((resolve, reject) => {
    shell.once('error', reject);
    shell.once('close', () => resolve());
  });
  const ready = new Promise<void>((resolve, reject) => {
    createInterface({ input: shell.stderr }).on('line', (line) => {
      lastWords.push(line);
      if (lastWords.length > LAST_WORDS_LINES) lastWords.shift();
      options.onLog(line);
      if (line.includes(READY_LINE)) resolve();
    });
    closed.then(() => reject(new Error(lastWords.join('\n') || 'it ended without a word')), reject);
  });
  // Whoever started the server may learn of its end by `exited` alone.
  ready.catch(() => undefined);
  const exited = closed.catch(() => undefined);
  const pid = await firstLineNumber(shell.stdout, closed);
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= endServer(shell, pid, exited);
    return stopping;
  };
  return { pid, ready, exited, stop };
}

async function firstLineNumber(output: NodeJS.ReadableStream, closed: Promise<void>): Promise<number> {
  const line = new Promise<number>((resolve) => {
    createInterface({ input: output }).once('line', (text) => resolve(Number(text)));
  });
  return Promise.race([
    line,
    closed.then(() => {
      throw new Error('the shell that starts Postgres ended at once');
    }),
  ]);
}

async function endServer(shell: ReturnType<typeof spawn>, pid: number, exited: Promise<void>): Promise<void> {
  shell.stdin?.destroy();
  const timer = setTimeout(() => {
    for (const target of [pid, shell.pid]) {
      try {
        if (target !== undefined) process.kill(target, 'SIGKILL');
      } catch {
        // It is gone already.
      }
    }
  }, STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(timer);
}
