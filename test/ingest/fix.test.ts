import { describe, expect, it } from 'vitest';
import { fixAdapter } from '../../src/ingest/fix.js';
import { PARTIAL_FILL, fixLine, fromBroker, toBroker } from './fix-fixture.js';
import { dataOf, onlyFact, parseOne } from './parse.js';

const parse = (line: string, flags: Readonly<Record<string, string>> = {}) => parseOne(fixAdapter, line, flags);
const report = (overrides: Readonly<Record<number, string | undefined>>, form?: { version?: string; separator?: string }) =>
  parse(fromBroker('8', { ...PARTIAL_FILL, ...overrides }, form));
const broker = (id: string) => ({ kind: 'broker', scope: ['default', 'BROKER'], id });
const client = (id: string, account = 'ACC1') => ({ kind: 'client', scope: ['default', account], id });
const ofSession = (id: string, ...more: string[]) => ({ kind: 'client', scope: ['default', 'BROKER', 'session', 'CLIENT', ...more], id });
const NEW_ORDER = { 1: 'ACC1', 11: 'C1', 38: '100', 40: '2', 44: '10.50', 54: '2', 55: 'AAPL', 59: '1', 60: '20261120-14:30:00.123' };

const statusOf = (fields: Readonly<Record<number, string>>) => dataOf(report({ 150: '5', 39: '5', ...fields }, { version: 'FIX.4.2' }), 'OrderReplaced').report?.ordStatus;
const contextOf = (line: string) => onlyFact(parse(line)).context;
/** Key and digests: what copies of a message have in common. */
const identityOf = (line: string) => {
  const { commandKey, commandDigest, sourceDigest } = contextOf(line);
  return { commandKey, commandDigest, sourceDigest };
};

describe('a FIX execution report of a trade', () => {
  const parsed = report({ 12: '1.25', 13: '3', 30: 'XNAS', 58: 'thanks' });

  it('is an execution with the broker’s numbers and the order’s terms', () => {
    expect(dataOf(parsed, 'ExecutionRecorded')).toEqual({
      refs: { brokerOrderId: 'O1', clOrdId: 'C1' },
      report: { ordStatus: 'partially_filled', orderQty: '100', cumQty: '30', leavesQty: '70', avgPx: '10.5', reason: 'thanks' },
      terms: {
        environment: 'live',
        instrument: { symbol: 'AAPL', securityType: 'equity', multiplier: '1', quoteCurrency: 'USD', settlementCurrency: 'USD' },
        sourceSymbol: 'AAPL',
        side: 'buy',
        orderQty: '100',
        ordType: 'other',
      },
      execution: {
        execId: 'E1',
        side: 'buy',
        lastQty: '30',
        lastPx: '10.5',
        instrument: { symbol: 'AAPL', securityType: 'equity', multiplier: '1', quoteCurrency: 'USD', settlementCurrency: 'USD' },
        sourceSymbol: 'AAPL',
        fees: [{ amount: '1.25', currency: 'USD' }],
        venue: 'XNAS',
      },
    });
  });

  it('has its place and its names', () => {
    const { aliases, newAliases, context } = onlyFact(parsed);
    expect(aliases).toEqual([broker('O1'), client('C1')]);
    expect(newAliases).toEqual([]);
    expect(context).toMatchObject({
      accountId: 'ACC1',
      source: { name: 'BROKER', session: 'BROKER>CLIENT', sequence: '7' },
      occurredAt: '2026-11-20T14:30:00.123456Z',
      tradingDay: '2026-11-20',
      commandKey: 'fact:BROKER:exec/O1/E1/ExecutionRecorded',
    });
  });

  it('takes a size that is signed by the side as its absolute value', () => {
    expect(dataOf(report({ 32: '-30', 38: '-100' }), 'ExecutionRecorded')).toMatchObject({ execution: { lastQty: '30' }, terms: { orderQty: '100' } });
  });

  it('tells the series of an option apart and knows what a contract is worth', () => {
    const option = report({ 167: 'OPT', 200: '202601', 205: '16', 201: '1', 202: '150.0' });
    expect(dataOf(option, 'ExecutionRecorded').execution).toMatchObject({ sourceSymbol: 'AAPL', instrument: { symbol: 'AAPL 20260116 C 150', securityType: 'option', multiplier: '100' } });
    expect(dataOf(report({ 167: 'FUT', 541: '20261218', 231: '50' }), 'ExecutionRecorded').execution.instrument).toMatchObject({ symbol: 'AAPL 20261218', multiplier: '50' });
  });

  it('carries the fees of a group, each in its currency', () => {
    const fields = Object.entries(PARTIAL_FILL).map(([tag, value]) => [Number(tag), value] as const);
    const head = [[35, '8'], [49, 'BROKER'], [56, 'CLIENT'], [34, '7'], [52, '20261120-14:30:00']] as const;
    const group = [[136, '2'], [137, '0.10'], [138, 'USD'], [139, '1'], [137, '-0.02'], [138, 'EUR'], [139, '2']] as const;
    expect(dataOf(parse(fixLine([...head, ...fields, ...group])), 'ExecutionRecorded').execution.fees).toEqual([
      { amount: '0.1', currency: 'USD' },
      { amount: '-0.02', currency: 'EUR' },
    ]);
  });

  it.each([
    [17, 'ExecID (17)'],
    [31, 'LastPx (31)'],
    [32, 'LastQty (32)'],
    [54, 'Side (54)'],
    [55, 'Symbol (55)'],
    [150, 'ExecType (150)'],
    [34, 'MsgSeqNum (34)'],
    [49, 'SenderCompID (49)'],
    [52, 'SendingTime (52)'],
  ])('is malformed without tag %i', (tag, field) => {
    expect(report({ [tag]: undefined })).toEqual({ kind: 'malformed', field, reason: `${field} is required and missing` });
  });

  it.each([
    [17, '0', 'ExecID (17)'],
    [31, 'abc', 'LastPx (31)'],
    [32, '1e5', 'LastQty (32)'],
    [54, '8', 'Side (54)'],
    [150, 'Z', 'ExecType (150)'],
    [60, '2026-11-20 14:30', 'TransactTime (60)'],
    [60, '20260230-14:30:00', 'TransactTime (60)'],
    [11, 'x'.repeat(201), 'ClOrdID (11)'],
    [55, 'A\u0007B', 'Symbol (55)'],
  ])('is malformed where tag %i is %j', (tag, value, field) => {
    expect(report({ [tag]: value })).toMatchObject({ kind: 'malformed', field });
  });

  it('is malformed where a field that counts comes twice', () => {
    const line = fromBroker('8', PARTIAL_FILL, { separator: '|' }).replace('38=100|', '38=100|38=200|');
    expect(parse(line, { checksum: 'ignore' })).toMatchObject({ kind: 'malformed', field: '38' });
  });
});

