import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { schema } from '../../src/api/schema.js';
import { quarantineStream } from '../../src/eventstore/identity.js';
import { accountId, tenantId } from '../../src/domain/ids.js';
import { StreamWriter } from '../projections/ledger.js';
import { ApiStack, at, listAt, textAt, tokenOf } from './api.js';
import type { ApiServer } from './api.js';
import { CANCEL, CANCEL_TARGET, CLOSE, fact, OPEN, orderTerms, PLACE, positionTerms, RECORD, RECORD_MANY, REPLACE, SET_TARGET, target, trade } from './inputs.js';

/*
 * Two accounts of one tenant, and a third viewer of another tenant who has an account of the same name. Each root field has a
 * probe here: a field that is new to the schema and has none fails the first test.
 */

let stack: ApiStack;
let api: ApiServer;
let alice: string;
let strangers: readonly string[];
let orderId: string;
let positionId: string;
let position: string;

beforeAll(async () => {
  stack = await ApiStack.open();
  api = await stack.serveWithTokens();
  alice = await tokenOf({ sub: 'alice', accounts: ['alice'] });
  strangers = await Promise.all([tokenOf({ sub: 'bob', accounts: ['bob', 'carol'] }), tokenOf({ sub: 'mallory', tenant: 'other', accounts: ['alice'] }), tokenOf({ sub: 'eve', tenant: 'other' })]);
  orderId = textAt(await api.ask(RECORD, { fact: trade('alices', 'X1', { refs: { clOrdId: 'alices', brokerOrderId: 'B-alice' } }) }, alice), 'recordBrokerFact.orderId');
  positionId = textAt(await api.ask(OPEN, { input: { idempotencyKey: 'p', terms: positionTerms() } }, alice), 'openPosition.positionId');
  await api.ask(SET_TARGET, { input: { positionId, idempotencyKey: 't', target: target('alices_target') } }, alice);
  await api.ask(RECORD, { fact: trade('opener', 'X5', { terms: orderTerms({ positionId, positionEffect: 'OPEN' }) }) }, alice);
  await api.ask(RECORD, { fact: trade('closer', 'X6', { terms: orderTerms({ side: 'SELL' }), execution: { execId: 'X6', lastQty: '10', lastPx: '11' } }) }, alice);
  await api.ask(RECORD, { fact: fact('ORDER_ACCEPTED', 'not-there-yet') }, alice);
  position = (await quarantineALine()).toString();
});
afterAll(() => stack?.close());

/** As an import does with a line that it cannot parse. */
function quarantineALine(): Promise<bigint> {
  const line = { tenantId: tenantId('default'), source: 'feed', origin: 'alice.log', line: '7', content: '???' };
  const data = { origin: line.origin, line: line.line, format: 'fix', reason: 'is no message', content: line.content, options: {} };
  return new StreamWriter(stack.store).append(quarantineStream(line), [{ type: 'LineQuarantined', data }], { accountId: accountId('alice') });
}

const WAIT = '(waitFor: $waitFor, settled: true)';

/** How each query shows Alice's rows: a query and where its answer's rows are. */
const QUERIES: Readonly<Record<string, { readonly fields: string; readonly rows: string }>> = {
  order: { fields: 'order(id: $orderId, waitFor: $waitFor) { id accountId executions { execId } }', rows: 'order' },
  orders: { fields: `orders${WAIT} { edges { node { id accountId } } }`, rows: 'orders.edges' },
  executions: { fields: `executions${WAIT} { edges { node { execId accountId } } }`, rows: 'executions.edges' },
  position: { fields: 'position(id: $positionId, waitFor: $waitFor) { id accountId targets { targetKey } }', rows: 'position' },
  positions: { fields: `positions${WAIT} { edges { node { id accountId } } }`, rows: 'positions.edges' },
  positionFills: { fields: `positionFills(filter: { positionId: $positionId }, waitFor: $waitFor, settled: true) { edges { node { execId accountId } } }`, rows: 'positionFills.edges' },
  unfilledTargets: { fields: `unfilledTargets${WAIT} { edges { node { targetKey accountId } } }`, rows: 'unfilledTargets.edges' },
  trialBalance: { fields: 'trialBalance(costMethod: FIFO, waitFor: $waitFor) { account unit accountId }', rows: 'trialBalance' },
  postings: { fields: `postings${WAIT} { edges { node { execId accountId } } }`, rows: 'postings.edges' },
  openLots: { fields: `openLots${WAIT} { edges { node { execId accountId } } }`, rows: 'openLots.edges' },
  realisedPnl: { fields: 'realisedPnl(filter: { costMethod: FIFO }, waitFor: $waitFor) { edges { node { symbol accountId } } }', rows: 'realisedPnl.edges' },
  events: { fields: `events${WAIT} { edges { node { stream accountId } } }`, rows: 'events.edges' },
  parkedFacts: { fields: `parkedFacts${WAIT} { edges { node { aliasId accountId } } }`, rows: 'parkedFacts.edges' },
  quarantine: { fields: `quarantine${WAIT} { edges { node { origin accountId } } }`, rows: 'quarantine.edges' },
};

