import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderFact } from '../../src/eventstore/schemas/order-schemas.js';
import type { OrderFact } from '../../src/eventstore/commands.js';
import type { ParsedLine } from '../../src/ingest/adapter.js';
import { csvAdapter } from '../../src/ingest/csv.js';
import { CSV_COLUMNS } from '../../src/ingest/csv-columns.js';
import { readCsvRecords } from '../../src/ingest/csv-records.js';
import { chunksOf } from './ibkr-fixture.js';
import { dataOf, onlyFact, openAdapter } from './parse.js';

type Flags = Readonly<Record<string, string>>;
type Values = Readonly<Record<string, string>>;

/** The records of a file as they are quarantined, and what each amounts to. */
async function parsed(file: string, flags: Flags = {}): Promise<readonly ParsedLine[]> {
  const parser = openAdapter(csvAdapter, flags);
  const found: ParsedLine[] = [];
  for await (const lines of csvAdapter.messages?.(chunksOf(file), flags) ?? []) for (const { text, number } of lines) found.push(parser.parse(text, number));
  return found;
}
const fileOf = (values: Values, delimiter = ','): string => `${Object.keys(values).join(delimiter)}\n${Object.values(values).join(delimiter)}\n`;
const TRADE = { occurredAt: '2026-11-20T14:30:00.123456Z', orderId: 'A-1', execId: 'x-1', symbol: 'ACME', side: 'buy', quantity: '40', price: '187.490' };

async function one(changed: Values, flags: Flags = {}): Promise<ParsedLine> {
  const [only, ...others] = await parsed(fileOf({ ...TRADE, ...changed }), flags);
  if (!only || others.length > 0) throw new Error('not one record');
  return only;
}
const tradeOf = async (changed: Values, flags: Flags = {}) => dataOf(await one(changed, flags), 'ExecutionRecorded').execution;

async function records(file: string, cuts: readonly number[] = []): Promise<readonly (readonly [number, string])[]> {
  const found: (readonly [number, string])[] = [];
  for await (const lines of readCsvRecords(chunksOf(file, cuts), undefined, () => undefined)) found.push(...lines.map(({ number, text }) => [number, text] as const));
  return found;
}

