import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { hasCode } from './has-code.js';
import {
  KEEPER_PROTOCOL,
  type KeeperMessage,
  keeperMessageSchema,
  type KeeperRecord,
  keeperRecordPath,
  keeperRecordSchema,
  parseLine,
  readLines,
  sendLine,
} from './keeper-protocol.js';
import { isAlive, type ProcessIdentity } from './process-identity.js';

/** The stores that a command asks for. */
export interface WantedStores {
  readonly eventStore: boolean;
  readonly postgres: boolean;
}

/** A connection to a keeper whose stores are ready: they run at least as long as it is open. */
export interface KeeperSession {
  readonly eventStoreUrl?: string;
  readonly databaseUrl?: string;
  readonly keeperPid: number;
  close(): Promise<void>;
  /** Resolves when the stores are lost before `close`: with the keeper's reason, or undefined where it just vanished. */
  readonly lost: Promise<string | undefined>;
}

/** `gone`: no keeper listens, or it is shutting down; `timeout`: it did not answer in time. */
export type SessionOutcome = KeeperSession | 'gone' | 'timeout' | { readonly failure: string };

/** Connects to the keeper that `keeper.json` of the data folder names, and waits until it has the stores ready. */
export async function openSession(dataDir: string, wanted: WantedStores, withinMs: number): Promise<SessionOutcome> {
  const record = await liveKeeper(dataDir);
  if (record === undefined) return 'gone';
  const socket = connect({ host: '127.0.0.1', port: record.port, noDelay: true });
  const messages = new Messages(socket);
  socket.once('connect', () => sendLine(socket, { protocol: KEEPER_PROTOCOL, token: record.token, ...wanted }));
  const answer = await messages.next(withinMs);
  if (answer === 'timeout' || answer === 'closed' || answer.kind !== 'ready') {
    socket.destroy();
    if (answer === 'timeout') return 'timeout';
    if (answer !== 'closed' && answer.kind === 'failed') return { failure: answer.reason };
    return 'gone';
  }
  const { eventStoreUrl, databaseUrl } = answer;
  return {
    ...(eventStoreUrl === undefined ? {} : { eventStoreUrl }),
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    keeperPid: record.pid,
    ...watch(socket, messages),
  };
}

function watch(socket: Socket, messages: Messages): Pick<KeeperSession, 'close' | 'lost'> {
  let closing = false;
  const lost = (async (): Promise<string | undefined> => {
    const message = await messages.next(undefined);
    if (closing) return new Promise<never>(() => undefined);
    return typeof message === 'object' && message.kind === 'failed' ? message.reason : undefined;
  })();
  const close = async (): Promise<void> => {
    closing = true;
    if (socket.closed) return;
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.destroy();
    await closed;
  };
  return { lost, close };
}

/** The messages of a connection, one at a time. */
class Messages {
  readonly #arrived: KeeperMessage[] = [];
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    readLines(socket, (line) => {
      const message = parseLine(keeperMessageSchema, line);
      if (message === undefined) socket.destroy();
      else this.#arrived.push(message);
      this.#wake?.();
    });
    // A refused or broken connection is a closed one; `close` follows.
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.#closed = true;
      this.#wake?.();
    });
  }

  /** The next message, `closed` once none will come, or `timeout`. */
  async next(withinMs: number | undefined): Promise<KeeperMessage | 'closed' | 'timeout'> {
    if (this.#arrived.length === 0 && !this.#closed) await this.#change(withinMs);
    return this.#arrived.shift() ?? (this.#closed ? 'closed' : 'timeout');
  }

  async #change(withinMs: number | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = withinMs === undefined ? undefined : setTimeout(resolve, withinMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}

async function liveKeeper(dataDir: string): Promise<KeeperRecord | undefined> {
  let text: string;
  try {
    text = await readFile(keeperRecordPath(dataDir), 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  const record = parseLine(keeperRecordSchema, text);
  // A record left by a killed keeper: its port may be another program's by now.
  return record !== undefined && (await isAlive(identityOf(record))) ? record : undefined;
}

function identityOf(record: KeeperRecord): ProcessIdentity {
  return {
    pid: record.pid,
    ...(record.startTicks === undefined ? {} : { startTicks: record.startTicks }),
    ...(record.bootId === undefined ? {} : { bootId: record.bootId }),
  };
}
