import { randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errorMessage } from './error-message.js';
import { type FolderLock, lockHolder } from './folder-lock.js';
import type { KeeperLog } from './keeper-log.js';
import {
  type Hello,
  helloSchema,
  KEEPER_PROTOCOL,
  type KeeperMessage,
  type KeeperRecord,
  keeperRecordPath,
  keeperRecordSchema,
  parseLine,
  readLines,
  sendLine,
} from './keeper-protocol.js';
import { ownIdentity } from './process-identity.js';
import { type LaunchStore, SupervisedStore } from './supervised-store.js';

/** What a keeper works with. */
export interface KeeperOptions {
  readonly dataDir: string;
  /** The lock of `dataDir`, held; released when the stores have ended. */
  readonly lock: FolderLock;
  readonly log: KeeperLog;
  readonly launchEventStore: (dir: string, port: number | undefined) => ReturnType<LaunchStore>;
  readonly launchPostgres: (dir: string, port: number | undefined) => ReturnType<LaunchStore>;
}

/** How long the stores run on after the last command: the next one of a script finds them running. */
const LINGER_MS = 1_000;
/** The command that started the keeper connects within this, or was killed. */
const FIRST_CLIENT_MS = 10_000;
const HELLO_TIMEOUT_MS = 5_000;
const PREDECESSOR_MS = 15_000;
const POLL_MS = 25;
const FAREWELL_MS = 500;
const MAX_CONNECTIONS = 1_000;

/** Keeps the stores of one data folder running while any command is connected to it. */
export class Keeper {
  readonly #options: KeeperOptions;
  readonly #token = randomBytes(24).toString('base64url');
  readonly #server: Server;
  readonly #clients = new Set<Socket>();
  readonly #eventStore: SupervisedStore;
  readonly #postgres: SupervisedStore;
  #leaving: NodeJS.Timeout | undefined;
  #shutDown: Promise<void> | undefined;