describe('a CSV file', () => {
  const file = '\uFEFFa,b,note\r\n1,2,plain\r\n\r\n3,4,"two\r\nlines, and ""quotes"""\n5,6,"Ü €"\n7,8,5" pipe\n9,10,';

  it('is cut into records with their header, whatever lines they have', async () => {
    expect(await records(file)).toEqual([
      [2, 'a,b,note\n1,2,plain'],
      [4, 'a,b,note\n3,4,"two\nlines, and ""quotes"""'],
      [6, 'a,b,note\n5,6,"Ü €"'],
      [7, 'a,b,note\n7,8,5" pipe'],
      [8, 'a,b,note\n9,10,'],
    ]);
  });

  it('is the same wherever it is cut into chunks', async () => {
    const [whole, length] = [await records(file), Buffer.byteLength(file)];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: length }), { maxLength: 20 }), async (cuts) => {
        expect(await records(file, cuts)).toEqual(whole);
      }),
    );
  });

  it('needs no line break behind its last record (RFC 4180)', async () => {
    expect(await records('a,b\n1,2\n3,4')).toEqual(await records('a,b\n1,2\n3,4\n'));
  });

  it('with a quote that nobody closes loses that line alone', async () => {
    const many = Array.from({ length: 150 }, (_, index) => `${index},y`);
    expect((await records(['a,b', '1,"x', ...many].join('\n'))).map(([, text]) => text.split('\n').slice(1).join('\n'))).toEqual(['1,"x', ...many]);
    expect((await records('a,b\n1,"x\n2,y\n')).map(([, text]) => text)).toEqual(['a,b\n1,"x', 'a,b\n2,y']);
    const [broken, whole] = await parsed(`${fileOf(TRADE).replace('ACME', '"ACME')}${Object.values(TRADE).join(',')}\n`);
    expect([broken?.kind, whole?.kind]).toEqual(['malformed', 'facts']);
  });

  it.each([
    ['"ACME', /^a quote opens a field, and none closes it$/u],
    ['"AC"ME', /^a field goes on behind the quote that closes it: /u],
    ['AC"ME"', /^a quote stands in a field that does not begin with one: /u],
  ])('whose field is %s says what is wrong, without a number that is not of the file', async (symbol, reason) => {
    expect(await one({ symbol })).toEqual({ kind: 'malformed', reason: expect.stringMatching(reason) });
  });

  it('needs no column of a trade where its records name their types, or are no trades', async () => {
    const placed = { occurredAt: TRADE.occurredAt, orderId: 'A-1' };
    for (const [values, flags] of [[{ ...placed, type: 'OrderAccepted' }, {}], [placed, { type: 'OrderAccepted' }]] as const) {
      expect((await parsed(fileOf(values), flags)).map(({ kind }) => kind)).toEqual(['facts']);
    }
  });

  it('comes with any delimiter, and columns in any order and spelling', async () => {
    const expected = await parsed(fileOf(TRADE));
    expect(expected).toMatchObject([{ kind: 'facts' }]);
    for (const delimiter of [',', ';', '\t', '|']) {
      expect(await parsed(fileOf(TRADE, delimiter))).toEqual(expected);
      const reversed = Object.fromEntries(Object.entries(TRADE).toReversed().map(([name, value]) => [name.replaceAll(/([A-Z])/gu, '_$1').toUpperCase(), `"${value}"`]));
      expect(await parsed(fileOf(reversed, delimiter), { delimiter: delimiter === '\t' ? 'tab' : delimiter })).toEqual(expected);
    }
  });

  it('has its own column names mapped, and what is not meant ignored', async () => {
    const own = 'Time,Order No,Trade No,Ticker,B/S,Qty,Px,password\n2026-11-20T14:30:00.123456Z,A-1,x-1,ACME,B,40,187.490,SECRET\n';
    const columns = 'Time:occurredAt,Order No:orderId,Trade No:execId,Ticker:symbol,B/S:side,Qty:quantity,Px:price';
    expect(await parsed(own, { columns, ignore: 'password' })).toEqual(await parsed(fileOf(TRADE)));
    expect(await parsed(own, { columns, ignore: '*' })).toEqual(await parsed(fileOf(TRADE)));
    await expect(parsed(own, { columns })).rejects.toThrow(/the column "password" is not known/u);
  });

  it.each([
    ['orderId,quantity', {}, /no column is occurredAt/u],
    ['occurredAt,orderId,symbol,quantity,price', {}, /no column is execId: map the one that holds it, such as columns=Trade No:execId/u],
    ['occurredAt,execId,Ticker,quantity,price', { ignore: '*' }, /no column is symbol/u],
    ['occurredAt,execId,symbol,Anzahl,price', { ignore: 'Anzahl' }, /no column is quantity: map .*columns=Qty:quantity/u],
    ['occurredAt,execId,symbol,quantity', {}, /no column is price/u],
    ['occurredAt,execId,symbol,quantity,price', { type: 'ExecutionCorrected' }, /no column is execRefId/u],
    ['occurredAt,price,Price', {}, /two columns are price/u],
    ['occurredAt,price', { columns: 'x:colour' }, /is not a column of the file, a colon and one of/u],
    ['occurredAt,price', { delimiter: 'x' }, /delimiter/u],
    ['occurredAt,price', { zone: 'Mars' }, /zone/u],
    ['occurredAt,price', { checksum: 'ignore' }, /no such option/u],
    ['2026-11-20T14:30:00Z,1', {}, /the column "2026-11-20T14:30:00Z" is not known/u],
    ['occurredAt,"price', {}, /the header cannot be read/u],
  ] as const)('whose head is %j with %j is refused before anything is read', async (head, flags, reason) => {
    await expect(parsed(`${head}\n1,2\n`, flags)).rejects.toThrow(reason);
  });
});

