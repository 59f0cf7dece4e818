import websocket from '@fastify/websocket';
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { fastify, LogController } from 'fastify';
import type { Logger } from 'pino';
import type { CommandHandler } from '../eventstore/commands.js';
import type { EventStore } from '../eventstore/event-store.js';
import type { Policies } from '../policies/runner.js';
import type { Hints } from '../projections/hints.js';
import type { ReadDatabase } from '../projections/prepared.js';
import type { Projector } from '../projections/projector.js';
import { openChanges } from './changes.js';
import type { ApiServices, RequestScope } from './context.js';
import { apiError, requestError } from './errors.js';
import { createGraphQL, GRAPHQL_PATH } from './graphql.js';
import { addHealth } from './health.js';
import { answerJson, jsonRequest, requireJson } from './json-endpoint.js';
import { DEFAULT_LIMITS } from './limits.js';
import type { ApiLimits } from './limits.js';
import { refusalOf } from './origin.js';
import { correlationIdOf } from './request-scope.js';
import { ConnectionSlots, SubscriptionSlots } from './subscription-slots.js';
import type { Access, Authenticate } from './viewer.js';
import { createAuthenticator } from './viewer.js';
import { WaitingRoom } from './waiting-room.js';
import { createWebSocketHandler } from './websocket.js';

export interface ServerOptions {
  readonly handler: CommandHandler;
  readonly store: Pick<EventStore, 'head'>;
  /** Its pool serves queries; `waitFor` and subscriptions hold no connection while they wait. */
  readonly database: ReadDatabase;
  readonly hints: Hints;
  readonly projector: Pick<Projector, 'waitFor' | 'status'>;
  readonly policies?: Pick<Policies, 'waitFor'>;
  /** From the store's genesis. */
  readonly storeId: string;
  readonly access: Access;
  readonly log: Logger;
  readonly limits?: Partial<ApiLimits>;
  /** A page at `/graphql` to try queries on: for development. */
  readonly graphiql?: boolean;
  /** Origins of web pages that may use the API from a browser; none where it is left out: CORS is off. */
  readonly allowedOrigins?: readonly string[];
  readonly now?: () => Date;
}

/** What is where, for who asks for nothing in particular. */
const SIGNPOST = `Fillbook\n\nGraphQL: ${GRAPHQL_PATH}\nLive: /health/live\nReady: /health/ready\n`;
/** How long `close` waits for clients to take what they were sent. */
const CLOSE_WAIT_MS = 3_000;
const END_WAIT_MS = 500;
const CLOSE_IDLE_MS = 50;
/** WebSocket close code 1001: the server goes away. */
const GOING_AWAY = 1001;

