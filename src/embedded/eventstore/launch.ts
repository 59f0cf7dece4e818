import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

export interface LaunchEventStoreOptions {
  /** Folder of the store; created where there is none. */
  readonly dir: string;
  /** 0, the default, takes any free port. */
  readonly port?: number;
}

export interface LaunchedEventStore {
  /** Connection string for any EventStoreDB client. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Stops it in good order; resolves once the process has ended. */
  stop(): Promise<void>;
  /** Resolves once the process has ended, however that came. */
  readonly exited: Promise<void>;
}

const START_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 10_000;
/** What is kept of the standard error of a process that fails to start. */
const KEPT_ERROR_CHARACTERS = 4_000;

const listening = z.object({ host: z.string(), port: z.number().int().positive() });

/** The compiled entry: beside this file in `dist/`, or in the project's `dist/` when this runs from `src/`. */
function serverProcessPath(): string {
  const beside = fileURLToPath(new URL('server-process.js', import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL('../../../dist/embedded/eventstore/server-process.js', import.meta.url));
}

/** Waits for the line that says where the process listens; null when there comes none. */
async function firstLine(child: ChildProcess): Promise<string | null> {
  const { stdout } = child;
  if (stdout === null) return null;
  return new Promise((resolve) => {
    const lines = createInterface({ input: stdout });
    const timer = setTimeout(() => resolve(null), START_TIMEOUT_MS);
    lines.once('line', (line) => {
      clearTimeout(timer);
      resolve(line);
    });
    lines.once('close', () => {
      clearTimeout(timer);
      resolve(null);
    });
  });
}

/**
 * Starts the embedded event store in a process of its own. The process ends with this one, also when this one is killed: it
 * watches its standard input, which is held open here.
 * @throws Error with what the process said where it does not start (folder in use, port taken).
 */
export async function launchEventStore(options: LaunchEventStoreOptions): Promise<LaunchedEventStore> {
  const flags = ['--data', options.dir, '--host', '127.0.0.1', '--port', String(options.port ?? 0), '--exit-with-stdin'];
  const child = spawn(process.execPath, [serverProcessPath(), ...flags], { stdio: ['pipe', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-KEPT_ERROR_CHARACTERS);
  });
  // The pipe breaks when the process ends first.
  child.stdin.on('error', () => undefined);
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', (error) => {
      complaint += error.message;
      resolve();
    });
  });
  const line = await firstLine(child);
  const { pid } = child;
  if (line === null || pid === undefined) {
    child.kill('SIGKILL');
    await exited;
    throw new Error(`the embedded event store did not start: ${complaint.trim() || `nothing was heard in ${START_TIMEOUT_MS} ms`}`);
  }
  const { port } = listening.parse(JSON.parse(line));
  return { url: `esdb://127.0.0.1:${port}?tls=false`, port, pid, exited, stop: () => stop(child, exited) };
}

/** The end of its standard input stops the process in good order, on Windows as well, which has no SIGTERM. */
async function stop(child: ChildProcess, exited: Promise<void>): Promise<void> {
  child.stdin?.end();
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(timer);
}