  constructor(options: KeeperOptions) {
    this.#options = options;
    const { dataDir, log } = options;
    const onLost = (reason: string): void => void this.shutDown(reason);
    const eventStoreDir = join(dataDir, 'eventstore');
    const postgresDir = join(dataDir, 'postgres');
    const launchEventStore: LaunchStore = async (port) => {
      await this.#checkFolder();
      await untilFree(eventStoreDir);
      return options.launchEventStore(eventStoreDir, port);
    };
    const launchPostgres: LaunchStore = async (port) => {
      await this.#checkFolder();
      return options.launchPostgres(postgresDir, port);
    };
    this.#eventStore = new SupervisedStore('the event store', launchEventStore, log, onLost);
    this.#postgres = new SupervisedStore('Postgres', launchPostgres, log, onLost);
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** Listens on the loopback and says where in `keeper.json`. */
  async open(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host: '127.0.0.1', port: 0 }, resolve);
    });
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('a TCP server has no port');
    const { dataDir, log } = this.#options;
    await writeRecord(dataDir, {
      protocol: KEEPER_PROTOCOL,
      port: address.port,
      token: this.#token,
      ...(await ownIdentity()),
    });
    log(`keeper ${process.pid} serves ${dataDir} on port ${address.port}`);
    this.#leaveAfter(FIRST_CLIENT_MS);
  }

  /**
   * Tells the connected commands `reason`, stops the stores in order, gives the folder up and ends this process.
   * Calling it again waits for the same end.
   */
  async shutDown(reason: string): Promise<void> {
    this.#shutDown ??= this.#end(reason);
    return this.#shutDown;
  }

  async #end(reason: string): Promise<void> {
    const { dataDir, lock, log } = this.#options;
    log(`keeper ${process.pid} stops: ${reason}`);
    clearTimeout(this.#leaving);
    this.#server.close();
    for (const client of this.#clients) this.#dismiss(client, { kind: 'failed', reason });
    await removeRecord(dataDir, this.#token);
    const ends = await Promise.allSettled([this.#eventStore.stop(), this.#postgres.stop()]);
    for (const end of ends) if (end.status === 'rejected') log(`a store did not stop in order: ${errorMessage(end.reason)}`);
    await lock.release();
    await this.#farewell();
    log(`keeper ${process.pid} ended`);
    process.exit(0);
  }

  /** Lets what was said to the commands leave this process. */
  async #farewell(): Promise<void> {
    const closed = [...this.#clients].map((client) => new Promise((resolve) => client.once('close', resolve)));
    await Promise.race([Promise.all(closed), delay(FAREWELL_MS)]);
  }

  /** A folder that was deleted under the stores is not made again by launching them; another keeper may have it by now. */
  async #checkFolder(): Promise<void> {
    if (!(await this.#options.lock.isHeld())) throw new Error('the data folder was deleted while it was in use');
  }

  #accept(socket: Socket): void {
    let greeted = false;
    // A broken connection is a closed one; `close` follows.
    socket.on('error', () => undefined);
    socket.setTimeout(HELLO_TIMEOUT_MS, () => socket.destroy());
    readLines(socket, (line) => {
      const hello = greeted ? undefined : parseLine(helloSchema, line);
      if (hello === undefined || !this.#knows(hello.token)) {
        socket.destroy();
        return;
      }
      greeted = true;
      socket.setTimeout(0);
      void this.#serve(socket, hello);
    });
  }

  #knows(token: string): boolean {
    const expected = Buffer.from(this.#token);
    const given = Buffer.from(token);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  async #serve(socket: Socket, hello: Hello): Promise<void> {
    if (this.#shutDown !== undefined) {
      this.#dismiss(socket, { kind: 'stopping' });
      return;
    }
    if (hello.protocol !== KEEPER_PROTOCOL) {
      const reason = `its stores are run by another version of fillbook (process ${process.pid}) until its commands end`;
      this.#dismiss(socket, { kind: 'failed', reason });
      return;
    }
    this.#clients.add(socket);
    clearTimeout(this.#leaving);
    socket.once('close', () => this.#forget(socket));
    try {
      const [eventStoreUrl, databaseUrl] = await Promise.all([
        hello.eventStore ? this.#eventStore.url() : undefined,
        hello.postgres ? this.#postgres.url() : undefined,
      ]);
      sendLine(socket, {
        kind: 'ready',
        ...(eventStoreUrl === undefined ? {} : { eventStoreUrl }),
        ...(databaseUrl === undefined ? {} : { databaseUrl }),
      });
    } catch (error) {
      const reason = errorMessage(error);
      this.#options.log(`a store did not start: ${reason}`);
      this.#dismiss(socket, { kind: 'failed', reason });
    }
  }

  #dismiss(socket: Socket, message: KeeperMessage): void {
    sendLine(socket, message);
    socket.end();
  }

  #forget(socket: Socket): void {
    this.#clients.delete(socket);
    if (this.#clients.size === 0 && this.#shutDown === undefined) this.#leaveAfter(LINGER_MS);
  }

  #leaveAfter(delayMs: number): void {
    clearTimeout(this.#leaving);
    this.#leaving = setTimeout(() => void this.shutDown('no command uses the stores'), delayMs);
  }
}

/** Waits for a store that is ending by itself, because the keeper that launched it was killed. */
async function untilFree(dir: string): Promise<void> {
  const deadline = Date.now() + PREDECESSOR_MS;
  // Past the deadline the launch itself says who holds the folder.
  while ((await lockHolder(dir)) !== undefined && Date.now() < deadline) await delay(POLL_MS);
}

async function writeRecord(dataDir: string, record: KeeperRecord): Promise<void> {
  const path = keeperRecordPath(dataDir);
  const draft = `${path}.${process.pid}`;
  await rm(draft, { force: true });
  await writeFile(draft, JSON.stringify(record), { mode: 0o600, flag: 'wx' });
  await rename(draft, path);
}

/** Removes the record if it is ours: where the folder was deleted and made anew, another keeper's stands there. */
async function removeRecord(dataDir: string, token: string): Promise<void> {
  const path = keeperRecordPath(dataDir);
  const text = await readFile(path, 'utf8').catch(() => '');
  if (parseLine(keeperRecordSchema, text)?.token === token) await rm(path, { force: true });
}
