import { status } from '@grpc/grpc-js';
import {
  AccessDeniedError,
  DeadlineExceededError,
  InvalidArgumentError,
  MaxAppendSizeExceededError,
  StreamDeletedError,
  TimeoutError,
  UnsupportedError,
} from '@eventstore/db-client';
import { EventStoreError } from './errors.js';

const LASTING: ReadonlySet<number> = new Set([status.INVALID_ARGUMENT, status.UNIMPLEMENTED, status.FAILED_PRECONDITION, status.OUT_OF_RANGE]);

/** Credentials that are wrong stay wrong: a batch append's call ends with the bare status. */
const REFUSED: ReadonlySet<number> = new Set([status.PERMISSION_DENIED, status.UNAUTHENTICATED]);

const codeOf = (error: unknown): number | undefined =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'number' ? error.code : undefined;

/**
 * What the client threw, as an error of ours. Everything that is not known to last counts as `unavailable`, since the
 * connection's own failures come in many forms (a reset, a refused connection, a cluster without a leader).
 */
export function toStoreError(error: unknown, doing: string): EventStoreError {
  if (error instanceof EventStoreError) return error;
  const message = `${doing}: ${error instanceof Error ? error.message : String(error)}`;
  const cause = { cause: error };
  if (error instanceof StreamDeletedError) return new EventStoreError('stream_deleted', message, cause);
  if (error instanceof AccessDeniedError) return new EventStoreError('access_denied', message, cause);
  if (error instanceof MaxAppendSizeExceededError) return new EventStoreError('too_large', message, cause);
  if (error instanceof DeadlineExceededError || error instanceof TimeoutError) return new EventStoreError('deadline', message, cause);
  if (error instanceof InvalidArgumentError || error instanceof UnsupportedError) return new EventStoreError('protocol', message, cause);
  const code = codeOf(error);
  if (code !== undefined && REFUSED.has(code)) return new EventStoreError('access_denied', message, cause);
  if (code === status.DATA_LOSS) return new EventStoreError('damaged', message, cause);
  return new EventStoreError(code !== undefined && LASTING.has(code) ? 'protocol' : 'unavailable', message, cause);
}
