import { randomUUID } from 'node:crypto';
import grpcStreams from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { BatchAppendReq, BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import { parseUUID } from '@eventstore/db-client/dist/utils/grpcUUID.js';
import type { EventStoreDBClient } from '@eventstore/db-client';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { batchRequest, readAnswer } from './batch-messages.js';
import type { BatchAnswer, PreparedAppend } from './batch-messages.js';
import type { Connection } from './connection.js';
import { EventStoreError } from './errors.js';
import { toStoreError } from './store-errors.js';

interface Pending {
  readonly stream: string;
  readonly sentAtMs: number;
  readonly settle: (answer: BatchAnswer) => void;
  readonly fail: (error: unknown) => void;
}

/** One batch-append call on one client, with the appends that it has not answered. */
interface OpenCall {
  readonly client: EventStoreDBClient;
  readonly duplex: ClientDuplexStream<BatchAppendReq, BatchAppendResp>;
  readonly pending: Map<string, Pending>;
  lastAnswerAtMs: number;
  /** Resolves when the call may be written to again. */
  drained: Promise<void> | undefined;
}

const inDoubt = (error: EventStoreError): BatchAnswer => ({ kind: 'in_doubt', error });

/**
 * The batch-append call of a connection, opened at the first append and again after it broke. The client's own keeps the
 * pending appends of all clients of a process in one map, rejects them all when one client's call breaks, fails the process
 * (a TypeError in a stream's handler) when an answer arrives for one of them afterwards, and waits for ever for a server that
 * does not answer. So this one drives the client's stub itself: each call has its own map, each append its own deadline.
 */
export class AppendCall {
  #open: Promise<OpenCall> | undefined;

  constructor(private readonly connection: Connection) {}

  /**
   * Sends an append once. Where it is not known what became of it (no answer within `deadlineMs`, the call broke), the answer
   * is `in_doubt`. Throws an `EventStoreError` where it was refused for a reason that lasts.
   */
  async send(append: PreparedAppend, deadlineMs: number): Promise<BatchAnswer> {
    const started = Date.now();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), deadlineMs);
    });
    try {
      const client = this.connection.client;
      const call = await Promise.race([this.#openCall(), late]);
      if (call === 'late') return this.#unanswered(client, 'no connection', deadlineMs);
      if (call.drained && (await Promise.race([call.drained, late])) === 'late') return this.#unanswered(call.client, 'nothing was taken', deadlineMs);
      return await this.#exchange(call, append, deadlineMs - (Date.now() - started), late);
    } catch (error) {
      const failure = toStoreError(error, `append to ${append.stream}`);
      if (failure.isTransient) return inDoubt(failure);
      throw failure;
    } finally {
      clearTimeout(timer);
    }
  }

  async #exchange(call: OpenCall, append: PreparedAppend, leftMs: number, late: Promise<'late'>): Promise<BatchAnswer> {
    const correlationId = randomUUID();
    const answered = new Promise<BatchAnswer>((settle, fail) => {
      call.pending.set(correlationId, { stream: append.stream, sentAtMs: Date.now(), settle, fail });
    });
    try {
      if (!call.duplex.write(batchRequest(append, correlationId, Math.max(1, leftMs)))) awaitDrain(call);
      const answer = await Promise.race([answered, late]);
      if (answer !== 'late') return answer;
      const sentAtMs = call.pending.get(correlationId)?.sentAtMs ?? 0;
      // Where others were answered meanwhile, the connection lives and only this append is slow.
      if (call.lastAnswerAtMs >= sentAtMs) return inDoubt(new EventStoreError('deadline', `append to ${append.stream}: no answer in time`));
      return this.#unanswered(call.client, 'no answer', leftMs);
    } finally {
      call.pending.delete(correlationId);
    }
  }

  /** The server says nothing: its connection is given up, so that the next try is made on a new one. */
  #unanswered(client: EventStoreDBClient, what: string, deadlineMs: number): BatchAnswer {
    this.#open = undefined;
    this.connection.replace(client);
    return inDoubt(new EventStoreError('deadline', `the event store did not answer: ${what} within ${Math.round(deadlineMs)} ms`));
  }

  #openCall(): Promise<OpenCall> {
    if (this.#open) return this.#open;
    const forget = (): void => {
      if (this.#open === opening) this.#open = undefined;
    };
    const opening: Promise<OpenCall> = openCall(this.connection.client, forget);
    this.#open = opening;
    opening.catch(forget);
    return opening;
  }
}

/** Opens the call; `onBroken` is called once it can no longer be used. */
async function openCall(client: EventStoreDBClient, onBroken: () => void): Promise<OpenCall> {
  // Protected in the client's types; its version is pinned. It takes care of a cluster's leader and of broken channels.
  const open = client['GRPCStreamCreator'](grpcStreams.StreamsClient, 'batchAppend', (stub) =>
    stub.batchAppend(...client['callArguments']({}, { deadline: Infinity })),
  );
  const duplex = await open();
  const call: OpenCall = { client, duplex, pending: new Map(), lastAnswerAtMs: 0, drained: undefined };
  const broken = (error: unknown): void => {
    onBroken();
    const failure = toStoreError(error, 'batch append');
    for (const { fail } of call.pending.values()) fail(failure);
    call.pending.clear();
  };
  duplex.on('data', (response: BatchAppendResp) => takeAnswer(call, response));
  duplex.on('error', broken);
  duplex.on('end', () => broken(new Error('the call ended')));
  return call;
}

function takeAnswer(call: OpenCall, response: BatchAppendResp): void {
  call.lastAnswerAtMs = Date.now();
  const correlation = response.getCorrelationId();
  const pending = correlation && call.pending.get(parseUUID(correlation));
  // Answers to appends that were given up are dropped: they are resolved by sending them again.
  if (!pending) return;
  try {
    pending.settle(readAnswer(response, pending.stream));
  } catch (error) {
    pending.fail(error);
  }
}

function awaitDrain(call: OpenCall): void {
  call.drained ??= new Promise<void>((resolve) => {
    const done = (): void => {
      call.drained = undefined;
      resolve();
    };
    call.duplex.once('drain', done);
    call.duplex.once('close', done);
  });
}
