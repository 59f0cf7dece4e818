import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiStack, at, listAt, textAt, tokenOf } from './api.js';
import type { ApiServer } from './api.js';
import { fact, OPEN, orderTerms, PLACE, positionTerms, RECORD_MANY, SET_TARGET, target, trade } from './inputs.js';

let stack: ApiStack;
let api: ApiServer;

beforeAll(async () => {
  stack = await ApiStack.open();
  api = await stack.serve();
});
afterAll(() => stack?.close());

const recordMany = async (facts: readonly object[]): Promise<string> => textAt(await api.ask(RECORD_MANY, { facts }), 'recordBrokerFacts.position');

interface Walk {
  readonly field: string;
  readonly filter?: object;
  readonly node: string;
  readonly waitFor: string;
  readonly first: number;
  /** Called between two pages. */
  readonly between?: (page: number) => Promise<unknown>;
}

/** Walks through all pages; every node as JSON, in the order in which they came. */
async function walk({ field, filter, node, waitFor, first, between }: Walk): Promise<string[]> {
  const type = `${field.charAt(0).toUpperCase()}${field.slice(1).replace(/s$/u, '')}Filter`;
  const query = `query ($filter: ${type}, $first: Int, $after: String, $waitFor: LogPosition) {
    ${field}(filter: $filter, first: $first, after: $after, waitFor: $waitFor) { edges { node { ${node} } } pageInfo { hasNextPage endCursor } }
  }`;
  const nodes: string[] = [];
  let after: unknown;
  for (let page = 1; page <= 100; page += 1) {
    const data = await api.ask(query, { filter, first, after, waitFor });
    nodes.push(...listAt(data, `${field}.edges`).map((edge) => JSON.stringify(at(edge, 'node'))));
    if (at(data, `${field}.pageInfo.hasNextPage`) !== true) return nodes;
    after = at(data, `${field}.pageInfo.endCursor`);
    await between?.(page);
  }
  throw new Error('the walk does not end');
}

const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

/** What a cursor is refused with. */
async function refusal(query: string, variables: object): Promise<unknown> {
  const error = await api.errorOf(query, variables);
  expect(at(error, 'extensions')).toMatchObject({ code: 'CURSOR_MISMATCH', field: 'after' });
  return at(error, 'message');
}

const codeOf = async (query: string, variables: object = {}): Promise<unknown> => at(await api.errorOf(query, variables), 'extensions.code');

describe('a walk through pages', () => {
  it('meets each order once while others are placed, and the newest first', async () => {
    const waitFor = await recordMany(names('walk', 23).map((name) => fact('ORDER_PLACED', name, { terms: orderTerms({ strategy: 'walking' }) })));
    const between = (page: number): Promise<string> => recordMany(names(`meanwhile-${page}`, 3).map((name) => fact('ORDER_PLACED', name, { terms: orderTerms({ strategy: 'walking' }) })));
    const walked = await walk({ field: 'orders', filter: { strategy: 'walking' }, node: 'clOrdId', waitFor, first: 5, between });
    expect(new Set(walked).size).toBe(walked.length);
    expect(walked.filter((node) => node.includes('walk-')).length).toBe(23);
  });

  it('meets each order once while they change, and so what they are changes on the way', async () => {
    const filter = { strategy: 'changing' };
    const all = names('change', 12);
    const waitFor = await recordMany(all.map((name) => fact('ORDER_PLACED', name, { terms: orderTerms(filter) })));
    const between = (page: number): Promise<string> => recordMany(all.map((name) => trade(name, `X${page}`, { occurredAt: `2026-11-20T14:31:0${page}Z` })));
    const walked = await walk({ field: 'orders', filter, node: 'clOrdId', waitFor, first: 5, between });
    expect(walked.toSorted()).toEqual(all.map((clOrdId) => JSON.stringify({ clOrdId })).toSorted());
  });

  it('of any length meets each execution once', async () => {
    const facts = names('sliced', 3).flatMap((name) => names('E', 7).map((execId) => trade(name, execId, { tradingDay: '2026-11-19' })));
    const waitFor = await recordMany(facts);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 30 }), async (first) => {
        const walked = await walk({ field: 'executions', filter: { tradingDay: '2026-11-19' }, node: 'execId order { clOrdId }', waitFor, first });
        expect(walked.length).toBe(21);
        expect(new Set(walked).size).toBe(21);
      }),
      { numRuns: 8 },
    );
  });

  it('meets each unfilled target with its position, in the order in which they were set', async () => {
    const positions = await Promise.all(
      names('walked', 4).map(async (name) => textAt(await api.ask(OPEN, { input: { idempotencyKey: name, terms: positionTerms() } }), 'openPosition.positionId')),
    );
    const expected: string[] = [];
    let waitFor = '0';
    for (const targetKey of names('target', 3)) {
      for (const positionId of positions) {
        waitFor = textAt(await api.ask(SET_TARGET, { input: { positionId, idempotencyKey: targetKey, target: target(targetKey, { quantity: '2' }) } }), 'setTarget.position');
        expected.push(JSON.stringify({ targetKey, position: { id: positionId, symbol: 'SPY 450/445 put spread' } }));
      }
    }
    expect(await walk({ field: 'unfilledTargets', node: 'targetKey position { id symbol }', waitFor, first: 5 })).toEqual(expected);
  });

  it('meets each event once, oldest first', async () => {
    const placed = await api.ask(PLACE, { input: { clOrdId: 'events', terms: orderTerms() } });
    const waitFor = await recordMany(names('E', 9).map((execId, index) => trade('events', execId, { occurredAt: `2026-11-20T14:32:0${index}Z`, execution: { execId, lastQty: '1', lastPx: '10' } })));
    const walked = await walk({ field: 'events', filter: { orderId: at(placed, 'placeOrder.orderId') }, node: 'revision', waitFor, first: 4 });
    expect(walked).toEqual(Array.from({ length: 10 }, (_, revision) => JSON.stringify({ revision: String(revision) })));
  });
});

