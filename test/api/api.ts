import { SignJWT } from 'jose';
import type { FastifyInstance } from 'fastify';
import { createClient } from 'graphql-ws';
import type { Client } from 'graphql-ws';
import { pino } from 'pino';
import { WebSocket } from 'ws';
import { createServer } from '../../src/api/server.js';
import type { ServerOptions } from '../../src/api/server.js';
import { connectEventStore } from '../../src/eventstore/client.js';
import type { CommandHandler } from '../../src/eventstore/commands.js';
import type { EventStore } from '../../src/eventstore/event-store.js';
import { ensureGenesis } from '../../src/eventstore/genesis.js';
import { createCommandHandler } from '../../src/eventstore/handle-command.js';
import { startPolicies } from '../../src/policies/runner.js';
import type { Policies } from '../../src/policies/runner.js';
import { PROJECTIONS } from '../../src/projections/catalogue.js';
import { openDatabase } from '../../src/projections/database.js';
import type { Database } from '../../src/projections/database.js';
import type { Hints } from '../../src/projections/hints.js';
import { migrate } from '../../src/projections/migrate.js';
import { postgresHints } from '../../src/projections/postgres-hints.js';
import { startProjector } from '../../src/projections/projector.js';
import type { Projector } from '../../src/projections/projector.js';
import { startTestEventStore } from '../support/event-store.js';
import { createTestDatabase } from '../support/postgres.js';

/** Of the tokens that a test makes. */
export const SECRET = 'a-secret-for-tests-that-is-long-enough';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export type Claims = Readonly<Record<string, unknown>>;

/** A bearer token of the viewer `sub` with these accounts, good for an hour unless told otherwise. */
export const tokenOf = (claims: Claims, secret = SECRET): Promise<string> =>
  new SignJWT({ sub: 'bot', tenant: 'default', accounts: 'all', exp: Math.floor(Date.now() / 1_000) + 3_600, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(secret));

/** Follows a path of keys and indices into JSON: `orders.edges.0.node.id`. Undefined where it leads nowhere. */
export function at(json: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined), json);
}

/** As `at`, of what must be a text. */
export function textAt(json: unknown, path: string): string {
  const value = at(json, path);
  if (typeof value !== 'string') throw new Error(`${path} is no text in ${JSON.stringify(json)}`);
  return value;
}

/** As `at`, of what must be a list. */
export function listAt(json: unknown, path: string): readonly unknown[] {
  const value = at(json, path);
  if (!Array.isArray(value)) throw new Error(`${path} is no list in ${JSON.stringify(json)}`);
  return value;
}

/** One HTTP server of the API, and a client of it. */
export class ApiServer {
  constructor(
    readonly app: FastifyInstance,
    readonly url: string,
  ) {}

  async post(query: string, variables: unknown = {}, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query, variables }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  }

  /** The data of an answer that has no errors. */
  async ask(query: string, variables: unknown = {}, token?: string): Promise<unknown> {
    const { body } = await this.post(query, variables, token === undefined ? {} : { authorization: `Bearer ${token}` });
    if (at(body, 'errors') !== undefined) throw new Error(`the answer has errors: ${JSON.stringify(at(body, 'errors'))}`);
    return at(body, 'data');
  }

  /** The first error of an answer. */
  async errorOf(query: string, variables: unknown = {}, token?: string): Promise<unknown> {
    const { body } = await this.post(query, variables, token === undefined ? {} : { authorization: `Bearer ${token}` });
    return at(body, 'errors.0');
  }

  webSocket(token?: string): Client {
    return createClient({
      url: `${this.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      ...(token === undefined ? {} : { connectionParams: { authorization: `Bearer ${token}` } }),
    });
  }

  /** The messages of a subscription over SSE, as they come; ends when the server completes it or `stop` is aborted. */
  async *sse(query: string, variables: unknown, stop: AbortSignal, token?: string): AsyncGenerator<unknown, void, void> {
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ query, variables }),
      signal: stop,
    });
    if (!response.body) throw new Error('the server sends no stream');
    let text = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const messages = text.split('\n\n');
      text = messages.pop() ?? '';
      for (const message of messages) {
        const [, json] = /^event: next\ndata: (.*)$/su.exec(message.trim()) ?? [];
        if (json !== undefined) yield JSON.parse(json);
      }
    }
  }
}

/** The real stores, projector and policies of a test's own, and any number of API servers on them. */
export class ApiStack {
  readonly #servers: ApiServer[] = [];

  private constructor(
    readonly store: EventStore,
    readonly storeId: string,
    readonly handler: CommandHandler,
    readonly database: Database,
    readonly hints: Hints,
    readonly projector: Projector,
    readonly policies: Policies,
    private readonly removeStores: () => Promise<unknown>,
  ) {}

  static async open(): Promise<ApiStack> {
    const [server, testDatabase] = await Promise.all([startTestEventStore(), createTestDatabase()]);
    await migrate(testDatabase.url);
    const store = connectEventStore({ url: server.url });
    const { storeId } = await ensureGenesis(store);
    const handler = createCommandHandler({ store, producer: 'fillbook/test' });
    const database = openDatabase(testDatabase.url, { max: 20 });
    const hints = postgresHints(testDatabase.url);
    const projector = await startProjector({ store, storeId, database, hints, projections: PROJECTIONS });
    const policies = startPolicies({ store, storeId, handler, database });
    return new ApiStack(store, storeId, handler, database, hints, projector, policies, () => Promise.all([server.stop(), testDatabase.drop()]));
  }

  /** A server in development mode on any free port, unless told otherwise. */
  async serve(options: Partial<ServerOptions> = {}): Promise<ApiServer> {
    const { store, storeId, handler, database, hints, projector, policies } = this;
    const stack = { store, storeId, handler, database, hints, projector, policies };
    const app = await createServer({ ...stack, access: { mode: 'development', tenantId: 'default' }, log: pino({ level: 'silent' }), ...options });
    const server = new ApiServer(app, await app.listen({ host: '127.0.0.1', port: 0 }));
    this.#servers.push(server);
    return server;
  }

  serveWithTokens(options: Partial<ServerOptions> = {}): Promise<ApiServer> {
    return this.serve({ access: { mode: 'token', secret: SECRET }, ...options });
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.map(({ app }) => app.close()));
    await Promise.all([this.projector.stop(), this.policies.stop()]);
    await this.handler.close();
    await Promise.all([this.hints.close(), this.store.close(), this.database.close()]);
    await this.removeStores();
  }
}
