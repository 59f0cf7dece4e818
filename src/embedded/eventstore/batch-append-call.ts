import { AppendedEvents, MAX_APPEND_BYTES, noRoomForAppends } from './append-call.js';
import {
  type BatchFragment,
  batchBadRequest,
  batchError,
  batchFailed,
  batchStreamDeleted,
  batchSuccess,
  batchTimeout,
  batchTooLarge,
  batchWrongExpectedVersion,
  readBatchFragment,
} from './batch-messages.js';
import type { GrpcCall, RequestSink } from './grpc-call.js';
import { GrpcCode, GrpcError } from './grpc-error.js';
import { BudgetPart } from './memory-budget.js';
import type { WriteOutcome, Writer } from './writer.js';

/** An append waits for its last fragment, and for the disk, no longer than this, or its own deadline if that is sooner. */
const WRITE_TIMEOUT_MS = 10_000;
/** Requests that one call may have unanswered before it is read no further. */
const MAX_UNANSWERED = 4_096;
/** Bytes that wait to be written, over all calls, before no call is read any further. */
const MAX_QUEUED_BYTES = 64 * 1024 * 1024;
/** Appends of one call of which the last fragment has not come. */
const MAX_UNFINISHED = 1_024;
/** What the id of a refused append costs while it is remembered. */
const REFUSED_BYTES = 128;

/** An append of which fragments come in. */
interface Unfinished {
  readonly stream: string;
  readonly expected: bigint;
  readonly deadlineMs: number;
  readonly appended: AppendedEvents;
  /** Set while further fragments are waited for. */
  timer: NodeJS.Timeout | undefined;
}

/** One `BatchAppend` call: many appends, each told apart by its correlation id, each answered once. */
export class BatchAppendCall implements RequestSink {
  readonly #call: GrpcCall;
  readonly #writer: Writer;
  readonly #unfinished = new Map<string, Unfinished>();
  /** Appends that were refused before their last fragment: what still comes of them is not answered again. */
  readonly #refused = new Set<string>();
  /** What they cost. */
  readonly #refusedHeld: BudgetPart;
  #unanswered = 0;
  #paused = false;
  /** The call goes on once the client has read its answers. */
  #awaitsRead = false;
  #ended = false;

  constructor(call: GrpcCall, writer: Writer) {
    this.#call = call;
    this.#writer = writer;
    this.#refusedHeld = new BudgetPart(writer.unfinished);
    call.onClose(() => {
      this.#refused.clear();
      this.#refusedHeld.hold(0);
      for (const { timer, appended } of this.#unfinished.values()) {
        clearTimeout(timer);
        appended.release();
      }
      this.#unfinished.clear();
    });
  }

  message(message: Buffer): void {
    this.#take(readBatchFragment(message, Date.now()));
    this.#holdBack();
  }

  end(): void {
    this.#ended = true;
    this.#endIfDone();
  }

  #endIfDone(): void {
    if (this.#ended && this.#unanswered === 0 && this.#unfinished.size === 0) this.#call.end();
  }

