import type { GraphQLObjectType } from 'graphql';
import { getNamedType, isObjectType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { schema } from '../../src/api/schema.js';
import { ApiStack, at, textAt } from './api.js';
import type { ApiServer } from './api.js';
import { fact, OPEN, orderTerms, positionTerms, RECORD, SET_TARGET, target, trade } from './inputs.js';

let stack: ApiStack;
let api: ApiServer;
let orderId: string;

beforeAll(async () => {
  stack = await ApiStack.open();
  api = await stack.serve();
  await api.ask(RECORD, { fact: trade('compiled', 'X1') });
  orderId = textAt(await api.ask(RECORD, { fact: fact('ORDER_PLACED', 'closing', { terms: orderTerms() }) }), 'recordBrokerFact.orderId');
  const positionId = textAt(await api.ask(OPEN, { input: { idempotencyKey: 'p', terms: positionTerms() } }), 'openPosition.positionId');
  const set = await api.ask(SET_TARGET, { input: { positionId, idempotencyKey: 't', target: target('a', { orderRef: 'closing' }) } });
  const wait = '(waitFor: $waitFor, settled: true) { edges { cursor } }';
  await api.ask(`query ($waitFor: LogPosition) { orders${wait} positions${wait} events${wait} }`, { waitFor: at(set, 'setTarget.position') });
});
afterAll(() => stack?.close());

/** Often enough that the query is compiled, and then again. */
const TIMES = 8;

/** The answers to a query that is asked again and again, each different one once. */
async function answers(query: string, variables: object = {}, headers: Readonly<Record<string, string>> = {}): Promise<unknown[]> {
  const seen = new Map<string, unknown>();
  for (let time = 1; time <= TIMES; time += 1) {
    const { status, body } = await api.post(query, variables, headers);
    seen.set(JSON.stringify([status, body]).replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f-]{22}/gu, 'random'), body);
  }
  return [...seen.values()];
}

/** All fields of a type, and of the types in it to a depth. */
function everything(type: GraphQLObjectType, depth: number): string {
  const fields = Object.values(type.getFields()).flatMap((field) => {
    const inner = getNamedType(field.type);
    if (!isObjectType(inner)) return [field.name];
    return depth === 0 ? [] : [`${field.name} { ${everything(inner, depth - 1)} }`];
  });
  return fields.join(' ');
}

function everyFieldOf(name: string, depth = 1): string {
  const type = schema.getType(name);
  if (!isObjectType(type)) throw new Error(`there is no type ${name}`);
  return everything(type, depth);
}

describe('a query gives the same answer when it is compiled:', () => {
  it('each field of each row there is', async () => {
    const connections = ['orders', 'executions', 'positions', 'unfilledTargets', 'events'];
    for (const [index, node] of ['Order', 'Execution', 'Position', 'ProfitTarget', 'LedgerEvent'].entries()) {
      const found = await answers(`{ ${connections[index]}(first: 5) { edges { cursor node { __typename ${everyFieldOf(node)} } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`);
      expect(found.length).toBe(1);
      expect(at(found[0], 'errors')).toBeUndefined();
      expect(at(found[0], `data.${connections[index]}.edges.0.node.__typename`)).toBe(node);
    }
  });

  it('one with names, fragments, directives and variables', async () => {
    const found = await answers(
      `query One($id: ID!, $withFills: Boolean!) { a: order(id: $id) { ...Status fills: executions @include(if: $withFills) { execId } } b: order(id: "none") { ...Status } }
       fragment Status on Order { ordStatus ... on Order { cumQty } }`,
      { id: orderId, withFills: true },
    );
    expect(found).toEqual([{ data: { a: { ordStatus: 'PENDING_NEW', cumQty: '0', fills: [] }, b: null } }]);
  });

  it('a selection of the columns of an unfilled target, in every way to ask for them', async () => {
    const selections: readonly [string, object][] = [
      ['edges { node { targetKey } }', { targetKey: 'a' }],
      ['edges { node { kind status originalCredit { amount currency } } }', { kind: 'PROFIT', status: 'ACTIVE', originalCredit: { amount: '600', currency: 'USD' } }],
      ['edges { node { position { openQty } } }', { position: { openQty: '10' } }],
      ['edges { node { position { targets { targetKey } originalCredit { amount } } order { id } } }', { position: { targets: [{ targetKey: 'a' }], originalCredit: { amount: '1500' } }, order: { id: orderId } }],
      ['edges { ... on ProfitTargetEdge { node { ...T } node { percent } } }', { percent: '40', quantity: '4' }],
    ];
    for (const [selection, node] of selections) {
      const fragment = selection.includes('...T') ? 'fragment T on ProfitTarget { quantity }' : '';
      const found = await answers(`query { unfilledTargets { ${selection} } } ${fragment}`);
      expect(found.length).toBe(1);
      expect(at(found[0], 'data.unfilledTargets.edges.0.node')).toEqual(node);
    }
    const twice = await answers('{ unfilledTargets { edges { node { targetKey } } } unfilledTargets { edges { node { percent position { symbol } } } } }');
    expect(twice).toMatchObject([{ data: { unfilledTargets: { edges: [{ node: { targetKey: 'a', percent: '40', position: { symbol: 'SPY 450/445 put spread' } } }] } } }]);
  });

  it('errors of variables, arguments and limits, with code and field', async () => {
    const cases: readonly [string, object, object][] = [
      ['query ($first: Int) { orders(first: $first) { edges { cursor } } }', { first: 501 }, { code: 'BAD_USER_INPUT', field: 'first' }],
      ['query ($first: Int) { orders(first: $first) { edges { cursor } } }', { first: 'x' }, { code: 'BAD_USER_INPUT', field: 'first' }],
      ['query ($p: LogPosition) { orders(waitFor: $p) { edges { cursor } } }', { p: 'x' }, { code: 'BAD_USER_INPUT', field: 'p' }],
      ['query ($id: ID!) { position(id: $id) { id } }', {}, { code: 'BAD_USER_INPUT', field: 'id' }],
      ['query ($filter: OrderFilter) { orders(filter: $filter) { edges { cursor } } }', { filter: { ordStatus: ['NEW', 'OLD'] } }, { code: 'BAD_USER_INPUT' }],
      ['{ positions(first: 500) { edges { node { targets(first: 100) { order { executions(first: 100) { execId } } } } } } }', {}, { code: 'LIMIT_EXCEEDED' }],
    ];
    for (const [query, variables, extensions] of cases) {
      for (const body of await answers(query, variables)) expect(at(body, 'errors.0.extensions')).toMatchObject(extensions);
    }
  });

  it('over plain JSON as over Yoga\'s own way, which a browser\'s requests take', async () => {
    for (const query of ['{ orders { edges { node { clOrdId } } } }', '{ order(id: "x") { id } nope }', '{ order(', '{ order { id } }', 'query A { __typename } query B { __typename }']) {
      const [plain] = await answers(query);
      const [yogas] = await answers(query, {}, { origin: api.url });
      expect(at(yogas, 'data')).toEqual(at(plain, 'data'));
      expect(at(yogas, 'errors.0.message')).toEqual(at(plain, 'errors.0.message'));
      expect(at(yogas, 'errors.0.extensions.code')).toEqual(at(plain, 'errors.0.extensions.code'));
    }
  });
});