describe('a cursor', () => {
  const ORDERS = 'query ($filter: OrderFilter, $after: String) { orders(filter: $filter, after: $after, first: 2) { edges { cursor } pageInfo { endCursor hasPreviousPage } } }';
  let cursor: string;
  beforeAll(async () => {
    await recordMany(names('cursor', 3).map((name) => fact('ORDER_PLACED', name, { terms: orderTerms() })));
    cursor = textAt(await api.ask(ORDERS, { filter: { symbol: 'ACME' } }), 'orders.pageInfo.endCursor');
  });

  it('is good for the same query with the same filter, and for no other', async () => {
    expect(at(await api.ask(ORDERS, { filter: { symbol: 'ACME', strategy: null }, after: cursor }), 'orders.pageInfo.hasPreviousPage')).toBe(true);
    expect(await refusal(ORDERS, { filter: { symbol: 'OTHER' }, after: cursor })).toMatch(/another filter/u);
    expect(await refusal(ORDERS, { after: cursor })).toMatch(/another filter/u);
    expect(await refusal('query ($after: String) { positions(after: $after) { edges { cursor } } }', { after: cursor })).toMatch(/is a cursor of "orders by opening/u);
  });

  it('of another event store or version is refused', async () => {
    const other = await stack.serve({ storeId: 'another' });
    expect(at(await other.errorOf(ORDERS, { filter: { symbol: 'ACME' }, after: cursor }), 'message')).toMatch(/another event store/u);
    const older = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(cursor, 'base64url').toString()), v: 0 })).toString('base64url');
    expect(await refusal(ORDERS, { filter: { symbol: 'ACME' }, after: older })).toMatch(/version 0/u);
  });

  it('that was made up is refused, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.json().map((json) => Buffer.from(json).toString('base64url'))), async (after) => {
        const error = await api.errorOf(ORDERS, { after });
        expect(at(error, 'extensions.code')).toBe('CURSOR_MISMATCH');
      }),
      { numRuns: 50 },
    );
  });

  it('whose place was tampered with is refused', async () => {
    for (const place of [["0' or true --"], ['9'.repeat(19)], ['1', '2'], [], ['\0']]) {
      const tampered = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(cursor, 'base64url').toString()), at: place })).toString('base64url');
      expect(await refusal(ORDERS, { filter: { symbol: 'ACME' }, after: tampered })).toMatch(/not a cursor/u);
    }
  });
});