describe('a record', () => {
  it('is a trade, and opens its order without inventing what it does not say', async () => {
    const fact = onlyFact(await one({ fee: '0.35', venue: 'ARCA' }));
    const instrument = { symbol: 'ACME', securityType: 'equity', multiplier: '1', quoteCurrency: 'USD', settlementCurrency: 'USD' };
    expect(fact.fact).toEqual({
      type: 'ExecutionRecorded',
      data: {
        refs: { brokerOrderId: 'A-1' },
        terms: { environment: 'live', instrument, sourceSymbol: 'ACME', side: 'buy', orderQty: '0', ordType: 'other' },
        execution: { execId: 'x-1', side: 'buy', lastQty: '40', lastPx: '187.49', instrument, sourceSymbol: 'ACME', fees: [{ amount: '0.35', currency: 'USD' }], venue: 'ARCA' },
      },
    });
    expect(fact.context).toMatchObject({ accountId: 'main', source: { name: 'csv' }, occurredAt: TRADE.occurredAt, tradingDay: '2026-11-20' });
  });

  it.each([
    [{ side: 'SELL', quantity: '-40' }, { side: 'sell', lastQty: '40' }],
    [{ side: '', quantity: '-40' }, { side: 'sell', lastQty: '40' }],
    [{ side: 'buy to close', quantity: '-40' }, { side: 'buy', lastQty: '40', positionEffect: 'close' }],
    [{ side: 'Sell to Open' }, { side: 'sell', positionEffect: 'open' }],
    [{ price: '-.50' }, { lastPx: '-0.5' }],
    [{ fee: '0.00' }, { fees: [] }],
    [{ fee: '-1', feeCurrency: 'BNB' }, { fees: [{ amount: '-1', currency: 'BNB' }] }],
  ] as const)('that says %j is %j', async (changed, expected) => {
    expect(await tradeOf(changed)).toMatchObject(expected);
  });

  it.each([
    ['2026-11-20T09:30:00.123456789-05:00', {}, '2026-11-20T14:30:00.123456789Z', '2026-11-20'],
    ['2026-11-20 14:30Z', {}, '2026-11-20T14:30:00Z', '2026-11-20'],
    ['2026-11-20 09:30:00.5', { zone: 'America/New_York' }, '2026-11-20T14:30:00.5Z', '2026-11-20'],
    ['2026-11-20T20:30:00-05:00', {}, '2026-11-21T01:30:00Z', '2026-11-20'],
    ['1763649000123', {}, '2025-11-20T14:30:00.123Z', '2025-11-20'],
  ] as const)('at %s with %j is at its time in UTC', async (occurredAt, flags, utc, tradingDay) => {
    expect(onlyFact(await one({ occurredAt }, flags)).context).toMatchObject({ occurredAt: utc, tradingDay });
  });

  it('without an order is an order of its own, and is named by its account', async () => {
    expect(onlyFact(await one({ orderId: '', account: 'mine' }))).toMatchObject({ fact: { data: { refs: { brokerOrderId: 'x-1' } } }, context: { accountId: 'mine' } });
  });

  it.each([
    [{ type: 'OrderPlaced', ordType: 'LIMIT', timeInForce: 'DAY' }, 'OrderPlaced', { terms: { orderQty: '40', price: '187.49', ordType: 'limit', timeInForce: 'day' } }],
    [{ type: 'OrderReplaced', clOrdId: 'c2', origClOrdId: 'c1' }, 'OrderReplaced', { refs: { clOrdId: 'c2', origClOrdId: 'c1' }, change: { orderQty: '40', price: '187.49' } }],
    [{ type: 'OrderCanceled', cumQty: '7', reason: 'why' }, 'OrderCanceled', { report: { cumQty: '7', reason: 'why' } }],
    [{ type: 'ExecutionCorrected', execRefId: 'x-0', possResend: 'true' }, 'ExecutionCorrected', { execRefId: 'x-0', possResend: true }],
    [{ type: 'ExecutionBusted', execRefId: 'x-0', execId: '' }, 'ExecutionBusted', { execRefId: 'x-0', execId: 'bust of x-0' }],
    [{ type: 'CancelRejected', responseTo: 'cancel' }, 'CancelRejected', { responseTo: 'cancel' }],
  ] as const)('of %j is a fact of that type that can be stored', async (changed, type, data) => {
    const fact: OrderFact = onlyFact(await one(changed));
    expect(fact.fact).toMatchObject({ type, data });
    expect(orderFact.safeParse(fact.fact).error).toBeUndefined();
  });

  it.each([
    [{ quantity: '"1,234"' }, 'quantity', /separators between thousands/u],
    [{ price: '12.5 USD' }, 'price', /not a plain decimal/u],
    [{ quantity: '-1' }, 'quantity', /negative, but the side is buy/u],
    [{ side: 'hold' }, 'side', /is not one of/u],
    [{ occurredAt: '2026-11-20 09:30:00' }, 'occurredAt', /has no offset/u],
    [{ occurredAt: '20.11.2026' }, 'occurredAt', /not an ISO-8601 time/u],
    [{ occurredAt: '' }, 'occurredAt', /required and missing/u],
    [{ symbol: '' }, 'symbol', /^symbol: is required and missing$/u],
    [{ execId: '' }, 'execId', /^execId: is required and missing$/u],
    [{ quantity: '' }, 'quantity', /^quantity: is required and missing$/u],
    [{ price: '' }, 'price', /^price: is required and missing$/u],
    [{ orderId: 'NONE' }, 'orderId', /NONE and 0 do not/u],
    [{ securityType: 'option' }, 'multiplier', /multipliers=ACME/u],
    [{ securityType: 'stonk' }, 'multiplier', /./u],
    [{ securityType: 'stonk', multiplier: '1' }, 'securityType', /^securityType: "stonk" is not one of equity, option/u],
    [{ multiplier: '0' }, 'multiplier', /^multiplier: must be above 0$/u],
    [{ securityType: 'future', symbol: '/ESZ6', multiplier: '0.00' }, 'multiplier', /^multiplier: must be above 0$/u],
    [{ type: 'OrderFilled' }, 'type', /^type: "OrderFilled" is not one of OrderPlaced/u],
    [{ type: 'ExecutionBusted' }, 'execRefId', /./u],
    [{ possResend: 'maybe' }, 'possResend', /neither true nor false/u],
    [{ positionId: 'p' }, 'positionId', /UUID/u],
    [{ price: '1,2' }, 'line', /has 8 fields, the header 7/u],
  ] as const)('that says %j is malformed, and the column is named', async (changed, field, reason) => {
    expect(await one(changed)).toEqual({ kind: 'malformed', field, reason: expect.stringMatching(reason) });
  });

  it('of any text is a fact that can be stored, or a reason', async () => {
    const parser = openAdapter(csvAdapter);
    const value = fc.oneof(fc.string({ maxLength: 250 }), fc.string({ unit: 'binary', maxLength: 20 }), fc.constantFrom('', '0', '-1', 'NONE', '1e9', '9'.repeat(70), '\u0000', '__proto__'));
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...CSV_COLUMNS), value, { maxKeys: 4 }), (edits) => {
        const values = { ...TRADE, ...edits };
        const quoted = Object.values(values).map((text) => `"${text.replaceAll('"', '""')}"`);
        const answer = parser.parse(`${Object.keys(values).join(',')}\n${quoted.join(',')}`, 1);
        const faults = answer.kind === 'facts' ? answer.facts.map(({ fact }) => orderFact.safeParse(fact).error?.message) : [answer.reason === '' ? 'no reason' : undefined];
        expect(faults).toEqual(faults.map(() => undefined));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('docs/csv.md', () => {
  it('names every column, and shows what can be read', async () => {
    const page = readFileSync('docs/csv.md', 'utf8');
    for (const column of CSV_COLUMNS) expect(page).toContain(`\`${column}\``);
    const examples = [...page.matchAll(/```csv\n([\s\S]*?)```/gu)].map(([, text = '']) => text);
    expect(examples.length).toBeGreaterThan(1);
    expect((await parsed(examples[0] ?? '')).map(({ kind }) => kind)).toEqual(['facts', 'facts', 'facts', 'facts']);
  });
});