/**
 * Makes the API's HTTP server: GraphQL at `/graphql` (POST, GET, SSE, graphql-transport-ws), health at `/health/live` and
 * `/health/ready`. `close()` ends subscriptions, waits for requests in flight, and leaves the stores to whoever opened them.
 */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const { access, log, graphiql = false, allowedOrigins = [] } = options;
  const services = servicesOf(options);
  const authenticate = createAuthenticator(access);
  const endpoint = createGraphQL(services, { graphiql, allowedOrigins });
  // Where it listens is for whoever started it to say: of Fastify's own lines only warnings are wanted.
  const loggerInstance: FastifyBaseLogger = log.child({}, { level: log.isLevelEnabled('info') ? 'warn' : log.level });
  const app: FastifyInstance = fastify({ loggerInstance, logController: new LogController({ disableRequestLogging: true }), bodyLimit: services.limits.bodyBytes, forceCloseConnections: 'idle' });

  app.setErrorHandler((error, _request, reply) => sendError(error, reply, log));
  // First of all: its hooks free the sockets of upgrades that later hooks refuse.
  await app.register(websocket, {
    options: { maxPayload: services.limits.bodyBytes },
    preClose: async () => {
      await endStreams(app, services);
      closeSockets(app);
    },
  });
  app.addHook('onRequest', (request, _reply, done) => {
    const refusal = refusalOf(request.headers, { allowedOrigins, loopbackOnly: access.mode === 'development' });
    done(refusal === undefined ? undefined : apiError('FORBIDDEN', refusal));
  });
  addHealth(app, services);
  app.get('/', (_request, reply) => reply.type('text/plain; charset=utf-8').send(SIGNPOST));

  const answer = async (request: FastifyRequest, reply: FastifyReply, scope: RequestScope): Promise<unknown> => {
    const response = await endpoint.handleNodeRequestAndResponse(request, reply, { ...scope });
    for (const [name, value] of response.headers) reply.header(name, value);
    reply.header('x-correlation-id', scope.correlationId);
    // Yoga refuses what a client does not accept by the status alone.
    if (response.status === 406) throw apiError('NOT_ACCEPTABLE', `accept: must have ${response.headers.get('accept')?.replaceAll('; charset=utf-8', '') ?? 'another media type'}`);
    return reply.code(response.status).send(response.body);
  };
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const scope = await scopeOf(request, authenticate);
    const plain = jsonRequest(request);
    // A browser may ask for CORS headers, which are Yoga's.
    if (!plain || request.headers.origin !== undefined) return answer(request, reply, scope);
    reply.header('x-correlation-id', scope.correlationId);
    return (await answerJson({ endpoint, services }, plain, scope, reply, request.headers.accept)) ? reply : answer(request, reply, scope);
  };
  app.route({ method: 'GET', url: GRAPHQL_PATH, handler, wsHandler: createWebSocketHandler(endpoint, authenticate, services) });
  app.route({ method: 'POST', url: GRAPHQL_PATH, onRequest: requireJson, handler });
  // What a browser asks before it sends another page's request has no token, and gets no data.
  if (allowedOrigins.length > 0) app.route({ method: 'OPTIONS', url: GRAPHQL_PATH, handler: (request, reply) => answer(request, reply, NOBODY) });
  return app;
}

const NOBODY: RequestScope = {
  viewer: { tenantId: '', accountIds: [], actor: 'nobody', expiresAtMs: undefined },
  correlationId: '',
  connectionSlots: new ConnectionSlots(),
};

function servicesOf({ database, handler, store, projector, policies, hints, log, storeId, limits: given, now = () => new Date() }: ServerOptions): ApiServices {
  const limits = { ...DEFAULT_LIMITS, ...given };
  return {
    database,
    handler,
    store,
    projector,
    policies,
    limits,
    log,
    storeId,
    now,
    waitingRoom: new WaitingRoom(limits.waiters),
    changes: openChanges({ database, hints, log, pollMs: limits.changePollMs }),
    subscriptionSlots: new SubscriptionSlots(limits),
    openStreams: new Set(),
  };
}

const scopeOf = async ({ headers }: FastifyRequest, authenticate: Authenticate): Promise<RequestScope> => ({
  viewer: await authenticate(headers.authorization),
  correlationId: correlationIdOf(headers),
  connectionSlots: new ConnectionSlots(),
});

/** Errors before GraphQL begins (no token, no JSON, too large) have the form of GraphQL's. */
function sendError(error: unknown, reply: FastifyReply, log: Logger): FastifyReply {
  const { status, body } = requestError(error, log);
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  return reply.code(status).send(body);
}

/** Subscriptions are told that they are complete before their connections go; a client that takes nothing is not waited for. */
async function endStreams({ server }: FastifyInstance, { openStreams, changes }: ApiServices): Promise<void> {
  changes.close();
  const finished = Promise.all(
    [...openStreams].map((stream) => {
      stream.end();
      return stream.finished;
    }),
  );
  // Connections that are kept alive become idle one after the other, as their last answers are taken.
  const closing = setInterval(() => server.closeIdleConnections(), CLOSE_IDLE_MS).unref();
  const forced = setTimeout(() => server.closeAllConnections(), CLOSE_WAIT_MS).unref();
  server.once('close', () => {
    clearInterval(closing);
    clearTimeout(forced);
  });
  await Promise.race([finished, after(END_WAIT_MS)]);
  // What was just ended is sent before the sockets are closed.
  await after(0);
}

const after = (waitMs: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, waitMs);
  });

function closeSockets({ websocketServer }: FastifyInstance): void {
  for (const client of websocketServer.clients) {
    client.close(GOING_AWAY, 'the server is stopping');
    setTimeout(() => client.terminate(), CLOSE_WAIT_MS).unref();
  }
  websocketServer.close();
}