/** What a stranger sends to change what is Alice's, and the error that it gets; `null`: it makes something of its own. */
const MUTATIONS: Readonly<Record<string, { readonly text: string; readonly input: () => object; readonly code: string | null }>> = {
  placeOrder: { text: PLACE, input: () => ({ input: { accountId: 'alice', clOrdId: 'mine', terms: orderTerms() } }), code: 'FORBIDDEN' },
  requestCancel: { text: CANCEL, input: () => ({ input: { orderId, idempotencyKey: 'k' } }), code: 'ORDER_NOT_FOUND' },
  requestReplace: { text: REPLACE, input: () => ({ input: { orderId, idempotencyKey: 'k', change: { orderQty: '1' } } }), code: 'ORDER_NOT_FOUND' },
  recordBrokerFact: { text: RECORD, input: () => ({ fact: trade('alices', 'X2', { accountId: 'alice' }) }), code: 'FORBIDDEN' },
  recordBrokerFacts: { text: RECORD_MANY, input: () => ({ facts: [trade('alices', 'X2', { accountId: 'alice' })] }), code: 'FORBIDDEN' },
  openPosition: { text: OPEN, input: () => ({ input: { accountId: 'alice', idempotencyKey: 'p', terms: positionTerms() } }), code: 'FORBIDDEN' },
  setTarget: { text: SET_TARGET, input: () => ({ input: { positionId, idempotencyKey: 'k', target: target('x') } }), code: 'POSITION_NOT_FOUND' },
  cancelTarget: { text: CANCEL_TARGET, input: () => ({ input: { positionId, idempotencyKey: 'k', targetKey: 'alices_target' } }), code: 'POSITION_NOT_FOUND' },
  closePosition: { text: CLOSE, input: () => ({ input: { positionId, idempotencyKey: 'k', reason: 'MANUAL', order: { ordType: 'MARKET' } } }), code: 'POSITION_NOT_FOUND' },
};

const SUBSCRIPTIONS: Readonly<Record<string, string>> = {
  orderChanged: 'orderChanged(after: "0") { order { accountId } }',
  positionChanged: 'positionChanged(after: "0") { tradePosition { accountId } }',
  targetChanged: 'targetChanged(after: "0") { target { accountId } }',
};

const fieldsOf = (type: { getFields(): object } | null | undefined): string[] => Object.keys(type?.getFields() ?? {}).sort();

it('every root field of the schema has a probe here', () => {
  expect(Object.keys(QUERIES).sort()).toEqual(fieldsOf(schema.getQueryType()));
  expect(Object.keys(MUTATIONS).sort()).toEqual(fieldsOf(schema.getMutationType()));
  expect(Object.keys(SUBSCRIPTIONS).sort()).toEqual(fieldsOf(schema.getSubscriptionType()));
});

describe.each(Object.entries(QUERIES))('the query %s', (_name, { fields, rows }) => {
  const declared = ['$orderId: ID', '$positionId: ID!', '$waitFor: LogPosition'].filter((variable) => fields.includes(variable.split(':')[0] ?? ''));
  const ask = (token: string): Promise<unknown> => api.ask(`query (${declared.join(', ')}) { ${fields} }`, { orderId, positionId, waitFor: position }, token);

  it('shows an account its rows', async () => {
    const shown = at(await ask(alice), rows);
    expect(Array.isArray(shown) ? shown.length : shown).toBeTruthy();
    expect(JSON.stringify(shown)).toMatch(/"accountId":"alice"/u);
  });

  it('shows nobody else any of them', async () => {
    for (const stranger of strangers) {
      const shown = at(await ask(stranger), rows);
      expect(Array.isArray(shown) ? shown : [shown].filter((row) => row !== null)).toEqual([]);
    }
  });
});

describe.each(Object.entries(MUTATIONS))('the mutation %s', (name, { text, input, code }) => {
  it('changes nothing of another account, and does not tell whether it is there', async () => {
    const [bob = ''] = strangers;
    const before = await stack.store.head();
    const answer = at(await api.ask(text, input(), bob), name);
    const errors = name === 'recordBrokerFacts' ? at(answer, 'results.0.errors') : at(answer, 'errors');
    expect(errors).toMatchObject([{ code }]);
    expect(await stack.store.head()).toBe(before);
  });
});

describe.each(Object.entries(SUBSCRIPTIONS))('the subscription %s', (name, fields) => {
  const first = async (token: string, patienceMs: number): Promise<unknown> => {
    const stop = AbortSignal.timeout(patienceMs);
    try {
      for await (const message of api.sse(`subscription { ${fields} }`, {}, stop, token)) return message;
    } catch (error) {
      if (!stop.aborted) throw error;
    }
    return undefined;
  };

  it('sends an account its rows, and nobody else any of them', async () => {
    expect(JSON.stringify(at(await first(alice, 10_000), `data.${name}`))).toContain('"accountId":"alice"');
    expect(await Promise.all(strangers.map((stranger) => first(stranger, 400)))).toEqual(strangers.map(() => undefined));
  });
});

describe("a broker's message", () => {
  it("that uses another account's ids makes an order of its own", async () => {
    const [bob = ''] = strangers;
    const recorded = await api.ask(RECORD, { fact: trade('bobs', 'X1', { accountId: 'bob', refs: { clOrdId: 'alices', brokerOrderId: 'B-alice' } }) }, bob);
    expect(at(recorded, 'recordBrokerFact')).toMatchObject({ outcome: 'APPLIED' });
    expect(at(recorded, 'recordBrokerFact.orderId')).not.toBe(orderId);
    const orders = await api.ask('query ($waitFor: LogPosition) { orders(waitFor: $waitFor) { edges { node { accountId cumQty } } } }', { waitFor: at(recorded, 'recordBrokerFact.position') }, alice);
    const alices = { node: { accountId: 'alice', cumQty: '10' } };
    expect(listAt(orders, 'orders.edges')).toEqual([alices, alices, alices]);
  });

  it('needs an account where the viewer has several and none is named `main`', async () => {
    const [bob = ''] = strangers;
    const recorded = await api.ask(RECORD, { fact: trade('bobs', 'X9') }, bob);
    expect(at(recorded, 'recordBrokerFact.errors')).toMatchObject([{ code: 'FORBIDDEN', field: 'accountId' }]);
  });
});