  #take(fragment: BatchFragment): void {
    const { correlation, correlationKey: key, events, isFinal } = fragment;
    if (this.#refused.has(key)) {
      if (isFinal) {
        this.#refused.delete(key);
        this.#refusedHeld.hold(this.#refused.size * REFUSED_BYTES);
      }
      return;
    }
    const unfinished = this.#unfinished.get(key) ?? this.#begin(fragment);
    if (unfinished === undefined) return;
    const { stream, appended } = unfinished;
    if (fragment.refusal !== undefined) {
      this.#refuse(fragment, batchError(correlation, stream, refusedAs(fragment.refusal)));
      return;
    }
    if (!events.every((event) => appended.add(event, stream.length))) {
      this.#refuse(fragment, batchError(correlation, stream, batchTooLarge(MAX_APPEND_BYTES)));
      return;
    }
    if (!isFinal && !appended.awaitMore(fragment.sizeBytes)) {
      this.#refuse(fragment, batchError(correlation, stream, batchFailed(noRoomForAppends())));
      return;
    }
    if (isFinal) this.#submit(key, correlation, unfinished);
    else unfinished.timer ??= this.#expireLater(key, correlation, unfinished);
  }

  #expireLater(key: string, correlation: Buffer, { stream, deadlineMs }: Unfinished): NodeJS.Timeout {
    const expire = (): void => this.#refuse({ correlationKey: key, isFinal: false }, batchError(correlation, stream, batchTimeout()));
    return setTimeout(expire, deadlineMs - Date.now());
  }

  /** The first fragment of an append; undefined where it is answered at once. */
  #begin(fragment: BatchFragment): Unfinished | undefined {
    const { correlation, correlationKey: key, options, refusal } = fragment;
    if (options === undefined) {
      const missing = batchBadRequest('options are missing: the first message of an append has to carry them');
      this.#refuse(fragment, batchError(correlation, '', refusal ? refusedAs(refusal) : missing));
      return undefined;
    }
    const { stream, expected } = options;
    const timeoutMs = Math.min(options.timeoutMs ?? WRITE_TIMEOUT_MS, WRITE_TIMEOUT_MS);
    if (timeoutMs <= 0) {
      this.#refuse(fragment, batchError(correlation, stream, batchTimeout()));
      return undefined;
    }
    if (this.#unfinished.size >= MAX_UNFINISHED) {
      throw new GrpcError(GrpcCode.resourceExhausted, `more than ${MAX_UNFINISHED} appends wait for their last message`);
    }
    const begun = { stream, expected, deadlineMs: Date.now() + timeoutMs, appended: new AppendedEvents(this.#writer.unfinished), timer: undefined };
    this.#unfinished.set(key, begun);
    return begun;
  }

  /** Answers an append that will not be submitted. */
  #refuse({ correlationKey: key, isFinal }: Pick<BatchFragment, 'correlationKey' | 'isFinal'>, frames: Buffer): void {
    const unfinished = this.#unfinished.get(key);
    clearTimeout(unfinished?.timer);
    unfinished?.appended.release();
    this.#unfinished.delete(key);
    this.#call.sendSoon(frames);
    if (!isFinal) this.#remember(key);
    this.#endIfDone();
  }

  #remember(key: string): void {
    const [oldest] = this.#refused;
    if (oldest !== undefined && this.#refused.size >= MAX_UNFINISHED) this.#refused.delete(oldest);
    this.#refused.add(key);
    if (!this.#refusedHeld.hold(this.#refused.size * REFUSED_BYTES)) this.#call.fail(noRoomForAppends());
  }

  #submit(key: string, correlation: Buffer, { stream, expected, deadlineMs, appended, timer }: Unfinished): void {
    clearTimeout(timer);
    appended.release();
    this.#unfinished.delete(key);
    this.#unanswered += 1;
    // An append whose deadline passed while it waited is not written: the client has given up.
    let answered = false;
    const answer = (frames: Buffer): void => {
      if (answered) return;
      answered = true;
      this.#unanswered -= 1;
      this.#call.sendSoon(frames);
      this.#goOn();
      this.#endIfDone();
    };
    this.#writer.submit({
      kind: 'append',
      stream,
      expected,
      events: appended.events,
      sizeBytes: appended.sizeBytes,
      abandoned: () => {
        if (this.#call.closed) return true;
        if (Date.now() < deadlineMs) return false;
        answer(batchError(correlation, stream, batchTimeout()));
        return true;
      },
      answer: (outcome) => answer(batchAnswer(correlation, stream, expected, outcome)),
    });
  }

  /** Reads the call no further while too much of it waits; HTTP/2's flow control passes that on to the client. */
  #holdBack(): void {
    if (this.#paused) return;
    // A call that waits for no answer would not be woken by one.
    const tooMuch = this.#unanswered >= MAX_UNANSWERED || (this.#unanswered > 0 && this.#writer.queuedBytes >= MAX_QUEUED_BYTES);
    if (!tooMuch && !this.#call.congested) return;
    this.#paused = true;
    this.#call.pause();
    if (!tooMuch) this.#resumeOnceRead();
  }

  #goOn(): void {
    if (this.#paused && this.#unanswered < MAX_UNANSWERED / 2) this.#resumeOnceRead();
  }

  /** Answers that are not read hold back new requests as well; as there may be no further answer that would ask again, it waits. */
  #resumeOnceRead(): void {
    if (!this.#call.congested) this.#resume();
    else if (!this.#awaitsRead) void this.#resumeWhenRead();
  }

  async #resumeWhenRead(): Promise<void> {
    this.#awaitsRead = true;
    await this.#call.drained();
    this.#awaitsRead = false;
    this.#resume();
  }

  #resume(): void {
    this.#paused = false;
    this.#call.resume();
  }
}

/** EventStoreDB's error for what is malformed; of what is over a limit clients show the message. */
const refusedAs = (refusal: Error): ReturnType<typeof batchFailed> =>
  refusal instanceof GrpcError && refusal.code === GrpcCode.resourceExhausted ? batchFailed(refusal) : batchBadRequest(refusal.message);

function batchAnswer(correlation: Buffer, stream: string, expected: bigint, outcome: WriteOutcome): Buffer {
  switch (outcome.kind) {
    case 'written':
      return batchSuccess(correlation, stream, outcome.revision, outcome.position);
    case 'wrong-expected-version':
      return batchError(correlation, stream, batchWrongExpectedVersion(outcome.current, expected));
    case 'stream-deleted':
      return batchError(correlation, stream, batchStreamDeleted(stream));
    case 'failed':
      return batchError(correlation, stream, batchFailed(outcome.error));
    default:
      return outcome satisfies never;
  }
}
