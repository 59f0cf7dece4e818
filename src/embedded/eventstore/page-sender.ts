import { frameTransform, transformFrames } from './frame-transform.js';
import type { GrpcCall } from './grpc-call.js';
import type { ReadRequest } from './read-request.js';
import type { EventStorage } from './storage.js';
import { nextTurn } from './turns.js';

/** Sends pages of stored frames to one call, no faster than its client reads: one page a call is all that is held. */
export class PageSender {
  readonly #call: GrpcCall;
  readonly #transform: ReturnType<typeof frameTransform>;

  constructor(call: GrpcCall, storage: EventStorage, request: ReadRequest) {
    this.#call = call;
    this.#transform = frameTransform(storage, request);
  }

  get closed(): boolean {
    return this.#call.closed;
  }

  /** Sends the frames in one write and waits until there is room for more; then other calls have their turn. */
  async send(parts: readonly Buffer[]): Promise<void> {
    if (!this.offer(parts)) await this.#call.drained();
    await nextTurn();
  }

  /** Sends the frames without waiting; false when the client does not keep up. */
  offer(parts: readonly Buffer[]): boolean {
    const frames = this.#transform === undefined ? parts : transformFrames(parts, this.#transform);
    const [only] = frames;
    if (only === undefined) return true;
    return this.#call.send(frames.length === 1 ? only : Buffer.concat(frames));
  }
}
