import { describe, expect, it } from 'vitest';
import { ImportOptionError } from '../../src/ingest/adapter.js';
import { lobsterAdapter } from '../../src/ingest/lobster.js';
import { RECEIVED_AT, dataOf, onlyFact, openAdapter, parseOne } from './parse.js';

const FILE = 'MSFT_2012-06-21_34200000_37800000_message_10.csv.gz';
const parse = (line: string, flags = {}, origin = FILE) => parseOne(lobsterAdapter, line, flags, origin);

describe('a LOBSTER message', () => {
  it('of a new limit order places it, with the symbol, day and zone of the file', () => {
    const fact = onlyFact(parse('34200.004241176,1,16113575,18,5853300,1'));
    expect(fact.fact).toEqual({
      type: 'OrderPlaced',
      data: {
        origin: 'fact',
        refs: { brokerOrderId: '16113575' },
        report: { ordStatus: 'new' },
        terms: {
          environment: 'live',
          instrument: { symbol: 'MSFT', securityType: 'equity', multiplier: '1', quoteCurrency: 'USD', settlementCurrency: 'USD' },
          sourceSymbol: 'MSFT',
          side: 'buy',
          orderQty: '18',
          ordType: 'limit',
          price: '585.33',
          timeInForce: 'day',
        },
      },
    });
    expect(fact.aliases).toEqual([{ kind: 'broker', scope: ['default', 'lobster', 'MSFT', '2012-06-21'], id: '16113575' }]);
    expect(fact.context).toMatchObject({
      tenantId: 'default',
      accountId: 'main',
      source: { name: 'lobster', session: 'MSFT/2012-06-21', sequence: '1' },
      occurredAt: '2012-06-21T13:30:00.004241176Z',
      receivedAt: RECEIVED_AT,
      tradingDay: '2012-06-21',
      correlationId: 'import-1',
    });
  });

  it('of a partial cancel, a delete and an execution says what became of the order', () => {
    expect(dataOf(parse('34200.5,2,77,30,5853300,-1'), 'OrderRestated')).toEqual({ refs: { brokerOrderId: '77' }, change: {}, reducedBy: '30' });
    expect(dataOf(parse('34200.5,3,77,30,5853300,-1'), 'OrderCanceled')).toEqual({ refs: { brokerOrderId: '77' } });
    expect(dataOf(parse('34200.5,4,77,30,1,-1'), 'ExecutionRecorded').execution).toMatchObject({ side: 'sell', lastQty: '30', lastPx: '0.0001', fees: [] });
  });

  it('of two executions of one order at one time is a trade of its own by size, price and number', () => {
    const parser = openAdapter(lobsterAdapter, {}, FILE);
    const lines = ['34200.5,4,77,10,4119000,1', '34200.5,4,77,20,4119000,1', '34200.5,4,77,20,4118000,1', '34200.5,4,77,20,4118000,1'];
    const ids = lines.map((line, index) => dataOf(parser.parse(line, index + 1), 'ExecutionRecorded').execution.execId);
    expect(new Set(ids).size).toBe(lines.length);
  });

  it.each([
    ['34200.5,5,0,30,5853300,-1', 'type 5: execution of a hidden order'],
    ['34200.5,6,-1,30,5853300,-1', 'type 6: cross trade'],
    ['34200.5,7,0,0,-1,-1', 'type 7: trading halt'],
  ])('that names no order is skipped and says why: %s', (line, reason) => {
    expect(parse(line)).toEqual({ kind: 'skipped', reason });
  });

  it.each([
    ['', undefined],
    ['34200.5,1,77,30,5853300', 'line'],
    ['34200.5,1,77,30,5853300,1,9', 'line'],
    ['86400,1,77,30,5853300,1', 'time'],
    ['-1,1,77,30,5853300,1', 'time'],
    ['09:30,1,77,30,5853300,1', 'time'],
    ['34200.5,8,77,30,5853300,1', 'type'],
    ['34200.5,1,0,30,5853300,1', 'order id'],
    ['34200.5,1,7x,30,5853300,1', 'order id'],
    ['34200.5,1,77,0,5853300,1', 'size'],
    ['34200.5,1,77,1.5,5853300,1', 'size'],
    ['34200.5,1,77,30,58.53,1', 'price'],
    ['34200.5,1,77,30,5853300,0', 'direction'],
  ])('that is malformed names the field: %s', (line, field) => {
    expect(parse(line)).toMatchObject({ kind: 'malformed', ...(field === undefined ? {} : { field }) });
  });
});

const keysOf = (lines: readonly string[], firstLine = 1): string[] => {
  const parser = openAdapter(lobsterAdapter, {}, FILE);
  return lines.map((line, index) => onlyFact(parser.parse(line, firstLine + index)).context.commandKey);
};

describe('the name of a LOBSTER message', () => {
  const [first, twin, later] = ['34200.5,4,77,30,5853300,1', '34200.5,4,77,30,5853300,1', '34200.6,4,77,30,5853300,1'];

  it('tells identical executions at one time apart, the same way each time', () => {
    const keys = keysOf([first, twin, later]);
    expect(new Set(keys).size).toBe(3);
    expect(keysOf([first, twin, later])).toEqual(keys);
  });

  it('does not depend on where the file was cut', () => {
    expect(keysOf([later], 1)).toEqual(keysOf([first, twin, later]).slice(2));
  });

  it('gives the executions of one order different ids', () => {
    const parser = openAdapter(lobsterAdapter, {}, FILE);
    const ids = [first, twin, later].map((line, index) => dataOf(parser.parse(line, index + 1), 'ExecutionRecorded').execution.execId);
    expect(new Set(ids).size).toBe(3);
  });
});

describe('the flags of a LOBSTER import', () => {
  it('go before the name of the file', () => {
    const fact = onlyFact(parse('34200,1,77,30,5853300,1', { symbol: 'GOOG', date: '2012-12-21', zone: 'UTC', account: 'mine', tenant: 't1' }));
    expect(fact.aliases[0]?.scope).toEqual(['t1', 'lobster', 'GOOG', '2012-12-21']);
    expect(fact.context).toMatchObject({ accountId: 'mine', tenantId: 't1', occurredAt: '2012-12-21T09:30:00Z', tradingDay: '2012-12-21' });
  });

  it.each([
    [{}, 'symbol'],
    [{ symbol: 'GOOG' }, 'date'],
    [{ symbol: 'GOOG', date: '2012-02-30' }, 'date'],
    [{ symbol: 'GOOG', date: '2012-02-20', zone: 'Mars/Olympus' }, 'zone'],
    [{ symbol: 'GOOG', date: '2012-02-20', colour: 'red' }, 'colour'],
  ])('are refused by name where they are missing or wrong: %j', (flags, option) => {
    const open = () => parse('34200,1,77,30,5853300,1', flags, 'messages.csv');
    expect(open).toThrow(ImportOptionError);
    expect(open).toThrow(`option "${option}"`);
  });
});
