import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { orderFact } from '../../src/eventstore/schemas/order-schemas.js';
import { jsonlAdapter } from '../../src/ingest/jsonl.js';
import { dataOf, onlyFact, parseOne } from './parse.js';

type Json = Readonly<Record<string, unknown>>;
const parse = (line: Json, flags: Readonly<Record<string, string>> = {}) => parseOne(jsonlAdapter, JSON.stringify(line), flags);

const common = { occurredAt: '2026-11-20T14:30:00.123456789Z', source: 'acme', refs: { brokerOrderId: 'A-1' } };
const terms = { instrument: { symbol: 'AAPL' }, side: 'buy', orderQty: '100.0', ordType: 'limit', price: '187.50' };
const execution = { execId: 'x-1', side: 'buy', lastQty: '40', lastPx: '187.490', instrument: { symbol: 'AAPL' } };

const EVERY_FACT: readonly Json[] = [
  { type: 'OrderPlaced', terms },
  { type: 'CancelRequested' },
  { type: 'ReplaceRequested', change: { orderQty: '50' } },
  { type: 'OrderPendingNew' },
  { type: 'OrderAccepted', terms },
  { type: 'OrderRejected', report: { reason: 'no' } },
  { type: 'CancelPending' },
  { type: 'ReplacePending' },
  { type: 'OrderReplaced', change: { price: '1' } },
  { type: 'OrderCanceled' },
  { type: 'CancelRejected', responseTo: 'replace' },
  { type: 'OrderDoneForDay' },
  { type: 'OrderExpired' },
  { type: 'OrderRestated', reducedBy: '10' },
  { type: 'OrderStopped' },
  { type: 'OrderSuspended' },
  { type: 'OrderCalculated' },
  { type: 'OrderStatusReported', report: { cumQty: '40', leavesQty: '-1' } },
  { type: 'ExecutionRecorded', execution },
  { type: 'ExecutionCorrected', execRefId: 'x-1', execution },
  { type: 'ExecutionBusted', execId: 'x-2', execRefId: 'x-1' },
];

const contextOf = (fields: Json) => onlyFact(parse({ ...common, ...fields })).context;

