import { type IncomingHttpHeaders, type ServerHttp2Stream, constants } from 'node:http2';
import { type Server, type Socket, createServer } from 'node:net';
import { GrpcCall, type RequestSink, asGrpcError, parseGrpcTimeout } from './grpc-call.js';
import { GrpcConnection } from './grpc-connection.js';
import { GrpcCode, GrpcError, unavailable } from './grpc-error.js';
import { MemoryBudget } from './memory-budget.js';

/** Handles one call: takes the request's messages by what it answers. */
export type GrpcMethod = (call: GrpcCall, headers: IncomingHttpHeaders) => RequestSink;

/** Finds the method of a path `/package.Service/Method`; undefined for one that there is not. */
export type GrpcRouter = (path: string) => GrpcMethod | undefined;

const MAX_CONNECTIONS = 4_096;
/** Bytes that all calls hold of messages that are not whole. */
const MAX_PARTIAL_BYTES = 256 * 1024 * 1024;

/** A gRPC server over cleartext HTTP/2, on `node:http2` itself: it writes many messages at once, as they are stored. */
export class GrpcServer {
  readonly #server: Server;
  readonly #open = new Set<GrpcConnection>();
  readonly #calls = new Map<GrpcCall, string>();
  /** Connections that have not said anything yet, the oldest first. */
  readonly #silent = new Set<GrpcConnection>();
  /** Connections without a call, the one that has been without for longest first. */
  readonly #idle = new Set<GrpcConnection>();
  readonly #partial = new MemoryBudget(MAX_PARTIAL_BYTES);
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
    if (this.#open.size < MAX_CONNECTIONS) return true;
    const [silent] = this.#silent;
    const [idle] = this.#idle;
    const connection = silent ?? idle;
    if (connection === undefined) return false;
    this.#silent.delete(connection);
    this.#idle.delete(connection);
    connection.giveWay();
    return true;
  }

  #connect(socket: Socket): void {
    if (!this.#hasRoom()) {
      socket.destroy();
      return;
    }
    const connection = new GrpcConnection(socket, {
      stream: (stream, headers) => this.#accept(stream, headers),
      spoke: () => this.#silent.delete(connection),
      isIdle: (isIdle) => (isIdle ? this.#idle.add(connection) : this.#idle.delete(connection)),
      closed: () => {
        for (const connections of [this.#open, this.#silent, this.#idle]) connections.delete(connection);
      },
    });
    this.#open.add(connection);
    this.#silent.add(connection);
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
    const timer = setTimeout(() => {
      for (const connection of this.#open) connection.destroy();
    }, graceMs);
    await Promise.all([...this.#open].map((connection) => connection.close()));
    clearTimeout(timer);
  }
}
