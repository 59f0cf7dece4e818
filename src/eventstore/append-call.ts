import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import grpcStreams from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { EventStoreDBClient } from '@eventstore/db-client';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { batchRequest, readResponse } from './batch-messages.js';
import type { BatchAnswer, BatchResponse, PreparedAppend } from './batch-messages.js';
import type { Connection } from './connection.js';
import { EventStoreError } from './errors.js';
import { toStoreError } from './store-errors.js';

interface Pending {
  readonly stream: string;
  readonly settle: (answer: BatchAnswer) => void;
  readonly fail: (error: unknown) => void;
  readonly timer: NodeJS.Timeout;
}

/** One batch-append call on one client, with the appends that it has not answered. */
interface OpenCall {
  readonly client: EventStoreDBClient;
  readonly duplex: ClientDuplexStream<Buffer, BatchResponse>;
  readonly pending: Map<string, Pending>;
  lastAnswerAtMs: number;
  /** Resolves when the call may be written to again. */
  drained: Promise<void> | undefined;
}

const inDoubt = (error: EventStoreError): BatchAnswer => ({ kind: 'in_doubt', error });
const noAnswer = (doing: string, deadlineMs: number): BatchAnswer =>
  inDoubt(new EventStoreError('deadline', `${doing}: the event store did not answer within ${deadlineMs} ms`));

/**
 * The batch-append call of a connection, opened at the first append and again after it broke. The client's own keeps the
 * pending appends of all clients of a process in one map, rejects them all when one client's call breaks, fails the process
 * (a TypeError in a stream's handler) when an answer arrives for one of them afterwards, and waits for ever for a server that
 * does not answer. So this one drives the client's stub itself: each call has its own map, each append its own deadline.
 */
export class AppendCall {
  #opening: Promise<OpenCall> | undefined;
  #open: OpenCall | undefined;

  constructor(private readonly connection: Connection) {}

  /**
   * Sends an append once. Where it is not known what became of it (no answer within `deadlineMs`, the call broke), the answer
   * is `in_doubt`. Throws an `EventStoreError` where it was refused for a reason that lasts.
   */
  async send(append: PreparedAppend, deadlineMs: number): Promise<BatchAnswer> {
    try {
      const call = this.#open && !this.#open.drained ? this.#open : await this.#ready(deadlineMs);
      if (call) return await this.#exchange(call, append, deadlineMs);
      this.#giveUp(this.connection.client);
      return noAnswer(`append to ${append.stream}`, deadlineMs);
    } catch (error) {
      const failure = toStoreError(error, `append to ${append.stream}`);
      if (failure.isTransient) return inDoubt(failure);
      throw failure;
    }
  }

  /** Writes the request; the answer comes with its correlation id, or the deadline before it. */
  #exchange(call: OpenCall, append: PreparedAppend, deadlineMs: number): Promise<BatchAnswer> {
    const correlationId = randomUUID();
    const sentAtMs = Date.now();
    return new Promise<BatchAnswer>((settle, fail) => {
      const timer = setTimeout(() => {
        call.pending.delete(correlationId);
        // Where others were answered meanwhile, the connection lives and only this append is slow.
        if (call.lastAnswerAtMs < sentAtMs) this.#giveUp(call.client);
        settle(noAnswer(`append to ${append.stream}`, deadlineMs));
      }, deadlineMs);
      call.pending.set(correlationId, { stream: append.stream, settle, fail, timer });
      if (!call.duplex.write(batchRequest(append, correlationId, deadlineMs))) awaitDrain(call);
    });
  }

  /** An open call that takes more; undefined where there is none within `deadlineMs`. */
  async #ready(deadlineMs: number): Promise<OpenCall | undefined> {
    const late = new AbortController();
    const timeout = delay(deadlineMs, undefined, { signal: late.signal }).catch(() => undefined);
    try {
      const opening = this.#openCall();
      const call = await Promise.race([opening, timeout]);
      if (call && this.#opening === opening) this.#open = call;
      const drained = call?.drained;
      if (!drained) return call;
      return await Promise.race([drained.then(() => call), timeout]);
    } finally {
      late.abort();
    }
  }

  /** The server says nothing: its connection is given up, so that the next try is made on a new one. */
  #giveUp(client: EventStoreDBClient): void {
    this.#opening = undefined;
    this.#open = undefined;
    this.connection.replace(client);
  }

  #openCall(): Promise<OpenCall> {
    if (this.#opening) return this.#opening;
    const forget = (): void => {
      if (this.#opening !== opening) return;
      this.#opening = undefined;
      this.#open = undefined;
    };
    const opening: Promise<OpenCall> = openCall(this.connection.client, forget);
    this.#opening = opening;
    opening.catch(forget);
    return opening;
  }
}

/** Opens the call; `onBroken` is called once it can no longer be used. */
async function openCall(client: EventStoreDBClient, onBroken: () => void): Promise<OpenCall> {
  // Protected in the client's types; its version is pinned. It takes care of a cluster's leader and of broken channels.
  const open = client['GRPCStreamCreator'](grpcStreams.StreamsClient, 'batchAppend', (stub) =>
    stub.makeBidiStreamRequest(grpcStreams.StreamsService.batchAppend.path, (bytes: Buffer) => bytes, readResponse, ...client['callArguments']({}, { deadline: Infinity })),
  );
  const duplex = await open();
  const call: OpenCall = { client, duplex, pending: new Map(), lastAnswerAtMs: 0, drained: undefined };
  const broken = (error: unknown): void => {
    onBroken();
    const failure = toStoreError(error, 'batch append');
    for (const { fail, timer } of call.pending.values()) {
      clearTimeout(timer);
      fail(failure);
    }
    call.pending.clear();
  };
  duplex.on('data', (response: BatchResponse) => takeAnswer(call, response));
  duplex.on('error', broken);
  duplex.on('end', () => broken(new Error('the call ended')));
  return call;
}

function takeAnswer(call: OpenCall, response: BatchResponse): void {
  call.lastAnswerAtMs = Date.now();
  const pending = call.pending.get(response.correlationId);
  // Answers to appends that were given up are dropped: they are resolved by sending them again.
  if (!pending) return;
  call.pending.delete(response.correlationId);
  clearTimeout(pending.timer);
  try {
    pending.settle(response.answer(pending.stream));
  } catch (error) {
    pending.fail(error);
  }
}

function awaitDrain(call: OpenCall): void {
  call.drained ??= new Promise<void>((resolve) => {
    const done = (): void => {
      // Both listeners go: a call that lives long waits many times.
      call.duplex.off('drain', done).off('close', done);
      call.drained = undefined;
      resolve();
    };
    call.duplex.once('drain', done);
    call.duplex.once('close', done);
  });
}
