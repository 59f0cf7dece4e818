import { type ServerHttp2Stream, constants } from 'node:http2';
import { GrpcCode, GrpcError, invalidArgument } from './grpc-error.js';
import { BudgetPart, type MemoryBudget } from './memory-budget.js';
import { ProtobufError } from './protobuf.js';

/** The largest message that is taken, in bytes: an append's limit is 1 MiB of data, its metadata may be more. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** What a client is told that compresses its messages: to send them as they are. */
const ACCEPTED_ENCODINGS = { 'grpc-accept-encoding': 'identity' } as const;

/** Parts of a message that are smaller than this are joined as they come. */
const SMALL_PART_BYTES = 4_096;

/** How long a client may go on with a request after it has its answer. */
const REQUEST_END_MS = 5_000;

/** Where a handler takes the messages of a call. */
export interface RequestSink {
  message(message: Buffer): void;
  /** The client has sent its last message. */
  end(): void;
}

/** `grpc-message` is percent-encoded: all but printable ASCII, and the percent sign. */
const encodeMessage = (text: string): string => text.replaceAll(/[^\u0020-\u0024\u0026-\u007e]+/gu, encodeURIComponent);

/** A header's value holds printable ASCII only: other characters go percent-encoded. */
const headerValue = (text: string): string => text.replaceAll(/[^\u0020-\u007e]+/gu, encodeURIComponent);

const timeoutUnits: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Milliseconds of a `grpc-timeout` header; undefined for none. */
export function parseGrpcTimeout(header: string | undefined): number | undefined {
  const match = header === undefined ? null : /^(\d{1,8})([HMSmun])$/.exec(header);
  const unit = timeoutUnits[match?.[2] ?? ''];
  return match?.[1] === undefined || unit === undefined ? undefined : Math.min(Number(match[1]) * unit, MAX_TIMER_MS);
}

/** What was thrown, as the status that the client gets: INVALID_ARGUMENT for bytes that are no protobuf, INTERNAL for a bug. */
export function asGrpcError(error: unknown): GrpcError {
  if (error instanceof GrpcError) return error;
  if (error instanceof ProtobufError) return invalidArgument(`the request is not valid protobuf: ${error.message}`);
  return new GrpcError(GrpcCode.internal, error instanceof Error ? error.message : String(error));
}

/** One gRPC call over an HTTP/2 stream: takes messages, sends framed ones, ends with a status. */
export class GrpcCall {
  readonly #stream: ServerHttp2Stream;
  readonly #closeListeners = new Set<() => void>();
  #parts: Buffer[] = [];
  #received = 0;
  /** What has come of a message that is not whole. */
  readonly #held: BudgetPart;
  #timer: NodeJS.Timeout | undefined;
  #outbox: Buffer[] = [];
  #requestEnded = false;
  /** The call is over: nothing that is sent goes out any more. */
  closed = false;
  /** The last message had to wait for the client. */
  wasCongested = false;

  /** `budget` bounds what all calls hold of messages that are not whole. */
  constructor(stream: ServerHttp2Stream, timeoutMs: number | undefined, budget: MemoryBudget) {
    this.#stream = stream;
    this.#held = new BudgetPart(budget);
    stream.on('close', () => this.#close());
    // A reset or a lost connection ends in 'close'; without a listener it would be an uncaught exception.
    stream.on('error', () => this.#close());
    if (timeoutMs !== undefined) {
      this.#timer = setTimeout(() => this.fail(new GrpcError(GrpcCode.deadlineExceeded, 'Deadline Exceeded')), timeoutMs);
      this.#timer.unref();
    }
  }

  #close(): void {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.#timer);
    this.#outbox = [];
    this.#held.hold(0);
    for (const listener of this.#closeListeners) listener();
    this.#closeListeners.clear();
  }

  /**
   * Whether nobody takes an answer any more. Of a client that is gone in the middle of its request node says that the request
   * has ended before it says that the stream is closed: what is not whole must not be carried out.
   */
  #isOver(): boolean {
    const { destroyed, closed, aborted } = this.#stream;
    if (destroyed || closed || aborted) this.#close();
    return this.closed;
  }

  /** Writes to the stream; one that is closed under it ends the call, and nothing else. */
  #attempt<Result>(otherwise: Result, work: () => Result): Result {
    if (this.#isOver()) return otherwise;
    try {
      return work();
    } catch {
      this.#close();
      this.#stream.destroy();
      return otherwise;
    }
  }

  /** Calls `listener` once, when the call is over; at once if it is. */
  onClose(listener: () => void): void {
    if (this.closed) listener();
    else this.#closeListeners.add(listener);
  }

  offClose(listener: () => void): void {
    this.#closeListeners.delete(listener);
  }

  /** Hands the request's messages to `sink`; what it throws ends the call. */
  receive(sink: RequestSink): void {
    const guarded = (work: () => void): void => {
      if (this.#isOver()) return;
      try {
        work();
      } catch (error) {
        this.fail(asGrpcError(error));
      }
    };
    this.#stream.on('data', (chunk: Buffer) =>
      guarded(() => {
        this.#take(chunk, sink);
        if (this.closed || this.#held.hold(this.#received)) return;
        throw new GrpcError(GrpcCode.resourceExhausted, 'too many bytes of messages wait for their rest');
      }),
    );
    this.#stream.on('end', () => {
      this.#requestEnded = true;
      guarded(() => sink.end());
    });
  }

