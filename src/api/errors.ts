import { randomUUID } from 'node:crypto';
import { GraphQLError } from 'graphql';
import type { GraphQLErrorExtensions } from 'graphql';
import type { Logger } from 'pino';
import type { z } from 'zod';
import type { Rejection } from '../domain/decider.js';
import { EventStoreError, InvalidEventError } from '../eventstore/errors.js';
import { WaitTimeoutError } from '../projections/reached.js';

/*
 * The only place that knows what an error looks like to a GraphQL client. A mutation's refusals are values in its payload
 * (`UserError`); everything else is a GraphQL error with `extensions.code`, and `extensions.field` where an input is at fault.
 */

/** Codes of GraphQL errors. A payload's errors use these too, beside the domain's own rejection codes in upper case. */
export type ErrorCode =
  | 'BAD_USER_INPUT'
  | 'CURSOR_MISMATCH'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'NOT_ACCEPTABLE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'LIMIT_EXCEEDED'
  | 'WAIT_TIMEOUT'
  | 'UNAVAILABLE'
  | 'INTERNAL_SERVER_ERROR';

const HTTP_STATUS: Partial<Record<ErrorCode, number>> = { UNAUTHENTICATED: 401, FORBIDDEN: 403, NOT_ACCEPTABLE: 406, UNSUPPORTED_MEDIA_TYPE: 415 };

/** An error that a client is meant to read. */
export function apiError(code: ErrorCode, message: string, field?: string): GraphQLError {
  const status = HTTP_STATUS[code];
  return new GraphQLError(message, {
    extensions: { code, ...(field === undefined ? {} : { field }), ...(status === undefined ? {} : { http: { status } }) },
  });
}

/** What is wrong with one input of a mutation: part of its payload. */
export interface UserError {
  readonly code: string;
  readonly message: string;
  readonly field: string | undefined;
}

export const userError = (code: ErrorCode, message: string, field?: string): UserError => ({ code, message, field });

/** Fields of a mutation's input that stand beside its `terms`, `target` or `change`. */
const BESIDE: ReadonlySet<string> = new Set(['accountId', 'clOrdId', 'idempotencyKey', 'orderId', 'positionId', 'change']);

/** How the input of a command names what the domain knows otherwise. */
export interface InputNames {
  /** The field that the domain's own field names stand in. */
  readonly within?: string | undefined;
  /** The field that an intent's key was made of, and what was given there. */
  readonly key?: { readonly field: 'clOrdId' | 'idempotencyKey'; readonly given: string };
}

/** A domain rejection as a client sees it. */
export function rejectionError({ code, message, field }: Rejection, { within, key }: InputNames): UserError {
  // The domain has the whole key of the command, with its scope: it is ours, and says nothing to who gave one field of it.
  if (key && code === 'idempotency_key_reused') return { code: code.toUpperCase(), message: `${key.field}: ${JSON.stringify(key.given)} was used before with another input`, field: key.field };
  const path = field === undefined || within === undefined || BESIDE.has(field) ? field : `${within}.${field}`;
  return { code: code.toUpperCase(), message, field: path };
}

/** Zod says what it expected and got; who forgot a field wants to hear that. */
const complaintOf = (issue: z.core.$ZodIssue): string => (issue.code === 'invalid_type' && issue.message.endsWith('received undefined') ? 'is required' : issue.message);

/**
 * The problems that a schema found, each with the path of its field as the client knows it: an event's `data` is the input
 * itself, and `within` the field that was parsed.
 */
export function inputErrors(error: z.ZodError, within?: string): UserError[] {
  return error.issues.flatMap((issue) => {
    const own = issue.path[0] === 'data' ? issue.path.slice(1) : issue.path;
    const path = within === undefined ? own : [within, ...own];
    const fields = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path];
    const complaint = issue.code === 'unrecognized_keys' ? 'does not belong to this kind of input' : complaintOf(issue);
    return fields.map((parts) => {
      const field = parts.map(String).join('.');
      return userError('BAD_USER_INPUT', field === '' ? complaint : `${field}: ${complaint}`, field === '' ? undefined : field);
    });
  });
}

/** Errors of connections and of Postgres that pass by themselves: SQLSTATE classes 08, 53, 57, and the system's own. */
const TRANSIENT_CODES = /^(?:08\w{3}|53\w{3}|57\w{3}|ECONN\w+|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)$/u;

/** SQLSTATE character_not_in_repertoire: what is asked for cannot be in any row. */
const UNSTORABLE_CHARACTER = '22021';

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** What an error means to a client, if it may know. */
function knownError(error: unknown): UserError | undefined {
  if (error instanceof InvalidEventError) {
    const field = error.field.replace(/^data\./u, '');
    return userError('BAD_USER_INPUT', `${field}: ${error.reason}`, field);
  }
  if (error instanceof WaitTimeoutError) return userError('WAIT_TIMEOUT', `waitFor: ${error.message}; ask again`, 'waitFor');
  if (error instanceof EventStoreError) {
    if (error.isTransient) return userError('UNAVAILABLE', 'the event store does not answer in time: send it again, under the same key');
    if (error.code === 'too_large') return userError('BAD_USER_INPUT', 'is larger than one event may be');
  }
  if (codeOf(error) === UNSTORABLE_CHARACTER) return userError('BAD_USER_INPUT', 'a text holds a character that cannot be stored (NUL)');
  if (TRANSIENT_CODES.test(codeOf(error))) return userError('UNAVAILABLE', 'a store does not answer: try again');
  return undefined;
}

