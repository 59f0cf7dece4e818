import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ApiStack, at, textAt, tokenOf } from './api.js';
import type { ApiServer } from './api.js';
import { fact, OPEN, orderTerms, PLACE, positionTerms, RECORD, SET_TARGET, target, trade } from './inputs.js';

let stack: ApiStack;
let api: ApiServer;
const stops: AbortController[] = [];

beforeAll(async () => {
  stack = await ApiStack.open();
  api = await stack.serve();
});
afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort();
});
afterAll(() => stack?.close());

/** The messages of a subscription, one at a time; the test fails where none comes in time. */
class Messages {
  readonly #iterator: AsyncIterator<unknown>;

  constructor(messages: AsyncIterable<unknown>) {
    this.#iterator = messages[Symbol.asyncIterator]();
  }

  async next(): Promise<unknown> {
    const { done, value } = await this.#inTime(this.#iterator.next());
    if (done === true) throw new Error('the subscription has ended');
    return value;
  }

  /** The first message that `isIt` says of, and how many came before it. */
  async until(isIt: (message: unknown) => boolean): Promise<{ readonly message: unknown; readonly before: number }> {
    for (let before = 0; before < 10_000; before += 1) {
      const message = await this.next();
      if (isIt(message)) return { message, before };
    }
    throw new Error('it never came');
  }