  #take(chunk: Buffer, sink: RequestSink): void {
    this.#keep(chunk);
    this.#received += chunk.length;
    while (this.#received >= 5) {
      const head = this.#gather(5);
      const size = head.readUInt32BE(1);
      if (head[0] !== 0) throw new GrpcError(GrpcCode.unimplemented, 'compressed messages are not supported', ACCEPTED_ENCODINGS);
      if (size > MAX_MESSAGE_BYTES) {
        throw new GrpcError(GrpcCode.resourceExhausted, `a message of ${size} bytes is over the limit of ${MAX_MESSAGE_BYTES}`);
      }
      if (this.#received < 5 + size) return;
      const whole = this.#gather(5 + size);
      this.#parts[0] = whole.subarray(5 + size);
      this.#received -= 5 + size;
      sink.message(whole.subarray(5, 5 + size));
      if (this.closed) return;
    }
  }

  /** Keeps a part; small ones are joined, to twice their size each time: a part of one byte costs a hundred. */
  #keep(chunk: Buffer): void {
    let part = chunk;
    for (let last = this.#parts.at(-1); last && last.length <= part.length && part.length < SMALL_PART_BYTES; last = this.#parts.at(-1)) {
      this.#parts.pop();
      part = Buffer.concat([last, part]);
    }
    this.#parts.push(part);
  }

  /** Joins the first parts until the first one has `size` bytes. */
  #gather(size: number): Buffer {
    const first = this.#parts[0] ?? Buffer.alloc(0);
    if (first.length >= size) return first;
    const joined = Buffer.concat(this.#parts);
    this.#parts = [joined];
    return joined;
  }

  /** Stops and goes on taking messages: HTTP/2's flow control then holds the client back. */
  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  /** Sends framed messages; false when the client does not read fast enough: then wait for `drained`. */
  send(frames: Buffer): boolean {
    return this.#attempt(true, () => {
      this.#respond();
      const room = this.#stream.write(frames);
      this.wasCongested = !room;
      return room;
    });
  }

  /** Sends framed messages together with others of the same turn of the event loop: one write for many small answers. */
  sendSoon(frames: Buffer): void {
    if (this.closed) return;
    this.#outbox.push(frames);
    if (this.#outbox.length === 1) process.nextTick(() => this.#flush());
  }

  #flush(): void {
    const frames = this.#outbox;
    this.#outbox = [];
    const [only] = frames;
    if (only !== undefined) this.send(frames.length === 1 ? only : Buffer.concat(frames));
  }

  /** Whether the client has not read what was sent. */
  get congested(): boolean {
    return this.#stream.writableNeedDrain;
  }

  /** Resolves once the client has read what was sent, or the call is over. */
  async drained(): Promise<void> {
    if (this.closed || !this.#stream.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#stream.off('drain', done);
        this.offClose(done);
        resolve();
      };
      this.#stream.on('drain', done);
      this.onClose(done);
    });
  }

  #respond(): void {
    if (this.#stream.headersSent) return;
    this.#stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', ...ACCEPTED_ENCODINGS },
      { waitForTrailers: true },
    );
  }

  /** Ends the call with OK. */
  end(): void {
    this.#finish({ 'grpc-status': '0' });
  }

  /** Ends the call with an error. */
  fail(error: GrpcError): void {
    const details = Object.entries(error.trailers).map(([key, value]) => [key, headerValue(value)]);
    this.#finish({ 'grpc-status': String(error.code), 'grpc-message': encodeMessage(error.message), ...Object.fromEntries(details) });
  }

  #finish(trailers: Record<string, string>): void {
    this.#flush();
    this.#attempt(undefined, () => {
      this.#answerLast(trailers);
      this.#close();
      this.#discardRequest();
    });
  }

  #answerLast(trailers: Record<string, string>): void {
    const stream = this.#stream;
    if (!stream.headersSent) {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...trailers }, { endStream: true });
      return;
    }
    stream.once('wantTrailers', () => {
      if (!stream.destroyed && !stream.closed) stream.sendTrailers(trailers);
    });
    stream.end();
  }

  /**
   * The answer is complete: what the client still sends is thrown away, and a client that goes on for long after it has read the
   * answer is reset.
   */
  #discardRequest(): void {
    const stream = this.#stream;
    this.#parts = [];
    stream.removeAllListeners('data');
    stream.resume();
    if (this.#requestEnded) return;
    const reset = (): void => {
      const timer = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), REQUEST_END_MS);
      timer.unref();
      stream.once('close', () => clearTimeout(timer));
    };
    if (stream.writableFinished) reset();
    else stream.once('finish', reset);
  }
}
