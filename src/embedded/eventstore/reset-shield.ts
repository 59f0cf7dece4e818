import { Duplex } from 'node:stream';

const PREFACE_BYTES = 24;
const FRAME_HEAD_BYTES = 9;
const RST_STREAM = 3;
const RST_STREAM_BYTES = FRAME_HEAD_BYTES + 4;

type Done = (error?: Error | null) => void;

/**
 * A connection whose client may cancel as many calls as it likes. node's HTTP/2 (nghttp2) ends a connection with an error after
 * 1,000 resets by the client and more than 33 a second since, and Node 20 has no option for it; a client that reads a little and cancels,
 * as EventStoreDB's do, comes to that in a minute. So RST_STREAM frames are taken out of what the client sends, and `reset` is told
 * instead: it closes the stream from this side. All other bytes pass as they are. While node writes it does not read: `reset` may be
 * told of a stream whose head still waits here.
 */
export class ResetShield extends Duplex {
  readonly #socket: Duplex;
  readonly #reset: (streamId: number) => void;
  /** Bytes that pass before the next frame's head. */
  #passing = PREFACE_BYTES;
  /** The start of a frame of which the rest has not come. */
  #held: Buffer | undefined;

  constructor(socket: Duplex, reset: (streamId: number) => void) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    this.#reset = reset;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  #take(chunk: Buffer): void {
    const input = this.#held === undefined ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = undefined;
    let kept = 0;
    let at = 0;
    while (at < input.length) {
      const passed = Math.min(this.#passing, input.length - at);
      this.#passing -= passed;
      at += passed;
      const rest = input.length - at;
      if (rest === 0) break;
      const isReset = rest >= 4 && input[at + 3] === RST_STREAM && input.readUIntBE(at, 3) === 4;
      if (rest < FRAME_HEAD_BYTES || (isReset && rest < RST_STREAM_BYTES)) {
        this.#held = input.subarray(at);
        break;
      }
      if (isReset) {
        this.#forward(input.subarray(kept, at));
        this.#reset(input.readUInt32BE(at + 5) & 0x7fffffff);
        at += RST_STREAM_BYTES;
        kept = at;
      } else this.#passing = FRAME_HEAD_BYTES + input.readUIntBE(at, 3);
    }
    this.#forward(input.subarray(kept, input.length - (this.#held?.length ?? 0)));
  }

  #forward(bytes: Buffer): void {
    if (bytes.length > 0 && !this.push(bytes)) this.#socket.pause();
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#socket.write(chunk, done);
  }

  override _writev(chunks: { chunk: Buffer; encoding: BufferEncoding }[], done: Done): void {
    this.#socket.cork();
    for (const [index, { chunk }] of chunks.entries()) {
      if (index < chunks.length - 1) this.#socket.write(chunk);
      else this.#socket.write(chunk, done);
    }
    this.#socket.uncork();
  }

  override _final(done: Done): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#socket.destroy();
    done(error);
  }
}
