import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { Status } from '@eventstore/db-client/generated/status_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { BatchAppendReq, BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import { status } from '@grpc/grpc-js';
import protobufTimestamp from 'google-protobuf/google/protobuf/timestamp_pb.js';
import protobufEmpty from 'google-protobuf/google/protobuf/empty_pb.js';
import { EventStoreError } from './errors.js';
import type { ExpectedRevision, SealedEvent } from './event-store.js';

/** The most bytes of one append: under the server's limit of 1 MiB, which counts names and frames too. */
export const MAX_APPEND_BYTES = 1_000_000;

/** An append whose bytes are fixed: however often it is sent, it is the same. */
export interface PreparedAppend {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly messages: readonly BatchAppendReq.ProposedMessage[];
  readonly sizeBytes: number;
}

/** What the server answered: the append's outcome, or that it is not known what became of it. */
export type BatchAnswer =
  | { readonly kind: 'appended'; readonly revision: bigint; readonly position: bigint | undefined }
  | { readonly kind: 'conflict'; readonly actual: bigint | undefined }
  | { readonly kind: 'in_doubt'; readonly error: EventStoreError };

function proposedMessage(event: SealedEvent, data: Buffer, metadata: Buffer): BatchAppendReq.ProposedMessage {
  const id = new shared.UUID();
  id.setString(event.id);
  const message = new streams.BatchAppendReq.ProposedMessage();
  message.setId(id);
  message.getMetadataMap().set('type', event.type).set('content-type', 'application/json');
  message.setData(data);
  message.setCustomMetadata(metadata);
  return message;
}

/** Fixes an append's bytes. Throws `too_large` where they are over the limit. */
export function prepareAppend(stream: string, expected: ExpectedRevision, events: readonly SealedEvent[]): PreparedAppend {
  let sizeBytes = 0;
  const messages = events.map((event) => {
    const [data, metadata] = [Buffer.from(JSON.stringify(event.data)), Buffer.from(JSON.stringify(event.metadata))];
    sizeBytes += data.length + metadata.length + event.type.length;
    return proposedMessage(event, data, metadata);
  });
  if (sizeBytes > MAX_APPEND_BYTES) {
    throw new EventStoreError('too_large', `an append of ${sizeBytes} bytes to ${stream} is over the limit of ${MAX_APPEND_BYTES}`);
  }
  return { stream, expected, messages, sizeBytes };
}

/** The request of one try: final, in one fragment. */
export function batchRequest(append: PreparedAppend, correlationId: string, deadlineMs: number): BatchAppendReq {
  const identifier = new shared.StreamIdentifier();
  identifier.setStreamName(Buffer.from(append.stream));
  const options = new streams.BatchAppendReq.Options();
  options.setStreamIdentifier(identifier);
  const deadline = new protobufTimestamp.Timestamp();
  deadline.fromDate(new Date(Date.now() + deadlineMs));
  options.setDeadline(deadline);
  if (append.expected === 'no_stream') options.setNoStream(new protobufEmpty.Empty());
  else options.setStreamPosition(append.expected.toString());
  const correlation = new shared.UUID();
  correlation.setString(correlationId);
  const request = new streams.BatchAppendReq();
  request.setOptions(options);
  request.setCorrelationId(correlation);
  request.setIsFinal(true);
  request.setProposedMessagesList([...append.messages]);
  return request;
}

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
      if (DOUBTFUL.has(error.getCode())) return { kind: 'in_doubt', error: new EventStoreError('unavailable', text) };
      throw new EventStoreError('protocol', text);
  }
}

/** Reads an answer. Throws an `EventStoreError` where the append was refused for a reason that lasts. */
export function readAnswer(response: BatchAppendResp, stream: string): BatchAnswer {
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