describe('the event of an execution report', () => {
  it.each([
    ['0', 'OrderAccepted'],
    ['3', 'OrderDoneForDay'],
    ['4', 'OrderCanceled'],
    ['5', 'OrderReplaced'],
    ['6', 'CancelPending'],
    ['7', 'OrderStopped'],
    ['8', 'OrderRejected'],
    ['9', 'OrderSuspended'],
    ['A', 'OrderPendingNew'],
    ['B', 'OrderCalculated'],
    ['C', 'OrderExpired'],
    ['D', 'OrderRestated'],
    ['E', 'ReplacePending'],
    ['F', 'ExecutionRecorded'],
    ['I', 'OrderStatusReported'],
  ])('of ExecType %s is %s', (execType, type) => {
    expect(onlyFact(report({ 150: execType })).fact.type).toBe(type);
  });

  it('of a correction and a bust names what it changes', () => {
    expect(dataOf(report({ 150: 'G', 17: 'E2', 19: 'E1' }), 'ExecutionCorrected')).toMatchObject({ execRefId: 'E1', execution: { execId: 'E2', lastQty: '30' } });
    expect(dataOf(report({ 150: 'H', 17: 'E3', 19: 'E1', 31: undefined, 32: undefined }), 'ExecutionBusted')).toMatchObject({ execId: 'E3', execRefId: 'E1' });
    expect(report({ 150: 'H' })).toMatchObject({ kind: 'malformed', field: 'ExecRefID (19)' });
  });

  it.each([
    [{ 20: '0', 150: '1' }, 'ExecutionRecorded'],
    [{ 20: '0', 150: '2' }, 'ExecutionRecorded'],
    [{ 20: '1', 150: '1', 19: 'E0' }, 'ExecutionBusted'],
    [{ 20: '2', 150: '1', 19: 'E0' }, 'ExecutionCorrected'],
    [{ 20: '3', 150: '1', 17: '0' }, 'OrderStatusReported'],
  ])('of FIX 4.2 follows its ExecTransType: %j', (fields, type) => {
    expect(onlyFact(report(fields, { version: 'FIX.4.2', separator: ';' })).fact.type).toBe(type);
  });

  it('of FIX 4.2’s OrdStatus Replaced is what 4.4 says instead', () => {
    expect([statusOf({ 14: '0' }), statusOf({}), statusOf({ 14: '100', 151: '0' })]).toEqual(['new', 'partially_filled', 'filled']);
  });

  it('carries the new terms of a replace and the reasons of a reject', () => {
    expect(dataOf(report({ 150: '5', 38: '150', 44: '11', 40: '2', 59: '0' }), 'OrderReplaced').change).toEqual({ orderQty: '150', price: '11', ordType: 'limit', timeInForce: 'day' });
    expect(dataOf(report({ 150: '8', 103: '6', 58: 'duplicate' }), 'OrderRejected').report?.reason).toBe('6: duplicate');
    expect(dataOf(report({ 150: '8', 58: 'x'.repeat(500) }), 'OrderRejected').report?.reason).toHaveLength(200);
  });
});

