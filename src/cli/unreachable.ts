import { EventStoreError } from '../eventstore/errors.js';

/** Codes of Node's and Postgres's own errors that mean that a store cannot be reached. */
const UNREACHABLE = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT', 'EHOSTUNREACH', '57P01', '57P03', '28P01', '3D000']);

export const codeOf = (error: unknown): string | undefined => (error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined);

/** Whether a store does not answer, as against one that answers what nobody wants to hear. */
export function isUnreachable(error: unknown): boolean {
  if (error instanceof EventStoreError) return error.isTransient;
  if (error instanceof AggregateError) return error.errors.some((each) => isUnreachable(each));
  return UNREACHABLE.has(codeOf(error) ?? '');
}

/** What an error says; where it stands for several (each address of a name was tried), all of it. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map((each) => messageOf(each)).join('; ');
  return error instanceof Error ? error.message : String(error);
}