/** Logs an error that is nobody's business but ours, under an id that the client is given. */
function logged(error: unknown, log: Logger): string {
  const errorId = randomUUID();
  log.error({ err: error, errorId }, 'request failed');
  return errorId;
}

/** An error that was thrown while one of many inputs was dealt with, as a part of the payload. */
export function caughtError(error: unknown, log: Logger): UserError {
  return knownError(error) ?? userError('INTERNAL_SERVER_ERROR', `something went wrong here; it is in the log as ${logged(error, log)}`);
}

/**
 * What a client sees of an error that reached the top: GraphQL's own and `apiError`s as they are, what we know by its code,
 * and of anything else only an id, under which it was logged.
 */
export function maskError(error: unknown, log: Logger): Error {
  if (!(error instanceof GraphQLError)) return maskCause(error, undefined, log);
  const cause = error.originalError;
  if (!cause) return withCode(error);
  return cause instanceof GraphQLError ? withCode(error) : maskCause(cause, error, log);
}

function maskCause(cause: unknown, at: GraphQLError | undefined, log: Logger): GraphQLError {
  const known = knownError(cause);
  const place = { nodes: at?.nodes ?? null, path: at?.path ?? null };
  if (known) return new GraphQLError(known.message, { ...place, extensions: { code: known.code, field: known.field } });
  const errorId = logged(cause, log);
  return new GraphQLError(`something went wrong here; it is in the log as ${errorId}`, { ...place, extensions: { code: 'INTERNAL_SERVER_ERROR', errorId } });
}

/** Where graphql-js says which part of a variable it could not read: `Variable "$input" got invalid value … at "input.side"; …`. */
const INVALID_VARIABLE = /^Variable "\$(\w+)"(?: got invalid value [\s\S]*? at "([^"]+)";)?/u;
/** … `; Field "price" of required type "Decimal!" was not provided.` */
const INVALID_PART = /; Field "(\w+)" (?:of required type|is not defined by type)/u;

function fieldIn(message: string): string | undefined {
  const [, variable, place] = INVALID_VARIABLE.exec(message) ?? [];
  const [, part] = INVALID_PART.exec(message) ?? [];
  const field = place ?? variable;
  return field === undefined || part === undefined ? field : `${field}.${part}`;
}

/** Errors of GraphQL itself (parse, validate, coerce) have no code, or none that says whose fault it is. */
function withCode(error: GraphQLError): GraphQLError {
  // The query compiler's errors have no extensions at all.
  const given: GraphQLErrorExtensions = error.extensions ?? {};
  const code = given['code'] === undefined || given['code'] === 'INTERNAL_SERVER_ERROR' ? 'BAD_USER_INPUT' : given['code'];
  const field = given['field'] ?? fieldIn(error.message);
  if (code === given['code'] && field === given['field']) return error;
  return extended(error, { ...given, code, ...(field === undefined ? {} : { field }) });
}

function extended(error: GraphQLError, extensions: GraphQLErrorExtensions): GraphQLError {
  const { nodes, source, positions, path, originalError } = error;
  return new GraphQLError(error.message, { nodes: nodes ?? null, source: source ?? null, positions: positions ?? null, path: path ?? null, originalError: originalError ?? null, extensions });
}

/** The error as it is sent: what it asks of HTTP is not the client's business. */
export function withoutHttp(error: GraphQLError): GraphQLError {
  if (error.extensions?.http === undefined) return error;
  const { http: _http, ...extensions } = error.extensions;
  return extended(error, extensions);
}

/** HTTP status and code of what is wrong with a request before GraphQL reads it (Fastify's own errors carry a status). */
function httpStatusOf(error: unknown): number {
  if (error instanceof GraphQLError) return error.extensions.http?.status ?? 400;
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500;
}

/** The answer to a request that never got to GraphQL, in the form of GraphQL's own answers. */
export function requestError(error: unknown, log: Logger): { readonly status: number; readonly body: { readonly errors: readonly { readonly message: string; readonly extensions: object }[] } } {
  const status = httpStatusOf(error);
  const isClients = status >= 400 && status < 500 && error instanceof Error;
  const shown = error instanceof GraphQLError || !isClients ? maskError(error, log) : apiError(status === 413 ? 'LIMIT_EXCEEDED' : 'BAD_USER_INPUT', error.message);
  const { http: _http, ...extensions } = shown instanceof GraphQLError ? shown.extensions : {};
  return { status, body: { errors: [{ message: shown.message, extensions }] } };
}
