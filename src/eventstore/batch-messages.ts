import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { Status } from '@eventstore/db-client/generated/status_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import { parseUUID } from '@eventstore/db-client/dist/utils/grpcUUID.js';
import { status } from '@grpc/grpc-js';
import { batchRequestBytes, proposedMessages, readSuccess } from './batch-wire.js';
import { EventStoreError } from './errors.js';
import type { ExpectedRevision, SealedEvent } from './event-store.js';

/** The most bytes of one append: under the server's limit of 1 MiB, which counts names and frames too. */
const MAX_APPEND_BYTES = 1_000_000;

/** An append whose bytes are fixed: however often it is sent, it is the same. */
export interface PreparedAppend {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  /** The events as they stand in the request. */
  readonly messages: Buffer;
}

/** What the server answered: the append's outcome, or that it is not known what became of it. */
export type BatchAnswer =
  | { readonly kind: 'appended'; readonly revision: bigint; readonly position: bigint | undefined }
  | { readonly kind: 'conflict'; readonly actual: bigint | undefined }
  | { readonly kind: 'in_doubt'; readonly error: EventStoreError };

/** Fixes an append's bytes. Throws `too_large` where they are over the limit. */
export function prepareAppend(stream: string, expected: ExpectedRevision, events: readonly SealedEvent[]): PreparedAppend {
  const messages = proposedMessages(
    events.map(({ id, type, data, metadata }) => ({ id, type, data: JSON.stringify(data), metadata: JSON.stringify(metadata) })),
  );
  if (messages.length > MAX_APPEND_BYTES) {
    throw new EventStoreError('too_large', `an append of ${messages.length} bytes to ${stream} is over the limit of ${MAX_APPEND_BYTES}`);
  }
  return { stream, expected, messages };
}

/** The request of one try: final, in one fragment. */
export const batchRequest = ({ stream, expected, messages }: PreparedAppend, correlationId: string, deadlineMs: number): Buffer =>
  batchRequestBytes({ correlationId, stream, expected, timeoutMs: deadlineMs }, messages);

/** An answer as it came: which append it is for, and what it says. */
export interface BatchResponse {
  readonly correlationId: string;
  /** Throws an `EventStoreError` where the append was refused for a reason that lasts. */
  answer(stream: string): BatchAnswer;
}

/** Reads a response; what is no plain success is left to the generated classes. */
export function readResponse(bytes: Buffer): BatchResponse {
  const success = readSuccess(bytes);
  if (success) {
    const { correlationId, revision, position } = success;
    return { correlationId, answer: () => ({ kind: 'appended', revision, position }) };
  }
  const response = streams.BatchAppendResp.deserializeBinary(bytes);
  const correlation = response.getCorrelationId();
  return { correlationId: correlation ? parseUUID(correlation) : '', answer: (stream) => readAnswer(response, stream) };
}

const DAMAGED: ReadonlySet<number> = new Set([status.DATA_LOSS]);
const DOUBTFUL: ReadonlySet<number> = new Set([
  status.CANCELLED,
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.RESOURCE_EXHAUSTED,
  status.ABORTED,
  status.INTERNAL,
  status.UNAVAILABLE,
]);

function refusal(error: Status, stream: string): BatchAnswer {
  const details = error.getDetails();
  const doing = `append to ${stream}`;
  const text = `${doing}: ${error.getMessage()}`;
  switch (details?.getTypeName()) {
    case 'event_store.client.WrongExpectedVersion': {
      const wrong = details.unpack((bytes) => shared.WrongExpectedVersion.deserializeBinary(bytes), 'event_store.client.WrongExpectedVersion');
      return { kind: 'conflict', actual: wrong?.hasCurrentStreamRevision() ? BigInt(wrong.getCurrentStreamRevision()) : undefined };
    }
    case 'event_store.client.StreamDeleted':
      throw new EventStoreError('stream_deleted', `${doing}: the stream was deleted for good`);
    case 'event_store.client.AccessDenied':
      throw new EventStoreError('access_denied', `${doing}: access denied`);
    case 'event_store.client.MaximumAppendSizeExceeded':
      throw new EventStoreError('too_large', text);
    case 'event_store.client.Timeout':
      return { kind: 'in_doubt', error: new EventStoreError('deadline', `${doing}: the server did not finish in time`) };
    case undefined:
    default:
      // A damaged part of the store cannot be appended to, however often it is tried.
      if (DAMAGED.has(error.getCode())) throw new EventStoreError('damaged', text);
      if (DOUBTFUL.has(error.getCode())) return { kind: 'in_doubt', error: new EventStoreError('unavailable', text) };
      throw new EventStoreError('protocol', text);
  }
}

/** Reads an answer. Throws an `EventStoreError` where the append was refused for a reason that lasts. */
function readAnswer(response: BatchAppendResp, stream: string): BatchAnswer {
  const error = response.getError();
  if (error) return refusal(error, stream);
  const success = response.getSuccess();
  if (!success?.hasCurrentRevision()) throw new EventStoreError('protocol', `append to ${stream}: an answer without outcome or revision`);
  const position = success.getPosition();
  return {
    kind: 'appended',
    revision: BigInt(success.getCurrentRevision()),
    position: position ? BigInt(position.getCommitPosition()) : undefined,
  };
}
