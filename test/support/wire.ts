import { randomUUID } from 'node:crypto';
import { type ClientOptions, type ClientReadableStream, type Metadata, type ServiceError, credentials, status } from '@grpc/grpc-js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import timestamp from 'google-protobuf/google/protobuf/timestamp_pb.js';

// Calls below the client, by the stubs that are generated from EventStoreDB's own protocol: what a client of another language sends.

const { AppendReq, BatchAppendReq, DeleteReq, ReadReq, TombstoneReq } = streams;

/** The stub of the Streams service of a server on this machine. */
export const streamsStub = (port: number, options: ClientOptions = {}): InstanceType<typeof streamsGrpc.StreamsClient> =>
  new streamsGrpc.StreamsClient(`127.0.0.1:${port}`, credentials.createInsecure(), options);

export type StreamsStub = ReturnType<typeof streamsStub>;

interface WireError {
  readonly code: string;
  readonly details: string;
  readonly trailers: Record<string, string>;
}

const OWN_TRAILERS = new Set(['date', 'content-type', 'server']);

/** An error as `wire.json` shows it. */
function wireError(error: ServiceError): WireError {
  const trailers: Metadata = error.metadata;
  const entries = Object.entries(trailers.getMap()).filter(([key]) => !OWN_TRAILERS.has(key));
  return {
    code: status[error.code],
    details: error.details,
    trailers: Object.fromEntries(entries.map(([key, value]) => [key, String(value)])),
  };
}

const identifier = (stream: string): InstanceType<typeof shared.StreamIdentifier> => {
  const message = new shared.StreamIdentifier();
  message.setStreamName(Buffer.from(stream, 'utf8').toString('base64'));
  return message;
};

const uuid = (text: string): InstanceType<typeof shared.UUID> => {
  const message = new shared.UUID();
  message.setString(text);
  return message;
};

/** What is appended at: a name, or an exact revision. */
export type Expectation = 'any' | 'no_stream' | 'stream_exists' | number | bigint;

export interface ProposedShape {
  readonly id?: string;
  readonly metadata?: Record<string, string>;
  readonly data?: Uint8Array;
}

const usualMetadata = { type: 'happened', 'content-type': 'application/json' };

function appendOptions(stream: string, expected: Expectation): InstanceType<typeof AppendReq> {
  const options = new AppendReq.Options();
  options.setStreamIdentifier(identifier(stream));
  if (expected === 'any') options.setAny(new shared.Empty());
  else if (expected === 'no_stream') options.setNoStream(new shared.Empty());
  else if (expected === 'stream_exists') options.setStreamExists(new shared.Empty());
  else options.setRevision(String(expected));
  const request = new AppendReq();
  request.setOptions(options);
  return request;
}

function proposedMessage({ id, metadata = usualMetadata, data = Buffer.from('{}') }: ProposedShape): InstanceType<typeof AppendReq> {
  const message = new AppendReq.ProposedMessage();
  message.setId(uuid(id ?? randomUUID()));
  for (const [key, value] of Object.entries(metadata)) message.getMetadataMap().set(key, value);
  message.setData(data);
  const request = new AppendReq();
  request.setProposedMessage(message);
  return request;
}

/** One `Append`; `stream` undefined leaves the options out. Answers the response, or the error. */
export async function append(stub: StreamsStub, stream: string | undefined, expected: Expectation, events: readonly ProposedShape[]): Promise<unknown> {
  return new Promise((resolve) => {
    const call = stub.append((error, response) => resolve(error === null ? response?.toObject() : wireError(error)));
    if (stream !== undefined) call.write(appendOptions(stream, expected));
    for (const event of events) call.write(proposedMessage(event));
    call.end();
  });
}

export interface BatchShape {
  readonly stream?: string;
  readonly expected?: Expectation;
  readonly events: readonly ProposedShape[];
  readonly deadlineMs?: number;
  readonly isFinal?: boolean;
  readonly correlation?: string;
}

/** One message of a `BatchAppend` call. */
export function batchRequest({ stream, expected = 'any', events, deadlineMs, isFinal = true, correlation }: BatchShape): InstanceType<typeof BatchAppendReq> {
  const request = new BatchAppendReq();
  request.setCorrelationId(uuid(correlation ?? randomUUID()));
  request.setIsFinal(isFinal);
  if (stream !== undefined) request.setOptions(batchOptions(stream, expected, deadlineMs));
  for (const event of events) {
    const message = new BatchAppendReq.ProposedMessage();
    message.setId(uuid(event.id ?? randomUUID()));
    for (const [key, value] of Object.entries(event.metadata ?? usualMetadata)) message.getMetadataMap().set(key, value);
    message.setData(event.data ?? Buffer.from('{}'));
    request.addProposedMessages(message);
  }
  return request;
}