describe('FIX requests and cancel rejects', () => {
  it('of a new order place it as a fact', () => {
    const fact = onlyFact(parse(toBroker('D', { ...NEW_ORDER, 77: 'C' })));
    expect(fact.fact).toMatchObject({
      type: 'OrderPlaced',
      data: { origin: 'fact', refs: { clOrdId: 'C1' }, terms: { side: 'sell', ordType: 'limit', price: '10.5', timeInForce: 'gtc', positionEffect: 'close' } },
    });
    expect(fact.aliases).toEqual([client('C1')]);
    expect(fact.context.source).toEqual({ name: 'BROKER', session: 'CLIENT>BROKER', sequence: '3' });
  });

  it.each([11, 40, 54, 55])('of a new order need tag %i', (tag) => {
    expect(parse(toBroker('D', { ...NEW_ORDER, [tag]: undefined }))).toMatchObject({ kind: 'malformed' });
  });

  it('of a new order for an amount of cash have no quantity yet', () => {
    expect(dataOf(parse(toBroker('D', { ...NEW_ORDER, 38: undefined, 152: '10000' })), 'OrderPlaced').terms.orderQty).toBe('0');
  });

  it('name the order by its old ClOrdID and give it the new one', () => {
    const cancel = onlyFact(parse(toBroker('F', { 1: 'ACC1', 11: 'C2', 41: 'C1', 38: '100', 54: '1', 55: 'AAPL', 60: '20261120-14:31:00' })));
    expect(cancel.fact).toMatchObject({ type: 'CancelRequested', data: { origin: 'fact', refs: { clOrdId: 'C2', origClOrdId: 'C1' }, terms: { side: 'buy', orderQty: '100', sourceSymbol: 'AAPL' } } });
    expect([cancel.aliases, cancel.newAliases]).toEqual([[client('C1'), client('C2')], [client('C2')]]);
    const replace = dataOf(parse(toBroker('G', { ...NEW_ORDER, 11: 'C2', 41: 'C1', 38: '50' })), 'ReplaceRequested');
    expect(replace).toMatchObject({ change: { orderQty: '50', price: '10.5' } });
    expect(replace.terms).toBeUndefined();
  });

  it('that were refused say which request', () => {
    const reject = { 11: 'C2', 41: 'C1', 37: 'O1', 39: '1', 60: '20261120-14:31:00', 102: '0', 58: 'too late' };
    expect(dataOf(parse(fromBroker('9', { ...reject, 434: '1' })), 'CancelRejected')).toEqual({
      refs: { brokerOrderId: 'O1', clOrdId: 'C2', origClOrdId: 'C1' },
      report: { ordStatus: 'partially_filled', reason: '0: too late' },
      responseTo: 'cancel',
    });
    expect(dataOf(parse(fromBroker('9', { ...reject, 434: '2' })), 'CancelRejected').responseTo).toBe('replace');
    expect(parse(fromBroker('9', { ...reject, 434: '3' }))).toMatchObject({ kind: 'malformed', field: 'CxlRejResponseTo (434)' });
  });

  it('that were refused for an unknown order are looked for by the ClOrdIDs of their session, and NONE is no id', () => {
    const parsed = parse(fromBroker('9', { 11: 'C2', 41: 'C1', 37: 'NONE', 39: '8', 434: '1', 102: '1' }));
    expect(onlyFact(parsed)).toMatchObject({ aliases: [ofSession('C2')], fallback: [ofSession('C1')] });
    expect(onlyFact(parsed).lookUp).toEqual([client('C1', 'main'), client('C2', 'main')]);
    expect(dataOf(parsed, 'CancelRejected').refs).toEqual({ clOrdId: 'C2', origClOrdId: 'C1' });
  });

  it('that were refused without an account are looked for by OrderID, not in an account that is only assumed', () => {
    const reject = fromBroker('9', { 11: 'C2', 41: 'C1', 37: 'O1', 39: '0', 434: '1' });
    expect(onlyFact(parse(reject))).toMatchObject({ aliases: [broker('O1')], newAliases: [], fallback: [ofSession('C2'), ofSession('C1')] });
    expect(onlyFact(parse(reject, { account: 'ACC1' }))).toMatchObject({ aliases: [broker('O1'), client('C1'), client('C2')], newAliases: [] });
  });

  it('without any id name nothing', () => {
    expect(report({ 11: undefined, 37: 'NONE' })).toMatchObject({ kind: 'malformed', field: 'OrderID (37)' });
  });

  it('of other types are skipped by name', () => {
    expect(parse(fromBroker('0', {}))).toEqual({ kind: 'skipped', reason: 'MsgType 0' });
    expect(parse(fromBroker('AE', {}))).toEqual({ kind: 'skipped', reason: 'MsgType AE' });
    expect(parse(fromBroker('no type', {}))).toMatchObject({ kind: 'malformed', field: 'MsgType (35)' });
  });
});

