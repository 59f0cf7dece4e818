import { createHash } from 'node:crypto';
import type { ProposedEvent } from './event-frame.js';
import { type GrpcError, invalidArgument } from './grpc-error.js';
import {
  EXPECT_ANY,
  EXPECT_NO_STREAM,
  EXPECT_STREAM_EXISTS,
  type WriteOptions,
  readProposedMessage,
  readUuid,
  readWriteOptions,
  writePosition,
  writeStreamIdentifier,
} from './messages.js';
import { ProtobufReader, ProtobufWriter, grpcFrame } from './protobuf.js';

/** One fragment of a batch append. `correlation` is the UUID message as it was sent: the answer repeats it. */
export interface BatchFragment {
  readonly correlation: Buffer;
  /** Tells this append from the others of its call. */
  readonly correlationKey: string;
  /** The options, or why they are refused. */
  readonly options: (WriteOptions & { readonly timeoutMs: number | undefined }) | undefined;
  readonly events: readonly ProposedEvent[];
  readonly isFinal: boolean;
  /** Bytes of the whole message. */
  readonly sizeBytes: number;
  /** Why this fragment is refused, if it is. */
  readonly refusal: Error | undefined;
}

function readSeconds(reader: ProtobufReader): number {
  let ms = 0;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) ms += Number(reader.int64()) * 1000;
    else if (field === 2) ms += Number(reader.int64()) / 1e6;
    else reader.skip();
  }
  return ms;
}

function readOptions(reader: ProtobufReader, nowMs: number): BatchFragment['options'] {
  let timeoutMs: number | undefined;
  const options = readWriteOptions(reader, (field, inner) => {
    if (field === 6) timeoutMs = readSeconds(inner.message()) - nowMs;
    else if (field === 7) timeoutMs = readSeconds(inner.message());
    else return false;
    return true;
  });
  return { ...options, timeoutMs };
}

function captured<Value>(errors: Error[], read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    errors.push(error instanceof Error ? error : new Error(String(error)));
    return undefined;
  }
}

/** A correlation id that is refused is told from others by its digest: it may be long, and is remembered. */
const keyOfRefused = (correlation: Buffer): string => createHash('sha256').update(correlation).digest('hex');

/**
 * Reads a `BatchAppendReq`. What is wrong inside is told by `refusal`, so that the answer can name the correlation id.
 * @throws GrpcError INVALID_ARGUMENT where there is no correlation id to name
 */
export function readBatchFragment(message: Buffer, nowMs: number): BatchFragment {
  const reader = new ProtobufReader(message);
  const errors: Error[] = [];
  const events: ProposedEvent[] = [];
  let correlation: Buffer = Buffer.alloc(0);
  let options: BatchFragment['options'];
  let isFinal = false;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) correlation = reader.bytes();
    else if (field === 2) {
      const inner = reader.message();
      options = captured(errors, () => readOptions(inner, nowMs));
    } else if (field === 3) {
      const inner = reader.message();
      const event = captured(errors, () => readProposedMessage(inner));
      if (event !== undefined) events.push(event);
    } else if (field === 4) isFinal = reader.boolean();
    else reader.skip();
  }
  if (correlation.length === 0) throw invalidArgument('correlation_id is missing');
  const id = readUuid(new ProtobufReader(correlation));
  if (id === undefined) errors.push(invalidArgument('correlation_id: a UUID other than nil was expected'));
  return { correlation, correlationKey: id ?? keyOfRefused(correlation), options, events, isFinal, sizeBytes: message.length, refusal: errors[0] };
}

/** A refused batch append, as `google.rpc.Status` tells it. */
interface BatchStatus {
  readonly code: number;
  readonly message: string;
  /** Name of the message that `details` holds. */
  readonly detailsType: string;
  readonly details: Buffer;
}

/** The errors of EventStoreDB: their message is the name of their details. */
const status = (code: number, name: string, write: (writer: ProtobufWriter) => unknown): BatchStatus => {
  const writer = new ProtobufWriter();
  write(writer);
  return { code, message: name, detailsType: `event_store.client.${name}`, details: writer.finish() };
};

export const batchTimeout = (): BatchStatus => status(4, 'Timeout', () => undefined);

export const batchTooLarge = (limitBytes: number): BatchStatus =>
  status(3, 'MaximumAppendSizeExceeded', (writer) => writer.uint32(1, limitBytes));

export const batchStreamDeleted = (stream: string): BatchStatus =>
  status(5, 'StreamDeleted', (writer) => writeStreamIdentifier(writer, 1, stream));

export const batchBadRequest = (message: string): BatchStatus => status(3, 'BadRequest', (writer) => writer.string(1, message));

/** A fault of the server (a full disk, a damaged file): clients show the message of a status whose details they do not know. */
export const batchFailed = ({ code, message }: Pick<GrpcError, 'code' | 'message'>): BatchStatus => ({
  code,
  message,
  detailsType: 'google.protobuf.Empty',
  details: Buffer.alloc(0),
});

/** `current` is -1 where there is no stream. */
export const batchWrongExpectedVersion = (current: bigint, expected: bigint): BatchStatus =>
  status(6, 'WrongExpectedVersion', (writer) => {
    if (current < 0n) writer.empty(2);
    else writer.uint64(1, current);
    if (expected === EXPECT_ANY) writer.empty(4);
    else if (expected === EXPECT_STREAM_EXISTS) writer.empty(5);
    else if (expected === EXPECT_NO_STREAM) writer.empty(6);
    else writer.uint64(3, expected);
  });

/** The framed answer to a refused batch append. */
export function batchError(correlation: Buffer, stream: string, { code, message, detailsType, details }: BatchStatus): Buffer {
  const writer = new ProtobufWriter().bytes(1, correlation).message(2, (error) =>
    error
      .uint32(1, code)
      .string(2, message)
      .message(3, (any) => any.string(1, `type.googleapis.com/${detailsType}`).bytes(2, details)),
  );
  return grpcFrame(writeStreamIdentifier(writer, 4, stream).finish());
}

/** The framed answer to an applied batch append; no `position` where the store names none, revision -1 where there is no stream. */
export function batchSuccess(correlation: Buffer, stream: string, revision: bigint, position: bigint | undefined): Buffer {
  const writer = new ProtobufWriter().bytes(1, correlation).message(3, (success) => {
    if (revision < 0n) success.empty(2);
    else success.uint64(1, revision);
    if (position === undefined) success.empty(4);
    else success.message(3, (inner) => writePosition(inner, position));
  });
  return grpcFrame(writeStreamIdentifier(writer, 4, stream).finish());
}