function batchOptions(stream: string, expected: Expectation, deadlineMs: number | undefined): InstanceType<typeof BatchAppendReq.Options> {
  const options = new BatchAppendReq.Options();
  options.setStreamIdentifier(identifier(stream));
  if (expected === 'any') options.setAny(new shared.Empty());
  else if (expected === 'no_stream') options.setNoStream(new shared.Empty());
  else if (expected === 'stream_exists') options.setStreamExists(new shared.Empty());
  else options.setStreamPosition(String(expected));
  if (deadlineMs !== undefined) {
    options.setDeadline(timestamp.Timestamp.fromDate(new Date(Date.now() + deadlineMs)));
  }
  return options;
}

/** Opens a `BatchAppend` call, sends the requests and answers the first response; undefined where none comes within `withinMs`. */
export async function batchAppend(stub: StreamsStub, requests: readonly BatchShape[], withinMs = 3_000): Promise<unknown> {
  const call = stub.batchAppend();
  try {
    return await new Promise<unknown>((resolve) => {
      const timer = setTimeout(() => resolve(undefined), withinMs);
      call.on('error', (error: ServiceError) => resolve(wireError(error)));
      call.on('data', (response: InstanceType<typeof streams.BatchAppendResp>) => {
        clearTimeout(timer);
        resolve(batchResponse(response));
      });
      for (const request of requests) call.write(batchRequest(request));
    });
  } finally {
    call.cancel();
  }
}

/** Opens a `BatchAppend` call, sends the requests, says that there are no more, and answers all that comes until the call ends. */
export async function batchAppendAll(stub: StreamsStub, requests: readonly BatchShape[]): Promise<unknown[]> {
  const call = stub.batchAppend();
  return new Promise((resolve) => {
    const answers: unknown[] = [];
    call.on('data', (response: InstanceType<typeof streams.BatchAppendResp>) => answers.push(batchResponse(response)));
    call.on('end', () => resolve(answers));
    call.on('error', (error: ServiceError) => resolve([...answers, wireError(error)]));
    for (const request of requests) call.write(batchRequest(request));
    call.end();
  });
}

/** A response as `wire.json` shows it. */
function batchResponse(response: InstanceType<typeof streams.BatchAppendResp>): unknown {
  const { correlationId: _, streamIdentifier, streamPosition, success } = response.toObject();
  const error = response.getError();
  const details = error?.getDetails();
  return {
    ...(success === undefined ? {} : { success }),
    ...(error === undefined
      ? {}
      : {
          error: {
            code: error.getCode(),
            message: error.getMessage(),
            detailsTypeUrl: details?.getTypeUrl(),
            detailsBytes: Buffer.from(details?.getValue_asU8() ?? []).toString('hex'),
          },
        }),
    streamIdentifier: Buffer.from(String(streamIdentifier?.streamName), 'base64').toString('utf8'),
    streamPosition,
  };
}

/** One `Delete` or `Tombstone`. */
export async function remove(stub: StreamsStub, kind: 'delete' | 'tombstone', stream: string, expected: 'any' | number | bigint): Promise<unknown> {
  return new Promise((resolve) => {
    const answer = (error: ServiceError | null, response?: { toObject(): unknown }): void => resolve(error === null ? response?.toObject() : wireError(error));
    if (kind === 'delete') {
      const options = new DeleteReq.Options();
      options.setStreamIdentifier(identifier(stream));
      if (expected === 'any') options.setAny(new shared.Empty());
      else options.setRevision(String(expected));
      const request = new DeleteReq();
      request.setOptions(options);
      stub.delete(request, answer);
    } else {
      const options = new TombstoneReq.Options();
      options.setStreamIdentifier(identifier(stream));
      if (expected === 'any') options.setAny(new shared.Empty());
      else options.setRevision(String(expected));
      const request = new TombstoneReq();
      request.setOptions(options);
      stub.tombstone(request, answer);
    }
  });
}

/** What a `Read` asks for; what is undefined is left out. */
export interface ReadShape {
  readonly stream?: string;
  readonly all?: boolean;
  readonly from?: 'start' | 'end' | number;
  readonly count?: number;
  readonly subscription?: boolean;
  readonly regex?: string;
  readonly window?: number;
  readonly checkpointMultiplier?: number;
  readonly withoutUuid?: boolean;
  readonly structured?: boolean;
  readonly resolveLinks?: boolean;
}