describe('a request over a limit is refused with the limit in its error:', () => {
  it('a page of more than 500 rows, or of none', async () => {
    const refused = { message: 'first: must be 1 to 500', extensions: { code: 'BAD_USER_INPUT', field: 'first' } };
    for (const first of [501, 1_000_000, 0, -1]) {
      expect(await api.errorOf('query ($first: Int) { orders(first: $first) { edges { cursor } } }', { first })).toMatchObject(refused);
      expect(await api.errorOf(`{ orders(first: ${first}) { edges { cursor } } }`)).toMatchObject(refused);
      expect(await api.errorOf(`{ orders(first: 1) { edges { node { executions(first: ${first}) { execId } } } } }`)).toMatchObject(refused);
    }
  });

  it('lists within lists', async () => {
    expect(await codeOf('{ positions(first: 500) { edges { node { targets(first: 100) { order { executions(first: 100) { execId } } } } } } }')).toBe('LIMIT_EXCEEDED');
  });

  it('deep nesting', async () => {
    const nested = (depth: number): string => (depth === 0 ? 'execId' : `order { executions(first: 1) { ${nested(depth - 1)} } }`);
    expect(await codeOf(`{ executions(first: 1) { edges { node { ${nested(8)} } } } }`)).toBe('LIMIT_EXCEEDED');
  });

  it('one field under many names', async () => {
    expect(await codeOf(`{ ${Array.from({ length: 300 }, (_, index) => `a${index}: order(id: "x") { id }`).join(' ')} }`)).toBe('LIMIT_EXCEEDED');
  });

  it('a query of very many tokens', async () => {
    const { status, body } = await api.post(`{ order(id: "x") { ${'id '.repeat(6_000)} } }`);
    expect(at(body, 'errors.0.message')).toMatch(/token/u);
    expect(status).toBeLessThan(500);
  });

  it('a body that is too large', async () => {
    const { status, body } = await api.post(RECORD_MANY, { facts: ['x'.repeat(5 * 1024 * 1024)] });
    expect(status).toBe(413);
    expect(at(body, 'errors.0.extensions.code')).toBe('LIMIT_EXCEEDED');
  });

  it('a long wait', async () => {
    expect(await api.errorOf('{ orders(waitFor: "1", waitTimeoutMs: 30001) { edges { cursor } } }')).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', field: 'waitTimeoutMs' } });
  });

  it('more queries that wait than there may be', async () => {
    const small = await stack.serve({ limits: { waiters: 1 } });
    const query = '{ orders(waitFor: "9000000000000000000", waitTimeoutMs: 700) { edges { cursor } } }';
    const codes = await Promise.all([small.errorOf(query), small.errorOf(query)]);
    expect(new Set(codes.map((error) => at(error, 'extensions.code')))).toEqual(new Set(['UNAVAILABLE', 'WAIT_TIMEOUT']));
  });

  it('more queries of one viewer that wait than its share, while others still may', async () => {
    const small = await stack.serveWithTokens({ limits: { waiters: 8 } });
    const query = '{ orders(waitFor: "9000000000000000000", waitTimeoutMs: 700) { edges { cursor } } }';
    const codeFor = async (sub: string): Promise<unknown> => at(await small.errorOf(query, {}, await tokenOf({ sub })), 'extensions.code');
    const [greedy, others] = await Promise.all([Promise.all(Array.from({ length: 8 }, () => codeFor('greedy'))), Promise.all([codeFor('one'), codeFor('two')])]);
    expect(greedy.filter((code) => code === 'UNAVAILABLE')).toHaveLength(6);
    expect(greedy.filter((code) => code === 'WAIT_TIMEOUT')).toHaveLength(2);
    expect(others).toEqual(['WAIT_TIMEOUT', 'WAIT_TIMEOUT']);
  });

  it('a name with a character that no row can hold', async () => {
    expect(await codeOf('query ($clOrdId: String) { order(clOrdId: $clOrdId) { id } }', { clOrdId: 'a\0b' })).toBe('BAD_USER_INPUT');
  });

  it('but introspection is not', async () => {
    const { getIntrospectionQuery } = await import('graphql');
    expect(at(await api.ask(getIntrospectionQuery()), '__schema.queryType.name')).toBe('Query');
  });
});

describe('a query that waits', () => {
  it('for a position that is never reached is told so in time, and where the read model is', async () => {
    const error = await api.errorOf('{ orders(waitFor: "9000000000000000000", waitTimeoutMs: 200) { edges { cursor } } }');
    expect(error).toMatchObject({ extensions: { code: 'WAIT_TIMEOUT', field: 'waitFor' } });
    expect(at(error, 'message')).toMatch(/orders is at \d+/u);
  });

  it('for what is no position is refused', async () => {
    for (const waitFor of ['x', '-1', '1.5', '99999999999999999999', '']) {
      const error = await api.errorOf('query ($waitFor: LogPosition) { orders(waitFor: $waitFor) { edges { cursor } } }', { waitFor });
      expect(at(error, 'extensions')).toMatchObject({ code: 'BAD_USER_INPUT', field: 'waitFor' });
    }
  });

  it('shows what the mutation did to each who asks, many times', async () => {
    for (const clOrdId of names('own-write', 20)) {
      const placed = await api.ask(PLACE, { input: { clOrdId, terms: orderTerms() } });
      const read = await api.ask('query ($id: ID, $waitFor: LogPosition) { order(id: $id, waitFor: $waitFor) { clOrdId } }', { id: at(placed, 'placeOrder.orderId'), waitFor: at(placed, 'placeOrder.position') });
      expect(read).toEqual({ order: { clOrdId } });
    }
  });
});
