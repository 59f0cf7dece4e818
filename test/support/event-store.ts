import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type LaunchedEventStore, launchEventStore } from '../../src/embedded/eventstore/launch.js';

/** An embedded event store of a test's own: a process and a fresh folder. */
export interface TestEventStore {
  /** Connection string; the port stays the same over `restart`. */
  readonly url: string;
  readonly port: number;
  readonly dir: string;
  /** The process that runs now. */
  readonly pid: number;
  /** Starts it again on the same folder and port, after `kill` or in place of the process that runs. */
  restart(): Promise<void>;
  /** Ends the process at once, as kill -9 does; the folder stays. */
  kill(): Promise<void>;
  /** Ends the process in good order; the folder stays. */
  halt(): Promise<void>;
  /** Ends the process and removes the folder. */
  stop(): Promise<void>;
}

let connections = 0;

/**
 * A connection string whose client gets a connection of its own: in grpc-js, all clients of a process that have the same address and
 * options share one. So these differ, in how often they would ping.
 */
export function ownConnection(url: string): string {
  connections += 1;
  return `${url}&keepAliveInterval=${1_000_000 + connections}`;
}

/** Starts the compiled event store on any free port, in a fresh temporary folder or `folder` in it. Call `stop` at the end. */
export async function startTestEventStore({ folder = '' } = {}): Promise<TestEventStore> {
  const temporary = await mkdtemp(path.join(tmpdir(), 'fillbook-event-store-'));
  const dir = path.join(temporary, folder);
  let store: LaunchedEventStore = await launchEventStore({ dir });
  const { url, port } = store;
  const kill = async (): Promise<void> => {
    try {
      process.kill(store.pid, 'SIGKILL');
    } catch {
      // It has ended already.
    }
    await store.exited;
  };
  return {
    url,
    port,
    dir,
    get pid() {
      return store.pid;
    },
    kill,
    halt: () => store.stop(),
    async restart() {
      await store.stop();
      store = await launchEventStore({ dir, port });
    },
    async stop() {
      await store.stop();
      await rm(temporary, { recursive: true, force: true });
    },
  };
}
