import { createHash } from 'node:crypto';
import { request } from 'node:http';
import type { OutgoingHttpHeaders } from 'node:http';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createCommandHandler } from '../../src/eventstore/handle-command.js';
import { openDatabase } from '../../src/projections/database.js';
import { ApiStack, at, tokenOf } from './api.js';
import type { ApiServer } from './api.js';
import { orderTerms, PLACE } from './inputs.js';

let stack: ApiStack;
let api: ApiServer;

beforeAll(async () => {
  stack = await ApiStack.open();
  api = await stack.serve();
});
afterAll(() => stack?.close());

/** A request whose headers are sent as they are: `fetch` would not let a test name another host. */
function send(server: ApiServer, method: string, headers: OutgoingHttpHeaders, body?: string): Promise<{ status: number | undefined; headers: object; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${server.url}/graphql`, { method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Whether a WebSocket from a web page of this origin is taken. */
async function opened(origin: string): Promise<boolean> {
  const socket = new WebSocket(`${api.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { origin });
  return new Promise((resolve) => {
    socket.on('open', () => {
      socket.terminate();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

const extensionsOf = async (input: object): Promise<unknown> => at(await api.errorOf(PLACE, { input }), 'extensions');

const ASK = JSON.stringify({ query: '{ orders { edges { cursor } } }' });
const JSON_HEADERS = { 'content-type': 'application/json' };

describe('health', () => {
  it('is live, and ready when the stores answer and the read models follow', async () => {
    expect(await (await fetch(`${api.url}/health/live`)).json()).toEqual({ status: 'live' });
    await stack.projector.waitFor((await stack.store.head()) ?? 0n);
    await expect.poll(async () => (await fetch(`${api.url}/health/ready`)).status, { timeout: 10_000 }).toBe(200);
    const ready = await fetch(`${api.url}/health/ready`);
    expect(await ready.json()).toEqual({ status: 'ready', checks: { postgres: { ok: true }, eventStore: { ok: true }, projector: { ok: true } } });
  });

  it('says what does not answer', async () => {
    const database = openDatabase('postgres://nobody@127.0.0.1:1/nothing', { connectTimeoutMs: 500 });
    const broken = await stack.serve({
      database,
      projector: { waitFor: () => Promise.resolve(), status: () => ({ role: 'writer', projections: [{ name: 'orders', version: 1, state: 'failed', position: undefined, setAsideCount: 0, lastError: 'another store' }] }) },
    });
    const ready = await fetch(`${broken.url}/health/ready`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ status: 'not ready', checks: { postgres: { ok: false, reason: expect.stringContaining('ECONNREFUSED') }, eventStore: { ok: true }, projector: { ok: false, reason: 'orders is failed: another store' } } });
    expect((await fetch(`${broken.url}/health/live`)).status).toBe(200);
    await database.close();
  });
});

describe('a request', () => {
  it('without a token is not answered where tokens are needed', async () => {
    const guarded = await stack.serveWithTokens();
    const { status, headers, body } = await guarded.post('{ orders { edges { cursor } } }');
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toBe('Bearer');
    expect(body).toEqual({ errors: [{ message: expect.stringContaining('send a token'), extensions: { code: 'UNAUTHENTICATED' } }] });
    expect(await guarded.ask('{ orders { edges { cursor } } }', {}, await tokenOf({}))).toEqual({ orders: { edges: [] } });
    expect((await fetch(`${guarded.url}/health/ready`)).status).not.toBe(401);
  });

  it('to a name that is not of this machine is refused in development: a web page may have had it resolved so', async () => {
    expect((await send(api, 'POST', { ...JSON_HEADERS, host: 'evil.example:4000' }, ASK)).status).toBe(403);
    expect((await send(api, 'POST', { ...JSON_HEADERS, host: 'localhost:4000' }, ASK)).status).toBe(200);
  });

  it('from a web page of another origin is refused, over HTTP and WebSocket', async () => {
    const origin = 'https://evil.example';
    expect((await send(api, 'POST', { ...JSON_HEADERS, origin }, ASK)).status).toBe(403);
    expect(await opened(origin)).toBe(false);
    expect(await opened(api.url)).toBe(true);
    expect((await send(api, 'POST', { ...JSON_HEADERS, origin: api.url }, ASK)).status).toBe(200);
  });

  it('from a web page of an allowed origin is answered, with the headers that its browser asks for', async () => {
    const origin = 'https://console.example';
    const open = await stack.serve({ allowedOrigins: [origin] });
    const preflight = await send(open, 'OPTIONS', { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' });
    expect(preflight.status).toBe(204);
    expect(preflight.headers).toMatchObject({ 'access-control-allow-origin': origin });
    const answered = await send(open, 'POST', { ...JSON_HEADERS, origin }, ASK);
    expect(answered).toMatchObject({ status: 200, headers: { 'access-control-allow-origin': origin } });
    expect((await send(open, 'POST', { ...JSON_HEADERS, origin: 'https://evil.example' }, ASK)).status).toBe(403);
    expect((await send(api, 'OPTIONS', { origin: api.url })).headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('with a body that is no JSON is refused with a reason', async () => {
    const broken = await send(api, 'POST', JSON_HEADERS, '{ "query": ');
    expect(broken.status).toBe(400);
    expect(at(JSON.parse(broken.text), 'errors.0.extensions.code')).toBe('BAD_USER_INPUT');
  });

  it('of another content type, or of none, is refused with the one that it must have', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/graphql', undefined]) {
      const refused = await send(api, 'POST', type === undefined ? {} : { 'content-type': type }, ASK);
      const message = `content-type: must be application/json, ${type === undefined ? 'is missing' : `is "${type}"`}`;
      expect([refused.status, JSON.parse(refused.text)]).toEqual([415, { errors: [{ message, extensions: { code: 'UNSUPPORTED_MEDIA_TYPE' } }] }]);
    }
    expect((await send(api, 'POST', { 'content-type': 'Application/JSON; charset=utf-8' }, ASK)).status).toBe(200);
  });

  it('whose answer the client does not accept is refused with what it must accept', async () => {
    const refused = await send(api, 'POST', { ...JSON_HEADERS, accept: 'application/json' }, JSON.stringify({ query: 'subscription { orderChanged { position } }' }));
    expect([refused.status, JSON.parse(refused.text)]).toEqual([406, { errors: [{ message: 'accept: must have text/event-stream', extensions: { code: 'NOT_ACCEPTABLE' } }] }]);
  });

  it.each([
    ['cannot be parsed', '{ orders', 'GRAPHQL_PARSE_FAILED'],
    ['is not valid', '{ nope }', 'GRAPHQL_VALIDATION_FAILED'],
    ['has a wrong value', '{ orders(waitFor: "y") { edges { cursor } } }', 'BAD_USER_INPUT'],
  ])('that %s is answered by 200 as plain JSON and by 400 as GraphQL\'s own media type, however it comes', async (_what, query, code) => {
    const modern = 'application/graphql-response+json';
    const body = JSON.stringify({ query });
    const get = async (accept: string) => {
      const response = await fetch(`${api.url}/graphql?query=${encodeURIComponent(query)}`, { headers: { accept } });
      return { status: response.status, text: await response.text() };
    };
    // Twice: what is kept of the first time is the same.
    for (let time = 1; time <= 2; time += 1) {
      for (const [accept, status] of [['application/json', 200], [modern, 400]] as const) {
        const answers = [await get(accept), await send(api, 'POST', { ...JSON_HEADERS, accept }, body), await send(api, 'POST', { ...JSON_HEADERS, accept, origin: api.url }, body)];
        expect(answers.map((answer) => [answer.status, at(JSON.parse(answer.text), 'errors.0.extensions')])).toEqual(answers.map(() => [status, expect.objectContaining({ code })]));
        expect(answers.map(({ text }) => text).join('')).not.toContain('"http"');
      }
    }
  });

  it('to change something is not taken by GET', async () => {
    const response = await fetch(`${api.url}/graphql?query=${encodeURIComponent('mutation { cancelTarget(input: { positionId: "x", idempotencyKey: "x", targetKey: "x" }) { outcome } }')}`);
    expect(response.status).toBe(405);
  });

  it('has a correlation id, which is the client\'s where it gave one', async () => {
    expect((await api.post('{ __typename }', {}, { 'x-correlation-id': 'mine-1' })).headers.get('x-correlation-id')).toBe('mine-1');
    expect((await api.post('{ __typename }', {}, { 'x-correlation-id': 'a b' })).headers.get('x-correlation-id')).toMatch(/^[0-9a-f-]{36}$/u);
  });
});

describe('the page to try queries on', () => {
  it('is there in development only', async () => {
    const headers = { accept: 'text/html' };
    const development = await stack.serve({ graphiql: true });
    const page = await fetch(`${development.url}/graphql`, { headers });
    expect(page.headers.get('content-type')).toMatch(/text\/html/u);
    expect(await page.text()).toMatch(/graphiql/iu);
    const production = await fetch(`${api.url}/graphql`, { headers });
    expect(production.headers.get('content-type') ?? '').not.toMatch(/text\/html/u);
  });
});

describe('the page to try queries on, in a browser', () => {
  it('loads nothing from another host, and its policy lets nothing be loaded from one', async () => {
    const development = await stack.serve({ graphiql: true });
    const page = await fetch(`${development.url}/graphql`, { headers: { accept: 'text/html' } });
    const html = await page.text();
    const [, script = ''] = /<script>([\s\S]*?)<\/script>/u.exec(html) ?? [];
    const outside = html.replace(script, '').replaceAll(/data:[^"')]*/gu, 'data:');
    expect(script.length).toBeGreaterThan(1_000_000);
    expect(outside).toContain('<div id="root">');
    const loaded = [...outside.matchAll(/(?:\bsrc|\bhref)="([^"]*)"|url\(["']?([^"')]*)|@import ["']([^"']*)/giu)].map(([, attribute, style, imported]) => attribute ?? style ?? imported);
    expect(loaded.filter((from) => from !== 'data:')).toEqual([]);

    const policy = new Map((page.headers.get('content-security-policy') ?? '').split('; ').map((rule) => [rule.split(' ')[0], rule.split(' ').slice(1)]));
    expect(policy.get('default-src')).toEqual(["'none'"]);
    expect(policy.get('script-src')).toEqual([`'sha256-${createHash('sha256').update(script).digest('base64')}'`]);
    expect(policy.get('connect-src')).toEqual(["'self'"]);
    expect([...policy.values()].flat().filter((from) => !/^(?:'none'|'self'|'unsafe-inline'|'sha256-[\w+/=]+'|data:|blob:)$/u.test(from))).toEqual([]);
  });
});

describe('the root', () => {
  it('says what is where', async () => {
    const root = await fetch(`${api.url}/`);
    expect([root.status, root.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
    const text = await root.text();
    for (const path of ['/graphql', '/health/live', '/health/ready']) expect(text).toContain(path);
  });
});

describe('an error', () => {
  it('that is ours is masked, and logged under the id that the client is given', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'error' }, new Writable({ write: (chunk, _encoding, done) => (lines.push(String(chunk)), done()) }));
    const broken = await stack.serve({ log, projector: { status: () => stack.projector.status(), waitFor: () => Promise.reject(new Error('the secret of the database is 1234')) } });
    const { body } = await broken.post('{ orders(waitFor: "1") { edges { cursor } } }');
    expect(JSON.stringify(body)).not.toContain('1234');
    const errorId = at(body, 'errors.0.extensions.errorId');
    expect(at(body, 'errors.0')).toMatchObject({ message: expect.stringContaining(String(errorId)), extensions: { code: 'INTERNAL_SERVER_ERROR' } });
    expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([{ errorId, err: { message: 'the secret of the database is 1234' } }]);
  });

  it('of a store that is away says so, and not where it is', async () => {
    const database = openDatabase('postgres://nobody@127.0.0.1:1/nothing', { connectTimeoutMs: 500 });
    const broken = await stack.serve({ database });
    const error = await broken.errorOf('{ orders { edges { cursor } } }');
    expect(error).toMatchObject({ message: 'a store does not answer: try again', extensions: { code: 'UNAVAILABLE' } });
    await database.close();
  });

  it('of a mutation that could not be sent to the event store tells nothing of it', async () => {
    const handler = createCommandHandler({ store: stack.store, producer: 'fillbook/test' });
    await handler.close();
    const broken = await stack.serve({ handler });
    expect(at(await broken.errorOf(PLACE, { input: { clOrdId: 'x', terms: orderTerms() } }), 'extensions.code')).toMatch(/^(?:UNAVAILABLE|INTERNAL_SERVER_ERROR)$/u);
  });

  it('in a variable names the part that is at fault', async () => {
    expect(await extensionsOf({ clOrdId: 'x', terms: orderTerms({ side: 'BYE' }) })).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.terms.side' });
    expect(await extensionsOf({ clOrdId: 'x', terms: orderTerms({ orderQty: undefined }) })).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.terms.orderQty' });
    expect(await extensionsOf({ clOrdId: 'x', terms: orderTerms({ quantity: '1' }) })).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.terms.quantity' });
    expect(await extensionsOf({ terms: orderTerms() })).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.clOrdId' });
  });

  it('in a value that is written out in the query names its argument, what it got and where', async () => {
    const refused = { message: 'waitFor: Expected value of type "LogPosition", found "x"; must be a whole number as text, such as "1234"', locations: [{ line: 1, column: 19 }], extensions: { code: 'BAD_USER_INPUT', field: 'waitFor' } };
    const query = '{ orders(waitFor: "x") { edges { cursor } } }';
    // The second time the answer is one that was kept.
    for (let time = 1; time <= 2; time += 1) expect(await api.errorOf(query)).toEqual(refused);
    expect(await api.errorOf('{ orders(waitFor: 12) { edges { cursor } } }')).toMatchObject({ message: expect.stringContaining('found 12;'), extensions: { field: 'waitFor' } });
    expect(await api.errorOf('query ($w: LogPosition = "x") { orders(waitFor: $w) { edges { cursor } } }')).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', field: 'w' } });
    expect(await api.errorOf('{ orders(filter: { ordStatus: [NEW, FOO] }) { edges { cursor } } }')).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', field: 'filter.ordStatus' } });
    expect(await api.errorOf('mutation { requestReplace(input: { orderId: "x", idempotencyKey: "k", change: { prise: "1" } }) { outcome } }')).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', field: 'input.change.prise' } });
    expect(await api.errorOf('mutation { requestCancel(input: { orderId: "x" }) { outcome } }')).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', field: 'input.idempotencyKey' } });
    expect(await api.errorOf('{ nope }')).toMatchObject({ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } });
  });

  it('in a decimal that came as a JSON number says why that is no good', async () => {
    const placed = at(await api.ask(PLACE, { input: { clOrdId: 'number', terms: orderTerms({ price: 10.1 }) } }), 'placeOrder.errors.0');
    expect(placed).toMatchObject({ code: 'BAD_USER_INPUT', field: 'terms.price', message: expect.stringContaining('in quotes') });
  });
});