  /** Resolves when the server has ended it. */
  async end(): Promise<void> {
    while ((await this.#inTime(this.#iterator.next())).done !== true);
  }

  async stop(): Promise<void> {
    await this.#iterator.return?.();
  }

  #inTime<Value>(value: Promise<Value>): Promise<Value> {
    return Promise.race([
      value,
      new Promise<never>((_resolve, reject) => {
        AbortSignal.timeout(15_000).addEventListener('abort', () => reject(new Error('nothing came within 15 s')));
      }),
    ]);
  }
}

function subscribe(how: 'SSE' | 'WebSocket', query: string, variables: Record<string, unknown> = {}, options: { server?: ApiServer; token?: string } = {}): Messages {
  const { server = api, token } = options;
  if (how === 'WebSocket') return new Messages(server.webSocket(token).iterate({ query, variables }));
  const stop = new AbortController();
  stops.push(stop);
  return new Messages(server.sse(query, variables, stop.signal, token));
}

const ORDER_CHANGED = `subscription ($orderId: ID, $accountId: String, $after: LogPosition) {
  orderChanged(orderId: $orderId, accountId: $accountId, after: $after) { position order { id clOrdId ordStatus cumQty lastPosition } }
}`;

const place = async (clOrdId: string, changes: object = {}): Promise<{ orderId: string; position: string }> => {
  const placed = await api.ask(PLACE, { input: { clOrdId, terms: orderTerms(), ...changes } });
  return { orderId: textAt(placed, 'placeOrder.orderId'), position: textAt(placed, 'placeOrder.position') };
};

const fill = async (clOrdId: string, index: number): Promise<string> =>
  textAt(await api.ask(RECORD, { fact: trade(clOrdId, `X${index}`, { occurredAt: `2026-11-20T14:30:0${index}Z` }) }), 'recordBrokerFact.position');

describe.each(['SSE', 'WebSocket'] as const)('over %s', (how) => {
  it('each change of an order is seen when the client keeps up', async () => {
    const { orderId, position } = await place(`each-${how}`);
    const messages = subscribe(how, ORDER_CHANGED, { orderId, after: (BigInt(position) - 1n).toString() });
    expect(at(await messages.next(), 'data.orderChanged')).toMatchObject({ position, order: { ordStatus: 'PENDING_NEW', cumQty: '0' } });
    for (const index of [1, 2, 3]) {
      const moved = await fill(`each-${how}`, index);
      expect(at(await messages.next(), 'data.orderChanged')).toMatchObject({ position: moved, order: { id: orderId, cumQty: `${index}0`, lastPosition: moved } });
    }
    await messages.stop();
  });

  it('a client that comes back resumes after the last message that it had, and misses nothing', async () => {
    const { orderId, position } = await place(`resume-${how}`);
    const first = subscribe(how, ORDER_CHANGED, { orderId, after: position });
    const moved = await fill(`resume-${how}`, 1);
    expect(at(await first.next(), 'data.orderChanged.position')).toBe(moved);
    await first.stop();
    const missed = await fill(`resume-${how}`, 2);

    const second = subscribe(how, ORDER_CHANGED, { orderId, after: moved });

    expect(at(await second.next(), 'data.orderChanged')).toMatchObject({ position: missed, order: { cumQty: '20' } });
    await second.stop();
  });

  it('positions and targets come as they are filled', async () => {
    const key = `spread-${how}`;
    const opened = await api.ask(OPEN, { input: { idempotencyKey: key, terms: positionTerms() } });
    const positionId = textAt(opened, 'openPosition.positionId');
    const after = textAt(opened, 'openPosition.position');
    const targets = subscribe(how, 'subscription ($id: ID, $after: LogPosition) { targetChanged(positionId: $id, after: $after) { position target { targetKey status filledQty position { openQty } } } }', { id: positionId, after });
    const positions = subscribe(how, 'subscription ($id: ID, $after: LogPosition) { positionChanged(positionId: $id, after: $after) { position tradePosition { openQty unfilledTargetCount } } }', { id: positionId, after });
    await api.ask(SET_TARGET, { input: { positionId, idempotencyKey: 't', target: target('put_spread_1_40', { orderRef: key }) } });
    const closing = orderTerms({ instrument: { symbol: 'SPY 450/445 put spread', securityType: 'OPTION', multiplier: '100', quoteCurrency: 'USD' }, orderQty: '4' });
    await api.ask(RECORD, { fact: trade(key, 'C1', { terms: closing, execution: { execId: 'C1', lastQty: '4', lastPx: '0.9' } }) });

    const filled = await targets.until((message) => at(message, 'data.targetChanged.target.status') === 'FILLED');
    expect(at(filled.message, 'data.targetChanged.target')).toMatchObject({ targetKey: 'put_spread_1_40', filledQty: '4', position: { openQty: '6' } });
    const changed = await positions.until((message) => at(message, 'data.positionChanged.tradePosition.openQty') === '6');
    expect(at(changed.message, 'data.positionChanged.tradePosition.unfilledTargetCount')).toBe(0);
    await Promise.all([targets.stop(), positions.stop()]);
  });

  it('a lost hint costs a poll interval, not the change', async () => {
    const deaf = await stack.serve({ hints: { publish: async () => undefined, subscribe: () => () => undefined, close: async () => undefined }, limits: { changePollMs: 100 } });
    const { orderId, position } = await place(`deaf-${how}`);
    const messages = subscribe(how, ORDER_CHANGED, { orderId, after: position }, { server: deaf });
    const moved = await fill(`deaf-${how}`, 1);
    expect(at(await messages.next(), 'data.orderChanged.position')).toBe(moved);
    await messages.stop();
  });

  it('the server ends it when it stops', async () => {
    const stopping = await stack.serve();
    const { orderId, position } = await place(`stop-${how}`);
    const messages = subscribe(how, ORDER_CHANGED, { orderId, after: (BigInt(position) - 1n).toString() }, { server: stopping });
    await messages.next();
    const startedMs = performance.now();
    await Promise.all([stopping.app.close(), messages.end()]);
    expect(performance.now() - startedMs).toBeLessThan(3_000);
  });

  it('a token that ends, ends it', async () => {
    const guarded = await stack.serveWithTokens();
    const token = await tokenOf({ exp: Math.floor(Date.now() / 1_000) + 2 });
    const { orderId, position } = await place(`expiry-${how}`);
    const messages = subscribe(how, ORDER_CHANGED, { orderId, after: (BigInt(position) - 1n).toString() }, { server: guarded, token });
    await messages.next();
    // Over SSE the error is a message; graphql-transport-ws ends the subscription with it.
    const end = await messages.until((one) => at(one, 'errors') !== undefined).catch((errors: unknown) => ({ message: { errors } }));
    expect(at(end.message, 'errors.0.extensions.code')).toBe('UNAUTHENTICATED');
  });
});

describe.each(['orderChanged', 'positionChanged', 'targetChanged'])('%s after a position', (field) => {
  const query = `subscription ($after: LogPosition) { ${field}(after: $after) { position } }`;

  it.each(['SSE', 'WebSocket'] as const)('that the log has not come to is refused with the end of the log, over %s', async (how) => {
    await place(`beyond-${field}-${how}`);
    const end = (await stack.store.head()) ?? 0n;
    const refused = await subscribe(how, query, { after: '99999999' }).next();
    expect(at(refused, 'errors.0')).toMatchObject({ message: expect.stringMatching(/^after: 99999999 is beyond the end of the log, which is at \d+:/u), extensions: { code: 'CURSOR_MISMATCH', field: 'after' } });
    // Policies may have added to the log meanwhile.
    const [said = ''] = /(?<=which is at )\d+/u.exec(textAt(refused, 'errors.0.message')) ?? [];
    expect(BigInt(said)).toBeGreaterThanOrEqual(end);
  });
});

describe('a subscription', () => {
  it('after the position of a command that the read model has not reached yet is taken, and sends what comes after it', async () => {
    await place('ahead');
    let asked = 0;
    const server = await stack.serve({ store: { head: () => ((asked += 1), stack.store.head()) } });
    const writer = await stack.database.pool.connect();
    await writer.query('BEGIN');
    // While this row is taken, the read model of orders stays where it is.
    await writer.query("SELECT 1 FROM checkpoint WHERE name = 'orders' FOR UPDATE");
    try {
      const { orderId, position } = await place('ahead-of-it');
      const messages = subscribe('SSE', ORDER_CHANGED, { orderId, after: position }, { server });
      const first = messages.next();
      await expect.poll(() => asked, { timeout: 10_000 }).toBe(1);
      await writer.query('ROLLBACK');
      const moved = await fill('ahead-of-it', 1);
      expect(at(await first, 'data.orderChanged')).toMatchObject({ position: moved, order: { id: orderId, cumQty: '10' } });
      await messages.stop();
    } finally {
      await writer.query('ROLLBACK');
      writer.release();
    }
  });

  it('that is refused for its position gives its place back', async () => {
    const small = await stack.serve({ limits: { subscriptions: 1 } });
    await place('given-back');
    for (let round = 1; round <= 2; round += 1) {
      const refused = await subscribe('SSE', ORDER_CHANGED, { after: '99999999' }, { server: small }).next();
      expect(at(refused, 'errors.0.extensions.code')).toBe('CURSOR_MISMATCH');
    }
    expect(at(await subscribe('SSE', ORDER_CHANGED, { after: '0' }, { server: small }).next(), 'errors')).toBeUndefined();
  });

  it('without `after` sends what changes from then on, also rows that are new', async () => {
    const accountId = 'from-now-on';
    const { position } = await place('before', { accountId });
    await api.ask('query ($waitFor: LogPosition) { orders(first: 1, waitFor: $waitFor) { edges { cursor } } }', { waitFor: position });
    const messages = subscribe('SSE', ORDER_CHANGED, { accountId });
    // What comes first was placed after the subscription had begun: another one is placed until it has.
    const first = messages.next();
    let count = 0;
    const placing = setInterval(() => void place(`after-${(count += 1)}`, { accountId }), 200);
    const message = await first.finally(() => clearInterval(placing));
    expect(at(message, 'data.orderChanged.order.clOrdId')).toMatch(/^after-/u);
    await messages.stop();
  });

  it('of an account does not send rows of another', async () => {
    const { position } = await place('other-account', { accountId: 'there' });
    const messages = subscribe('SSE', ORDER_CHANGED, { accountId: 'here', after: '0' });
    await place('this-account', { accountId: 'here' });
    expect(at(await messages.next(), 'data.orderChanged.order.clOrdId')).toBe('this-account');
    expect(position).toMatch(/^\d+$/u);
    await messages.stop();
  });

  it('that nobody reads costs one page, and the others nothing', async () => {
    const { orderId, position } = await place('slow');
    const body = JSON.stringify({ query: ORDER_CHANGED, variables: { after: '0' } });
    // A client that asks and then reads not a byte.
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
    socket.pause();
    socket.write(`POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\naccept: text/event-stream\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    const reader = subscribe('SSE', ORDER_CHANGED, { orderId, after: (BigInt(position) - 1n).toString() });
    await reader.next();
    let moved = '';
    for (let index = 1; index <= 9; index += 1) moved = await fill('slow', index);
    const { message } = await reader.until((one) => at(one, 'data.orderChanged.position') === moved);
    expect(at(message, 'data.orderChanged.order.cumQty')).toBe('90');
    socket.destroy();
    await reader.stop();
  });

  it('conflates: who comes late sees the row as it is now, once', async () => {
    const { orderId } = await place('late');
    let moved = '';
    for (let index = 1; index <= 5; index += 1) moved = await fill('late', index);
    await api.ask('query ($waitFor: LogPosition) { orders(first: 1, waitFor: $waitFor) { edges { cursor } } }', { waitFor: moved });
    const messages = subscribe('WebSocket', ORDER_CHANGED, { orderId, after: '0' });
    const { before, message } = await messages.until((one) => at(one, 'data.orderChanged.position') === moved);
    expect(before).toBe(0);
    expect(at(message, 'data.orderChanged.order')).toMatchObject({ cumQty: '50' });
    await messages.stop();
  });

  it('is one too many for a connection, and for a viewer, when there are as many as there may be', async () => {
    const small = await stack.serveWithTokens({ limits: { subscriptionsPerConnection: 1, subscriptionsPerViewer: 2 } });
    const token = await tokenOf({ sub: 'greedy' });
    await place('limits');
    const query = { query: ORDER_CHANGED, variables: { after: '0' } };
    const [one, two] = [small.webSocket(token), small.webSocket(token)];
    const first = new Messages(one.iterate(query));
    await first.next();
    const onSameConnection = await new Messages(one.iterate(query)).next();
    expect(at(onSameConnection, 'errors.0')).toMatchObject({ message: 'this connection cannot have more than 1 subscriptions at once', extensions: { code: 'LIMIT_EXCEEDED' } });
    const second = new Messages(two.iterate(query));
    await second.next();
    const third = await new Messages(small.webSocket(token).iterate(query)).next();
    expect(at(third, 'errors.0.message')).toBe('you cannot have more than 2 subscriptions at once');
    const other = new Messages(small.webSocket(await tokenOf({ sub: 'modest' })).iterate(query));
    expect(at(await other.next(), 'errors')).toBeUndefined();

    // A place that is given back can be taken again.
    await first.stop();
    await expect.poll(async () => at(await new Messages(one.iterate(query)).next(), 'errors'), { timeout: 5_000 }).toBeUndefined();
    await Promise.all([second.stop(), other.stop()]);
  });

  it('gives its place back when the client is gone', async () => {
    const small = await stack.serve({ limits: { subscriptions: 1 } });
    await place('gone');
    for (let round = 1; round <= 3; round += 1) {
      const stop = new AbortController();
      await expect
        .poll(async () => at(await new Messages(small.sse(ORDER_CHANGED, { after: '0' }, stop.signal)).next(), 'errors'), { timeout: 5_000 })
        .toBeUndefined();
      stop.abort();
    }
  });

  it('over a WebSocket is refused without a token', async () => {
    const guarded = await stack.serveWithTokens();
    await expect(new Messages(guarded.webSocket().iterate({ query: ORDER_CHANGED })).next()).rejects.toMatchObject({ code: 4403 });
  });

  it.each(['SSE', 'WebSocket'] as const)('after what is no position is refused with the argument and what it got, over %s', async (how) => {
    const refused = await subscribe(how, 'subscription { orderChanged(after: "x") { position } }')
      .next()
      .catch((errors: unknown) => ({ errors }));
    expect(at(refused, 'errors.0')).toMatchObject({ message: expect.stringMatching(/^after: .* found "x"; must be a whole number as text/u), extensions: { code: 'BAD_USER_INPUT', field: 'after' } });
  });

  it('that is too deep or not valid is refused with its reason', async () => {
    const wrong = await subscribe('WebSocket', 'subscription { orderChanged { nope } }').next().catch((error: unknown) => error);
    expect(JSON.stringify(wrong)).toMatch(/nope/u);
  });

  it('does not hold a mutation up on the same connection', async () => {
    const client = api.webSocket();
    await place('mixed');
    const messages = new Messages(client.iterate({ query: ORDER_CHANGED, variables: { after: '0' } }));
    await messages.next();
    const recorded = new Messages(client.iterate({ query: RECORD, variables: { fact: fact('ORDER_ACCEPTED', 'mixed') } }));
    expect(at(await recorded.next(), 'data.recordBrokerFact.outcome')).toBe('APPLIED');
    await messages.until((one) => at(one, 'data.orderChanged.order.clOrdId') === 'mixed' && at(one, 'data.orderChanged.order.ordStatus') === 'NEW');
    await client.dispose();
  });
});