export function readRequest(shape: ReadShape): InstanceType<typeof ReadReq> {
  const options = new ReadReq.Options();
  if (shape.stream !== undefined) {
    const stream = new ReadReq.Options.StreamOptions();
    stream.setStreamIdentifier(identifier(shape.stream));
    if (shape.from === 'end') stream.setEnd(new shared.Empty());
    else if (shape.from === undefined || shape.from === 'start') stream.setStart(new shared.Empty());
    else stream.setRevision(String(shape.from));
    options.setStream(stream);
  }
  if (shape.all === true) {
    const all = new ReadReq.Options.AllOptions();
    if (shape.from === 'end') all.setEnd(new shared.Empty());
    else if (shape.from === undefined || shape.from === 'start') all.setStart(new shared.Empty());
    else {
      const position = new ReadReq.Options.Position();
      position.setCommitPosition(String(shape.from));
      position.setPreparePosition(String(shape.from));
      all.setPosition(position);
    }
    options.setAll(all);
  }
  if (shape.subscription === true) options.setSubscription(new ReadReq.Options.SubscriptionOptions());
  else options.setCount(String(shape.count ?? 100));
  options.setResolveLinks(shape.resolveLinks === true);
  setFilter(options, shape);
  if (shape.withoutUuid !== true) {
    const ids = new ReadReq.Options.UUIDOption();
    if (shape.structured === true) ids.setStructured(new shared.Empty());
    else ids.setString(new shared.Empty());
    options.setUuidOption(ids);
  }
  const control = new ReadReq.Options.ControlOption();
  control.setCompatibility(1);
  options.setControlOption(control);
  const request = new ReadReq();
  request.setOptions(options);
  return request;
}

function setFilter(options: InstanceType<typeof ReadReq.Options>, { regex, window, checkpointMultiplier = 1 }: ReadShape): void {
  if (regex === undefined) {
    options.setNoFilter(new shared.Empty());
    return;
  }
  const filter = new ReadReq.Options.FilterOptions();
  const expression = new ReadReq.Options.FilterOptions.Expression();
  expression.setRegex(regex);
  filter.setStreamIdentifier(expression);
  if (window === undefined) filter.setCount(new shared.Empty());
  else filter.setMax(window);
  filter.setCheckpointintervalmultiplier(checkpointMultiplier);
  options.setFilter(filter);
}

type ReadResponse = InstanceType<typeof streams.ReadResp>;

/** One message of a read by its kind. */
export function kindOf(response: ReadResponse): string {
  const kinds = Object.entries(streams.ReadResp.ContentCase);
  return kinds.find(([, number]) => number === response.getContentCase())?.[0] ?? 'NONE';
}

export interface ReadOutcome {
  readonly messages: ReadResponse[];
  /** `end`, `open` where nothing more came for a while, or the error. */
  readonly ending: 'end' | 'open' | WireError;
}

/** A call that is read while it goes on. */
export interface OpenRead {
  readonly messages: ReadResponse[];
  /** How it ended, once it has. */
  ending(): 'end' | WireError | undefined;
  cancel(): void;
}

/** Starts a read, a subscription say, and collects what comes. */
export function openRead(stub: StreamsStub, request: InstanceType<typeof ReadReq>): OpenRead {
  const call: ClientReadableStream<ReadResponse> = stub.read(request);
  const messages: ReadResponse[] = [];
  let ending: ReturnType<OpenRead['ending']>;
  call.on('data', (message: ReadResponse) => messages.push(message));
  call.on('end', () => (ending ??= 'end'));
  call.on('error', (error: ServiceError) => (ending ??= wireError(error)));
  return { messages, ending: () => ending, cancel: () => call.cancel() };
}

const SILENCE_MS = 400;

/** Reads until the call ends, or is silent for a while; then cancels it. */
export async function read(stub: StreamsStub, request: InstanceType<typeof ReadReq>): Promise<ReadOutcome> {
  const call: ClientReadableStream<ReadResponse> = stub.read(request);
  const messages: ReadResponse[] = [];
  const ending = await new Promise<ReadOutcome['ending']>((resolve) => {
    const timer = setTimeout(() => resolve('open'), SILENCE_MS);
    call.on('data', (message: ReadResponse) => {
      messages.push(message);
      timer.refresh();
    });
    call.on('end', () => resolve('end'));
    call.on('error', (error: ServiceError) => resolve(wireError(error)));
  });
  call.on('error', () => undefined);
  call.cancel();
  return { messages, ending };
}
