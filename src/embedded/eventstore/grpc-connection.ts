import { type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream, constants, performServerHandshake } from 'node:http2';
import type { Socket } from 'node:net';
import { ResetShield } from './reset-shield.js';

/** Calls that one connection may have open; EventStoreDB has room for 100. */
const MAX_CONCURRENT_CALLS = 10_000;
/** Calls of one connection that may be cancelled before node told of them: more heads than that do not fit in what is buffered. */
const MAX_CANCELLED_AHEAD = 16_384;
/** A connection that has not said what HTTP/2 begins with after so long is closed. */
const SILENCE_MS = 10_000;
/** What a client may send of one call ahead of the server's reading, and of one connection. */
const CALL_WINDOW_BYTES = 1024 * 1024;
const CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024;
/**
 * node refuses calls on a connection, and then ends it, once it counts more megabytes held for it. Bytes that a call had yet to send
 * when it was cancelled stay in that count for good (Node 20): 20,000 cancelled reads come to 512 MB. So it is put out of reach; what a
 * connection holds is bounded by its calls, a page each.
 */
const SESSION_MEMORY_MB = 1_000_000_000;
/** All headers of one call, as EventStoreDB takes them; a call with more is reset. */
const MAX_HEADER_BYTES = 32 * 1024;
/** A connection that answers no ping for so long is gone. */
const PING_INTERVAL_MS = 15_000;

const SESSION_OPTIONS = {
  maxSessionMemory: SESSION_MEMORY_MB,
  settings: {
    initialWindowSize: CALL_WINDOW_BYTES,
    maxConcurrentStreams: MAX_CONCURRENT_CALLS,
    maxHeaderListSize: MAX_HEADER_BYTES,
    enablePush: false,
  },
};

/** What a connection tells its server. */
export interface ConnectionListener {
  stream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void;
  /** It has said what HTTP/2 begins with. */
  spoke(): void;
  /** Whether it has no call from now on. */
  isIdle(isIdle: boolean): void;
  closed(): void;
}

/** One connection over cleartext HTTP/2: its calls, and those that were cancelled before node told of them. */
export class GrpcConnection {
  readonly #socket: Socket;
  readonly #listener: ConnectionListener;
  readonly #session: ServerHttp2Session;
  readonly #streams = new Map<number, ServerHttp2Stream>();
  /** Calls that were cancelled before node told of them. */
  readonly #cancelled = new Set<number>();
  #newestId = 0;

  constructor(socket: Socket, listener: ConnectionListener) {
    this.#socket = socket;
    this.#listener = listener;
    const silence = setTimeout(() => socket.destroy(), SILENCE_MS);
    silence.unref();
    socket.once('close', () => {
      clearTimeout(silence);
      listener.closed();
    });
    this.#session = performServerHandshake(new ResetShield(socket, (id) => this.#cancel(id)), SESSION_OPTIONS);
    this.#session.on('stream', (stream, headers) => this.#open(stream, headers));
    this.#session.once('remoteSettings', () => {
      clearTimeout(silence);
      listener.spoke();
      this.#noteIdle();
    });
    this.#watch();
  }

  /** Ends for another connection. GOAWAY says that a call which the client has sent meanwhile was not carried out: it sends it again on a new one. */
  giveWay(): void {
    this.#session.destroy();
    // A client that reads nothing would keep the place.
    setImmediate(() => this.#socket.destroy());
  }

  /** Ends once its calls have; resolves then. */
  async close(): Promise<void> {
    if (this.#session.destroyed) return;
    await new Promise<void>((resolve) => {
      this.#session.once('close', resolve);
      this.#session.close();
    });
  }

  destroy(): void {
    this.#session.destroy();
  }

  #noteIdle(): void {
    if (this.#streams.size === 0 && !this.#socket.destroyed) this.#listener.isIdle(true);
  }

  #cancel(id: number): void {
    if (id <= this.#newestId) this.#streams.get(id)?.close(constants.NGHTTP2_CANCEL);
    else if (this.#cancelled.add(id).size > MAX_CANCELLED_AHEAD) this.#session.destroy();
  }

  /** Whether a call was cancelled before node told of it. Ids only grow: of those below, node has refused the head and tells nothing. */
  #wasCancelled(id: number): boolean {
    for (const earlier of this.#cancelled) {
      if (earlier >= id) break;
      this.#cancelled.delete(earlier);
    }
    return this.#cancelled.delete(id);
  }

  #open(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const id = stream.id ?? 0;
    this.#newestId = id;
    if (this.#wasCancelled(id)) {
      stream.on('error', () => undefined);
      stream.close(constants.NGHTTP2_CANCEL);
      return;
    }
    this.#streams.set(id, stream);
    this.#listener.isIdle(false);
    stream.once('close', () => {
      this.#streams.delete(id);
      this.#noteIdle();
    });
    this.#listener.stream(stream, headers);
  }

  /** Ends a connection that is gone, or that carries bytes which are not HTTP/2. */
  #watch(): void {
    const session = this.#session;
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    let answered = true;
    const timer = setInterval(() => {
      if (!answered) session.destroy();
      else if (!session.destroyed) {
        answered = false;
        session.ping(() => {
          answered = true;
        });
      }
    }, PING_INTERVAL_MS);
    timer.unref();
    session.on('error', () => session.destroy());
    session.on('close', () => clearInterval(timer));
  }
}
