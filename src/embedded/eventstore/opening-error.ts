import { FolderNotWritableError } from '../errors.js';
import { StoreDamagedError } from './damage.js';
import { GrpcError } from './grpc-error.js';

/** LMDB's errors have no code; these are the system's words for a disk that takes no more. */
const DISK_FAULT = /No space left|Input\/output error|Read-only file system|quota exceeded/iu;

/** What kept the store in `dir` from being opened, as its user reads it. */
export function openingError(dir: string, error: unknown): Error {
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof GrpcError) return new StoreDamagedError(`${dir}: ${reason}`, { cause: error });
  if (!DISK_FAULT.test(reason)) return new Error(`${dir}: ${reason}`, { cause: error });
  return new FolderNotWritableError(`the event store in ${dir} cannot be opened, nothing can be written (is the disk full?): ${reason}`, { cause: error });
}