describe('copies of a FIX message', () => {
  it('are one fact whatever their sequence number and time of sending: an execution report', () => {
    const original = fromBroker('8', PARTIAL_FILL);
    expect(identityOf(fromBroker('8', { ...PARTIAL_FILL, 43: 'Y', 52: '20261120-15:00:00', 122: '20261120-14:30:00.500' }))).toEqual(identityOf(original));
    expect(identityOf(fromBroker('8', { ...PARTIAL_FILL, 97: 'Y', 34: '99', 52: '20261120-15:00:00' }))).toEqual(identityOf(original));
  });

  it('are one fact: a new order sent again', () => {
    expect(identityOf(toBroker('D', { ...NEW_ORDER, 97: 'Y', 34: '99', 52: '20261120-15:00:00' }))).toEqual(identityOf(toBroker('D', NEW_ORDER)));
    expect(contextOf(toBroker('D', { ...NEW_ORDER, 38: '200', 34: '99' })).commandKey).not.toBe(contextOf(toBroker('D', NEW_ORDER)).commandKey);
  });

  it('are one fact: a message without a TransactTime, by its session, first day of sending and number', () => {
    const reject = { 11: 'C2', 37: 'O1', 39: '0', 434: '1' };
    expect(identityOf(fromBroker('9', { ...reject, 43: 'Y', 52: '20261121-08:00:00', 122: '20261120-14:30:00.500' }))).toEqual(identityOf(fromBroker('9', reject)));
    expect(contextOf(fromBroker('9', { ...reject, 34: '8' })).commandKey).not.toBe(contextOf(fromBroker('9', reject)).commandKey);
  });

  it('with another size are a conflict under one key', () => {
    const [a, b] = [contextOf(fromBroker('8', PARTIAL_FILL)), contextOf(fromBroker('8', { ...PARTIAL_FILL, 32: '31' }))];
    expect(a.commandKey).toBe(b.commandKey);
    expect(a.commandDigest).not.toBe(b.commandDigest);
  });

  it('are marked where they may be resends', () => {
    expect(dataOf(report({ 97: 'Y' }), 'ExecutionRecorded').possResend).toBe(true);
  });

  it('of one ExecID in two orders are two facts', () => {
    expect(contextOf(fromBroker('8', { ...PARTIAL_FILL, 37: 'O2' })).commandKey).not.toBe(contextOf(fromBroker('8', PARTIAL_FILL)).commandKey);
  });
});

describe('the flags of a FIX import', () => {
  it('give what the log does not say', () => {
    const line = fromBroker('8', { ...PARTIAL_FILL, 1: undefined });
    const fact = onlyFact(parse(line, { account: 'mine', source: 'acme', tenant: 't1', environment: 'paper', currency: 'EUR', multiplier: '5' }));
    expect(fact.aliases).toEqual([
      { kind: 'broker', scope: ['t1', 'acme'], id: 'O1' },
      { kind: 'client', scope: ['t1', 'mine'], id: 'C1' },
    ]);
    expect(fact.fact.data).toMatchObject({ terms: { environment: 'paper', instrument: { multiplier: '5', quoteCurrency: 'EUR' } } });
  });

  it('scope ids by the day where a broker uses them again', () => {
    expect(onlyFact(parse(fromBroker('8', PARTIAL_FILL), { idsRecycle: 'daily' })).aliases).toEqual([
      { kind: 'broker', scope: ['default', 'BROKER', '2026-11-20'], id: 'O1' },
      { kind: 'client', scope: ['default', 'ACC1', '2026-11-20'], id: 'C1' },
    ]);
  });

  it('are refused where they are wrong', () => {
    expect(() => parse('', { checksum: 'maybe' })).toThrow('option "checksum"');
    expect(() => parse('', { symbol: 'X' })).toThrow('option "symbol"');
  });
});
