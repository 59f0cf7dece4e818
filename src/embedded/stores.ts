import { type ChildProcess, spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { resolve as absolute } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { prepareDataFolder } from './data-folder.js';
import { EmbeddedStoresError } from './errors.js';
import { lockHolder } from './folder-lock.js';
import { keeperLogPath, type KeeperStart, keeperStartSchema, parseLine } from './keeper-protocol.js';
import { type KeeperSession, openSession } from './keeper-session.js';

/** Which embedded stores a command needs, and where they keep their files. */
export interface EmbeddedStoresOptions {
  /** The data folder, made where missing. */
  readonly dataDir: string;
  /** False where another event store is used in its place, or none. */
  readonly eventStore: boolean;
  /** False where another Postgres is used in its place, or none. */
  readonly postgres: boolean;
  /** How long the stores may take to be ready, first start and recovery after a crash included. */
  readonly startTimeoutMs?: number;
}

/** The embedded stores of a data folder, in use until `close`. */
export interface EmbeddedStores {
  /** `esdb://` connection string, where the event store was asked for. */
  readonly eventStoreUrl?: string;
  /** `postgres://` connection string, where Postgres was asked for. */
  readonly databaseUrl?: string;
  /** This command needs them no more. They stop shortly after the last command of the folder has closed or ended. */
  close(): Promise<void>;
  /** Resolves when a store is lost before `close`: nothing more can be read or written, and the error says why. */
  readonly failed: Promise<Error>;
}

const DEFAULT_START_TIMEOUT_MS = 120_000;
const POLL_MS = 25;

/**
 * Uses the embedded stores of a data folder, together with every other command that does so at the same time. A process of
 * its own, the folder's keeper, runs them: it is started by the first command and ends shortly after the last one.
 * @throws {EmbeddedStoresError} where the folder cannot be used or a store does not start in time; the message says why.
 */
export async function openEmbeddedStores(options: EmbeddedStoresOptions): Promise<EmbeddedStores> {
  const dataDir = absolute(options.dataDir);
  const startTimeoutMs = options.startTimeoutMs ?? DEFAULT_START_TIMEOUT_MS;
  const deadline = Date.now() + startTimeoutMs;
  await prepareDataFolder(dataDir);
  while (Date.now() < deadline) {
    const wanted = { eventStore: options.eventStore, postgres: options.postgres };
    const outcome = await openSession(dataDir, wanted, deadline - Date.now());
    if (outcome === 'timeout') break;
    if (outcome !== 'gone') {
      if ('failure' in outcome) throw storesError(dataDir, outcome.failure);
      return storesOf(dataDir, outcome);
    }
    // A holder without an open door is a keeper that is starting or stopping.
    if ((await lockHolder(dataDir)) === undefined) {
      const start = await startKeeper(dataDir, deadline - Date.now());
      if (start.kind === 'failed') throw storesError(dataDir, start.reason);
      if (start.kind === 'listening') continue;
    }
    await delay(POLL_MS);
  }
  const holder = await lockHolder(dataDir);
  const cause = holder === undefined ? '' : `: process ${holder} holds the folder`;
  throw storesError(dataDir, `they were not ready within ${startTimeoutMs} ms${cause}`);
}

function storesOf(dataDir: string, session: KeeperSession): EmbeddedStores {
  const vanished = `their keeper (process ${session.keeperPid}) ended unexpectedly`;
  return {
    ...(session.eventStoreUrl === undefined ? {} : { eventStoreUrl: session.eventStoreUrl }),
    ...(session.databaseUrl === undefined ? {} : { databaseUrl: session.databaseUrl }),
    close: () => session.close(),
    failed: session.lost.then((reason) => storesError(dataDir, reason ?? vanished)),
  };
}

function storesError(dataDir: string, reason: string): EmbeddedStoresError {
  return new EmbeddedStoresError(`the embedded stores of ${dataDir}: ${reason} (log: ${keeperLogPath(dataDir)})`);
}

/** Starts a keeper that outlives this process, and waits for its first word. */
async function startKeeper(dataDir: string, withinMs: number): Promise<KeeperStart> {
  // What Node itself has to say of a crash goes to the log as well.
  const log = await open(keeperLogPath(dataDir), 'a', 0o600);
  const keeper = spawn(process.execPath, [keeperProgram(), dataDir], {
    // A session of its own: Ctrl-C ends the command, which still needs its stores to end in order.
    detached: true,
    cwd: '/',
    env: keeperEnvironment(),
    stdio: ['ignore', 'pipe', log.fd],
  });
  try {
    return await within(firstWord(keeper), withinMs);
  } finally {
    keeper.stdout?.destroy();
    keeper.unref();
    await log.close();
  }
}

async function firstWord(keeper: ChildProcess): Promise<KeeperStart> {
  return new Promise((resolve) => {
    const fail = (reason: string): void => resolve({ kind: 'failed', reason });
    keeper.once('error', (error) => fail(`their keeper cannot be started: ${error.message}`));
    keeper.once('close', () => fail('their keeper ended before it was ready'));
    if (keeper.stdout === null) return;
    createInterface({ input: keeper.stdout }).once('line', (line) => {
      resolve(parseLine(keeperStartSchema, line) ?? { kind: 'failed', reason: `their keeper said: ${line}` });
    });
  });
}

async function within(word: Promise<KeeperStart>, withinMs: number): Promise<KeeperStart> {
  const timer = new AbortController();
  const late = delay(withinMs, undefined, { signal: timer.signal }).then(
    (): KeeperStart => ({ kind: 'failed', reason: `their keeper did not start within ${withinMs} ms` }),
    (): Promise<KeeperStart> => word,
  );
  const start = await Promise.race([word, late]);
  timer.abort();
  return start;
}

/** The keeper's compiled program; beside this one, or in `dist` where this one runs from its TypeScript source. */
function keeperProgram(): string {
  const program = fileURLToPath(new URL('./keeper-process.js', import.meta.url));
  return import.meta.url.endsWith('.ts') ? program.replace(/\bsrc([\\/]embedded[\\/][^\\/]*)$/, 'dist$1') : program;
}

/** The command's environment without what is meant for its own Node process alone (a debugger's port, an IPC channel). */
function keeperEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, NODE_CHANNEL_FD: _channel, ...environment } = process.env;
  return environment;
}