describe('a JSON line', () => {
  it.each(EVERY_FACT)('of $type is that fact, and one that can be stored', (fields) => {
    const { fact } = onlyFact(parse({ ...common, ...fields }));
    expect(fact.type).toBe(fields['type']);
    expect(orderFact.safeParse(fact).error).toBeUndefined();
  });

  it('gets canonical decimals and what sources leave out', () => {
    expect(dataOf(parse({ ...common, type: 'OrderPlaced', terms }, { environment: 'paper' }), 'OrderPlaced')).toEqual({
      origin: 'fact',
      refs: { brokerOrderId: 'A-1' },
      terms: {
        environment: 'paper',
        instrument: { symbol: 'AAPL', securityType: 'equity', multiplier: '1', quoteCurrency: 'USD', settlementCurrency: 'USD' },
        sourceSymbol: 'AAPL',
        side: 'buy',
        orderQty: '100',
        ordType: 'limit',
        price: '187.5',
      },
    });
  });

  it('has its names, place and context', () => {
    const line = { ...common, type: 'CancelPending', refs: { brokerOrderId: 'A-1', clOrdId: 'c-2', origClOrdId: 'c-1' }, account: 'mine', session: 's', sequence: '9', tradingDay: '2026-11-21', idScope: ['day1'] };
    const fact = onlyFact(parse(line));
    expect(fact.aliases).toEqual([
      { kind: 'broker', scope: ['default', 'acme', 'day1', 'account', 'mine'], id: 'A-1' },
      { kind: 'client', scope: ['default', 'mine', 'day1'], id: 'c-1' },
      { kind: 'client', scope: ['default', 'mine', 'day1'], id: 'c-2' },
    ]);
    const shared = [{ kind: 'broker', scope: ['default', 'acme', 'day1'], id: 'A-1' }];
    expect(fact).toMatchObject({ lookUp: shared, claimIfFree: shared, ownAccountOnly: true });
    const { account: _account, ...unsaid } = line;
    expect(onlyFact(parse(unsaid)).aliases[0]).toEqual(shared[0]);
    expect(fact.newAliases).toEqual([{ kind: 'client', scope: ['default', 'mine', 'day1'], id: 'c-2' }]);
    expect(fact.context).toMatchObject({ accountId: 'mine', source: { name: 'acme', session: 's', sequence: '9' }, occurredAt: common.occurredAt, tradingDay: '2026-11-21' });
  });

  it('is the same fact when it comes again, and a conflict where an execution says something else', () => {
    for (const fields of EVERY_FACT) expect(contextOf(fields)).toEqual(contextOf(fields));
    const [a, b] = [contextOf({ type: 'ExecutionRecorded', execution }), contextOf({ type: 'ExecutionRecorded', execution: { ...execution, lastQty: '41' } })];
    expect([a.commandKey === b.commandKey, a.commandDigest === b.commandDigest]).toEqual([true, false]);
    expect(contextOf({ type: 'OrderAccepted' }).commandKey).not.toBe(contextOf({ type: 'OrderAccepted', occurredAt: '2026-11-20T14:30:01Z' }).commandKey);
  });

  it.each([
    [{ type: 'OrderFilled' }, 'type'],
    [{ type: 'OrderPlaced' }, 'terms'],
    [{ type: 'OrderPlaced', terms: { ...terms, orderQty: 100 } }, 'terms.orderQty'],
    [{ type: 'OrderPlaced', terms: { ...terms, orderQty: '-1' } }, 'terms.orderQty'],
    [{ type: 'OrderPlaced', terms: { ...terms, instrument: {} } }, 'terms.instrument.symbol'],
    [{ type: 'OrderPlaced', terms: { ...terms, colour: 'red' } }, 'terms.colour'],
    [{ type: 'ExecutionRecorded', execution: { ...execution, lastPx: '1e3' } }, 'execution.lastPx'],
    [{ type: 'ExecutionRecorded', execution: { ...execution, fees: [{ amount: 'x', currency: 'USD' }] } }, 'execution.fees.0.amount'],
    [{ type: 'ExecutionBusted', execId: 'x-2' }, 'execRefId'],
    [{ type: 'OrderAccepted', execution }, 'execution'],
    [{ type: 'OrderAccepted', refs: {} }, 'refs'],
    [{ type: 'OrderAccepted', refs: { brokerOrderId: 'NONE' } }, 'refs.brokerOrderId'],
    [{ type: 'OrderAccepted', refs: { brokerOrderId: 'a\u0000b' } }, 'refs.brokerOrderId'],
    [{ type: 'OrderAccepted', occurredAt: '2026-11-20 14:30' }, 'occurredAt'],
    [{ type: 'OrderAccepted', occurredAt: '2026-02-30T14:30:00Z' }, 'occurredAt'],
    [{ type: 'OrderAccepted', sequence: 7 }, 'sequence'],
    [{ type: 'OrderAccepted', password: 'x' }, 'password'],
  ])('is malformed, and the field is named: %j', (fields, field) => {
    expect(parse({ ...common, ...fields })).toMatchObject({ kind: 'malformed', field });
  });

  it.each([
    [{ type: 'OrderFilled' }, /^type: "OrderFilled" is not one of OrderPlaced, CancelRequested, .*, ExecutionBusted$/u],
    [{}, /^type: is required and missing$/u],
    [{ type: 7 }, /^type: 7 is not one of OrderPlaced/u],
    [{ type: 'x'.repeat(300) }, /^type: "x{60}…" is not one of OrderPlaced/u],
    [{ type: 'ExecutionRecorded' }, /^execution: is required and missing$/u],
    [{ type: 'ExecutionRecorded', execution: { ...execution, lastPx: undefined } }, /^execution\.lastPx: is required and missing$/u],
    [{ type: 'ExecutionRecorded', execution: { ...execution, lastPx: 187.5 } }, /^execution\.lastPx: must be a decimal in quotes, such as "12\.50"$/u],
    [{ type: 'ExecutionRecorded', execution: { ...execution, side: 'BUY' } }, /^execution\.side: "BUY" is not one of buy, sell, sell_short, sell_short_exempt, buy_minus, sell_plus$/u],
    [{ type: 'ExecutionRecorded', execution: { ...execution, side: null } }, /^execution\.side: null is not one of buy/u],
    [{ type: 'ExecutionRecorded', execution: { ...execution, instrument: 'AAPL' } }, /^execution\.instrument: must be an object$/u],
    [{ type: 'ExecutionRecorded', execution: { ...execution, fees: '1' } }, /^execution\.fees: must be a list$/u],
    [{ type: 'ExecutionRecorded', execution: { ...execution, instrument: { symbol: 'AAPL', multiplier: '0' } } }, /^execution\.instrument\.multiplier: must be above 0$/u],
    [{ type: 'OrderAccepted', possResend: 'yes' }, /^possResend: must be true or false$/u],
    [{ type: 'OrderAccepted', occurredAt: undefined }, /^occurredAt: is required and missing$/u],
  ])('says what is asked for, and what it got: %j', (fields, reason) => {
    expect(parse({ ...common, ...fields })).toMatchObject({ kind: 'malformed', reason: expect.stringMatching(reason) });
  });

  it.each(['', '[]', 'null', '{"type":', '7', '"text"'])('is malformed where it is no object: %s', (line) => {
    expect(parseOne(jsonlAdapter, line)).toEqual({ kind: 'malformed', reason: 'the line is not a JSON object' });
  });

  it('is malformed where one member has two values, and sound where it says one twice', () => {
    const line = JSON.stringify({ ...common, type: 'ExecutionRecorded', execution });
    expect(parseOne(jsonlAdapter, line.replace('"lastQty":"40"', '"lastQty":"40","lastQty":"41"'))).toEqual({ kind: 'malformed', reason: expect.stringMatching(/^the line is not valid JSON: Duplicate key 'lastQty'/u) });
    expect(parseOne(jsonlAdapter, line.replace('"lastQty":"40"', '"lastQty":"40","lastQty":"40"')).kind).toBe('facts');
  });

  it('is as the documentation shows it', () => {
    const page = readFileSync('docs/jsonl.md', 'utf8');
    const examples = [...page.matchAll(/^\{"type".*$/gmu)].map(([line]) => line);
    expect(examples.length).toBeGreaterThan(3);
    for (const line of examples) expect(parseOne(jsonlAdapter, line).kind).toBe('facts');
    for (const { type } of EVERY_FACT) expect(page).toContain(`\`${String(type)}\``);
  });
});
