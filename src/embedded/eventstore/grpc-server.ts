import { type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream, constants, performServerHandshake } from 'node:http2';
import { type Server, type Socket, createServer } from 'node:net';
import { GrpcCall, type RequestSink, asGrpcError, parseGrpcTimeout } from './grpc-call.js';
import { GrpcCode, GrpcError, unavailable } from './grpc-error.js';
import { MemoryBudget } from './memory-budget.js';
import { ResetShield } from './reset-shield.js';

/** Handles one call: takes the request's messages by what it answers. */
export type GrpcMethod = (call: GrpcCall, headers: IncomingHttpHeaders) => RequestSink;

/** Finds the method of a path `/package.Service/Method`; undefined for one that there is not. */
export type GrpcRouter = (path: string) => GrpcMethod | undefined;

/** Calls that one connection may have open; EventStoreDB has room for 100. */
const MAX_CONCURRENT_CALLS = 10_000;
/** Calls of one connection that may be cancelled before node told of them: more heads than that do not fit in what is buffered. */
const MAX_CANCELLED_AHEAD = 16_384;
const MAX_CONNECTIONS = 4_096;
/** Bytes that all calls hold of messages that are not whole. */
const MAX_PARTIAL_BYTES = 256 * 1024 * 1024;
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

/** A gRPC server over cleartext HTTP/2, on `node:http2` itself: it writes many messages at once, as they are stored. */
export class GrpcServer {
  readonly #server: Server;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #calls = new Map<GrpcCall, string>();
  /** Connections that have not said anything yet, the oldest first; each gives way when it is called. */
  readonly #silent = new Set<() => void>();
  /** Connections without a call, the one that has been without for longest first. */
  readonly #idle = new Set<() => void>();
  readonly #partial = new MemoryBudget(MAX_PARTIAL_BYTES);
  #connections = 0;
  readonly #router: GrpcRouter;
  #closing = false;

  constructor(router: GrpcRouter) {
    this.#router = router;
    this.#server = createServer({ noDelay: true }, (socket) => this.#connect(socket));
  }

  /** Listens; answers the port. @throws Error of the socket, for example EADDRINUSE. */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the server listens on no TCP port');
    return address.port;
  }

  /** Makes room for one connection more: one that has said nothing gives way, else one without a call, whose client connects again. */
  #hasRoom(): boolean {
    if (this.#connections < MAX_CONNECTIONS) return true;
    const [silent] = this.#silent;
    const [idle] = this.#idle;
    const giveWay = silent ?? idle;
    if (giveWay === undefined) return false;
    this.#silent.delete(giveWay);
    this.#idle.delete(giveWay);
    giveWay();
    return true;
  }

  #connect(socket: Socket): void {
    if (!this.#hasRoom()) {
      socket.destroy();
      return;
    }
    this.#connections += 1;
    const silence = setTimeout(() => socket.destroy(), SILENCE_MS);
    silence.unref();
    const giveWay = (): void => {
      // Says GOAWAY: a call that the client has sent meanwhile was not carried out, and it sends it again on a new connection.
      session.destroy();
      // A client that reads nothing would keep the place.
      setImmediate(() => socket.destroy());
    };
    const streams = new Map<number, ServerHttp2Stream>();
    const noteIdle = (): void => {
      if (streams.size === 0 && !socket.destroyed) this.#idle.add(giveWay);
    };
    this.#silent.add(giveWay);
    const hasSpoken = (): void => {
      clearTimeout(silence);
      this.#silent.delete(giveWay);
    };
    socket.once('close', () => {
      this.#connections -= 1;
      hasSpoken();
      this.#idle.delete(giveWay);
    });
    /** Calls that were cancelled before node told of them. */
    const cancelled = new Set<number>();
    let newestId = 0;
    const cancel = (id: number): void => {
      if (id <= newestId) streams.get(id)?.close(constants.NGHTTP2_CANCEL);
      else if (cancelled.add(id).size > MAX_CANCELLED_AHEAD) session.destroy();
    };
    const session = performServerHandshake(new ResetShield(socket, cancel), SESSION_OPTIONS);
    session.on('stream', (stream, headers) => {
      const id = stream.id ?? 0;
      newestId = id;
      // Ids only grow: of those below, node has refused the head and tells nothing.
      for (const earlier of cancelled) {
        if (earlier >= id) break;
        cancelled.delete(earlier);
      }
      if (cancelled.delete(id)) {
        stream.on('error', () => undefined);
        stream.close(constants.NGHTTP2_CANCEL);
        return;
      }
      streams.set(id, stream);
      this.#idle.delete(giveWay);
      stream.once('close', () => {
        streams.delete(id);
        noteIdle();
      });
      this.#accept(stream, headers);
    });
    session.once('remoteSettings', () => {
      hasSpoken();
      noteIdle();
    });
    this.#watch(session);
  }

  /** Ends a connection that is gone, or that carries bytes which are not HTTP/2. */
  #watch(session: ServerHttp2Session): void {
    this.#sessions.add(session);
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
    session.on('close', () => {
      clearInterval(timer);
      this.#sessions.delete(session);
    });
  }

  #accept(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on('error', () => undefined);
    if (headers[':method'] !== 'POST' || headers['content-type']?.startsWith('application/grpc') !== true) {
      stream.respond({ ':status': 415 }, { endStream: true });
      stream.close(constants.NGHTTP2_NO_ERROR);
      return;
    }
    const timeout = headers['grpc-timeout'];
    const call = new GrpcCall(stream, parseGrpcTimeout(typeof timeout === 'string' ? timeout : undefined), this.#partial);
    const path = headers[':path'] ?? '';
    this.#calls.set(call, path);
    call.onClose(() => this.#calls.delete(call));
    try {
      if (this.#closing) throw unavailable('the server is shutting down');
      const method = this.#router(path);
      if (method === undefined) throw new GrpcError(GrpcCode.unimplemented, `${path} is unimplemented.`);
      call.receive(method(call, headers));
    } catch (error) {
      call.fail(asGrpcError(error));
    }
  }

  /** Takes no connection and no call from now on. */
  refuse(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#server.close();
  }

  /** Ends the calls that are open with the error that `errorOf` gives for their path. */
  endCalls(errorOf: (path: string) => GrpcError): void {
    for (const [call, path] of this.#calls) call.fail(errorOf(path));
  }

  /** Closes every connection, those that do not close by themselves within `graceMs` by force. */
  async close(graceMs: number): Promise<void> {
    this.refuse();
    const closed = [...this.#sessions].map(
      (session) =>
        new Promise<void>((resolve) => {
          session.once('close', resolve);
          session.close();
        }),
    );
    const timer = setTimeout(() => {
      for (const session of this.#sessions) session.destroy();
    }, graceMs);
    await Promise.all(closed);
    clearTimeout(timer);
  }
}
