import type { ExecutionArgs } from 'graphql';
import { GraphQLError } from 'graphql';
import type { Context, SubscribePayload } from 'graphql-ws';
import type { Extra } from 'graphql-ws/use/@fastify/websocket';
import { makeHandler } from 'graphql-ws/use/@fastify/websocket';
import type { ApiServices, RequestScope } from './context.js';
import { apiError, maskError, withoutHttp } from './errors.js';
import type { GraphQLEndpoint } from './graphql.js';
import { correlationIdOf } from './request-scope.js';
import { ConnectionSlots } from './subscription-slots.js';
import type { Authenticate, AuthenticatedViewer } from './viewer.js';

interface Connection extends Record<PropertyKey, unknown> {
  viewer: AuthenticatedViewer;
  slots: ConnectionSlots;
}
type Params = Record<string, unknown> | undefined;
type Socket = Context<Params, Extra & Partial<Connection>>;

/** How long a client may take to say who it is. */
const INIT_WAIT_MS = 5_000;

/** A browser cannot send headers with a WebSocket: the token comes in the connection's parameters, as `authorization`. */
function authorizationOf({ connectionParams, extra }: Socket): string | undefined {
  const given = connectionParams?.['authorization'] ?? connectionParams?.['Authorization'];
  return typeof given === 'string' ? given : extra.request.headers.authorization;
}

function scopeOf({ extra: { viewer, slots, request } }: Socket): RequestScope {
  if (!viewer || !slots) throw apiError('UNAUTHENTICATED', 'the connection was not initialised');
  // The connection may live longer than the token that opened it.
  if (viewer.expiresAtMs !== undefined && viewer.expiresAtMs <= Date.now()) throw apiError('UNAUTHENTICATED', 'the token has expired');
  return { viewer, correlationId: correlationIdOf(request.headers), connectionSlots: slots };
}

/** GraphQL over WebSocket, by the protocol `graphql-transport-ws`: queries, mutations and subscriptions. */
export function createWebSocketHandler(endpoint: GraphQLEndpoint, authenticate: Authenticate, { log }: Pick<ApiServices, 'log'>) {
  async function argumentsOf(socket: Socket, { query, operationName, variables }: SubscribePayload): Promise<ExecutionArgs | readonly GraphQLError[]> {
    const { schema, contextFactory, parse, validate } = endpoint.getEnveloped(scopeOf(socket));
    const document = parse(query);
    const errors: readonly GraphQLError[] = validate(schema, document);
    if (errors.length > 0) return errors.map((error) => maskedError(error));
    return { schema, document, operationName: operationName ?? null, variableValues: variables ?? null, contextValue: await contextFactory() };
  }

  const maskedError = (error: unknown): GraphQLError => {
    const masked = maskError(error, log);
    return masked instanceof GraphQLError ? withoutHttp(masked) : new GraphQLError(masked.message);
  };
  const { execute, subscribe } = endpoint.getEnveloped();

  return makeHandler<Params, Connection>({
    connectionInitWaitTimeout: INIT_WAIT_MS,
    // Pothos keeps its caches by the context: without this, requests that fail early would have none.
    context: () => ({}),
    execute: (args) => execute(args),
    subscribe: (args) => subscribe(args),
    async onConnect(socket) {
      try {
        socket.extra.viewer = await authenticate(authorizationOf(socket));
        socket.extra.slots = new ConnectionSlots();
        return true;
      } catch (error) {
        log.debug({ err: error }, 'a WebSocket was refused');
        return false;
      }
    },
    async onSubscribe(socket, _id, payload) {
      try {
        return await argumentsOf(socket, payload);
      } catch (error) {
        return [maskedError(error)];
      }
    },
  });
}
