import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import type { DocumentNode, ExecutionResult } from 'graphql';
import { getOperationAST, GraphQLError, OperationTypeNode } from 'graphql';
import { contextOf } from './context.js';
import type { ApiServices, RequestScope } from './context.js';
import { apiError, maskError, withoutHttp } from './errors.js';
import type { GraphQLEndpoint } from './graphql.js';

const GRAPHQL_RESPONSE = 'application/graphql-response+json';

interface JsonRequest {
  readonly query: string;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>> | undefined;
}

/** What answers plain requests. */
export interface JsonAnswers {
  readonly endpoint: GraphQLEndpoint;
  readonly services: ApiServices;
}

/** A hook that refuses a request whose body says that it is no JSON before it is read. */
export function requireJson({ headers }: FastifyRequest, _reply: FastifyReply, done: HookHandlerDoneFunction): void {
  const given = headers['content-type'];
  const [mediaType = ''] = (given ?? '').split(';');
  const isJson = mediaType.trim().toLowerCase() === 'application/json';
  done(isJson ? undefined : apiError('UNSUPPORTED_MEDIA_TYPE', `content-type: must be application/json, ${given === undefined ? 'is missing' : `is ${JSON.stringify(given)}`}`));
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isAbsent = (value: unknown): value is null | undefined => value === null || value === undefined;

/**
 * The request, where it is the plain one: a query or mutation as JSON, to be answered as JSON. Anything else (GET, SSE, what is
 * not well-formed) is Yoga's to answer.
 */
export function jsonRequest({ method, headers, body }: FastifyRequest): JsonRequest | undefined {
  const { accept = '*/*', 'content-type': contentType = '' } = headers;
  if (method !== 'POST' || !contentType.startsWith('application/json') || accept.includes('event-stream') || accept.includes('multipart')) return undefined;
  if (!isRecord(body)) return undefined;
  const { query, operationName, variables, extensions, ...others } = body;
  if (typeof query !== 'string' || Object.keys(others).length > 0) return undefined;
  if (!isAbsent(operationName) && typeof operationName !== 'string') return undefined;
  if ((!isAbsent(variables) && !isRecord(variables)) || (!isAbsent(extensions) && !isRecord(extensions))) return undefined;
  return { query, operationName: operationName ?? undefined, variables: variables ?? undefined };
}

const isResult = (value: unknown): value is ExecutionResult => isRecord(value) && ('data' in value || 'errors' in value);

/**
 * Answers a plain request through Yoga's own parse, validate and execute, with its caches and plugins, but without making a
 * `Request` and a `Response` of it: that costs more than the answer. Undefined where the operation is a subscription.
 */
async function execute({ endpoint, services }: JsonAnswers, request: JsonRequest, scope: RequestScope): Promise<ExecutionResult | undefined> {
  const { schema, parse, validate, execute: run } = endpoint.getEnveloped();
  const document: DocumentNode = parse(request.query);
  const errors: readonly GraphQLError[] = validate(schema, document);
  if (errors.length > 0) return { errors };
  const operation = getOperationAST(document, request.operationName);
  if (!operation) throw new GraphQLError('Could not determine what operation to execute.', { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } });
  if (operation.operation === OperationTypeNode.SUBSCRIPTION) return undefined;
  const result: unknown = await run({ schema, document, contextValue: contextOf(services, scope), variableValues: request.variables, operationName: request.operationName });
  if (!isResult(result)) throw new Error('an operation that is no subscription had no single result');
  return result;
}

/**
 * The status that errors ask for. One that a request which is well-formed has by the specification alone (`spec`) is of its own
 * media type: for plain `application/json` such a request is answered by 200, whatever became of it.
 */
function statusOf(errors: readonly GraphQLError[], modern: boolean): number | undefined {
  const asked = errors.find(({ extensions }) => extensions?.http?.status !== undefined && (modern || extensions.http.spec !== true));
  return asked?.extensions.http?.status;
}

/** Sends what became of a plain request; `false` where it has to be answered as a stream. Status codes as in "GraphQL over HTTP". */
export async function answerJson(answers: JsonAnswers, request: JsonRequest, scope: RequestScope, reply: FastifyReply, accept: string | undefined): Promise<boolean> {
  let result: ExecutionResult | undefined;
  try {
    result = await execute(answers, request, scope);
  } catch (error) {
    const masked = maskError(error, answers.services.log);
    result = { errors: [masked instanceof GraphQLError ? masked : new GraphQLError(masked.message)] };
  }
  if (!result) return false;
  const modern = accept?.includes(GRAPHQL_RESPONSE) === true;
  const asked = result.errors && statusOf(result.errors, modern);
  reply.code(asked ?? (modern && !('data' in result) ? 400 : 200));
  reply.header('content-type', `${modern ? GRAPHQL_RESPONSE : 'application/json'}; charset=utf-8`);
  reply.send(JSON.stringify(result.errors ? { errors: result.errors.map((error) => withoutHttp(error)), ...('data' in result ? { data: result.data } : {}) } : { data: result.data }));
  return true;
}
