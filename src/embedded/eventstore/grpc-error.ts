/** Status codes of gRPC that this server answers. */
export const GrpcCode = {
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
} as const;

export type GrpcCode = (typeof GrpcCode)[keyof typeof GrpcCode];

/** Ends a call with a status; `trailers` carry the details that EventStoreDB's clients turn into typed errors. */
export class GrpcError extends Error {
  override readonly name = 'GrpcError';
  constructor(
    readonly code: GrpcCode,
    message: string,
    readonly trailers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

export const invalidArgument = (message: string): GrpcError => new GrpcError(GrpcCode.invalidArgument, message);

export const unavailable = (message: string): GrpcError => new GrpcError(GrpcCode.unavailable, message);

export const streamDeleted = (stream: string): GrpcError =>
  new GrpcError(GrpcCode.failedPrecondition, `Event stream '${stream}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': stream,
  });

/** The refusal of a delete; `expected` and `actual` are EventStoreDB's numbers (-1 no stream, -2 any, -4 stream exists). */
export const deleteRefused = (stream: string, expected: bigint, actual: bigint): GrpcError =>
  new GrpcError(
    GrpcCode.failedPrecondition,
    `Delete failed due to WrongExpectedVersion. Stream: ${stream}, Expected version: ${expected}, Actual version: ${actual}`,
    {
      exception: 'wrong-expected-version',
      'stream-name': stream,
      'expected-version': String(expected),
      'actual-version': String(actual),
    },
  );

export const appendTooLarge = (limitBytes: number): GrpcError =>
  new GrpcError(GrpcCode.invalidArgument, `Maximum Append Size of ${limitBytes} Exceeded.`, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': String(limitBytes),
  });

export const missingMetadata = (property: string): GrpcError =>
  new GrpcError(GrpcCode.invalidArgument, `Required Metadata Property '${property}' is missing`, {
    exception: 'missing-required-metadata-property',
    'required-metadata-properties': 'type,content-type',
  });
