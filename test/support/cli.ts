import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
/** A command that takes longer has hung: its output so far tells where. */
const COMMAND_TIMEOUT_MS = 60_000;

/** What a command left behind. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as JSON lines. */
  rows(): Record<string, unknown>[];
}

export interface Started {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves with the first match in what the command has printed on either stream; rejects when it ends without one. */
  printed(pattern: RegExp): Promise<RegExpMatchArray>;
}

/** The environment of a user who has set nothing. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(?:FILLBOOK_|EVENTSTORE_URL|DATABASE_URL|REDIS_URL|NODE_ENV)/u.test(name));
  return Object.fromEntries(own);
}

/** Starts `fillbook` as a user would, compiled, in a process of its own. */
export function startCli(args: readonly string[], env: Readonly<Record<string, string>> = {}): Started {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { ...plainEnvironment(), ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  const watchers = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
      for (const watcher of watchers) watcher();
    });
  }
  const finished = new Promise<Finished>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`fillbook ${args.join(' ')} did not end\n${output.stdout}\n${output.stderr}`));
    }, COMMAND_TIMEOUT_MS);
    child.once('close', (code) => {
      clearTimeout(timer);
      const rows = (): Record<string, unknown>[] => output.stdout.split('\n').filter(Boolean).map((line): Record<string, unknown> => JSON.parse(line));
      resolve({ code, ...output, rows });
    });
  });
  // A test that only starts and kills does not have to wait for the end.
  finished.catch(() => undefined);
  const printed = (pattern: RegExp): Promise<RegExpMatchArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(output.stdout) ?? pattern.exec(output.stderr);
        if (!match) return;
        watchers.delete(look);
        resolve(match);
      };
      watchers.add(look);
      look();
      finished.then(
        ({ code }) => reject(new Error(`ended with ${code} before it printed ${pattern}\n${output.stdout}\n${output.stderr}`)),
        reject,
      );
    });
  return { child, finished, printed };
}

/** Runs `fillbook` to its end. */
export const runCli = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Finished> => startCli(args, env).finished;

/** A data folder that is gone after the test; `await using` is not in Node 20, so tests call `remove` in a hook. */
export async function createDataFolder(): Promise<{ dir: string; remove(): Promise<void> }> {
  const dir = await mkdtemp(path.join(tmpdir(), 'fillbook-cli-'));
  return { dir, remove: () => rm(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 }) };
}
