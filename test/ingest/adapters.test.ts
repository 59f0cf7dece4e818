import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventMetadata } from '../../src/eventstore/schemas/metadata-schema.js';
import { alias } from '../../src/eventstore/schemas/ingest-schemas.js';
import { orderFact } from '../../src/eventstore/schemas/order-schemas.js';
import type { Adapter, ParsedLine } from '../../src/ingest/adapter.js';
import { alpacaAdapter } from '../../src/ingest/alpaca.js';
import { binanceAdapter } from '../../src/ingest/binance.js';
import { csvAdapter } from '../../src/ingest/csv.js';
import { fixAdapter } from '../../src/ingest/fix.js';
import { ibkrAdapter } from '../../src/ingest/ibkr.js';
import { jsonlAdapter } from '../../src/ingest/jsonl.js';
import { lobsterAdapter } from '../../src/ingest/lobster.js';
import { tastytradeAdapter } from '../../src/ingest/tastytrade.js';
import { tradestationAdapter } from '../../src/ingest/tradestation.js';
import * as alpaca from './alpaca-fixture.js';
import * as binance from './binance-fixture.js';
import { PARTIAL_FILL, fixLine, fromBroker } from './fix-fixture.js';
import { STOCK_TRADE } from './ibkr-fixture.js';
import { openAdapter } from './parse.js';
import { frame, orderJson as tastytradeOrder } from './tastytrade-fixture.js';
import { closed } from './tradestation-fixture.js';

const LOBSTER_FILE = 'MSFT_2012-06-21_34200000_37800000_message_10.csv';

const MAX_REASON_LENGTH = 500;

/** What is unsound about an answer: it must be one of three, and a fact must be one that the store accepts. */
function faultsOf(parsed: ParsedLine): readonly string[] {
  if (parsed.kind !== 'facts') return parsed.reason.length > 0 && parsed.reason.length <= MAX_REASON_LENGTH ? [] : [`a reason of ${parsed.reason.length} characters`];
  if (parsed.facts.length === 0) return ['no fact'];
  return parsed.facts.flatMap(({ fact, context: { correlationId, causationId, ...said }, aliases, newAliases = [], lookUp = [] }) => {
    const metadata = { ...said, $correlationId: correlationId, $causationId: causationId, schemaVersion: 1, producer: 'test' };
    const checks = [orderFact.safeParse(fact), eventMetadata.safeParse(metadata), ...[...aliases, ...newAliases, ...lookUp].map((name) => alias.safeParse(name))];
    return checks.flatMap(({ error }) => (error ? [error.message] : []));
  });
}

/** A value that someone might put in a field. */
const nasty = fc.oneof(
  fc.string({ maxLength: 300 }),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom('', '0', '-1', 'NONE', 'Y', 'N', '1e9', '.5', '-.5', '+1', '9'.repeat(70), '0.'.padEnd(50, '0'), '20261120-14:30:00', '\u0000', '\uD800', '__proto__', 'é', '|', ';'),
  fc.integer().map(String),
  fc.double().map(String),
);

const everyAdapter: readonly (readonly [string, Adapter])[] = [
  ['lobster', lobsterAdapter],
  ['fix', fixAdapter],
  ['jsonl', jsonlAdapter],
  ['tastytrade', tastytradeAdapter],
  ['tradestation', tradestationAdapter],
  ['binance', binanceAdapter],
  ['alpaca', alpacaAdapter],
  ['ibkr', ibkrAdapter],
  ['csv', csvAdapter],
];

describe.each(everyAdapter)('the adapter %s', (_name, adapter) => {
  it('answers any text with facts, a skip or a reason', () => {
    const parser = openAdapter(adapter, {}, LOBSTER_FILE);
    fc.assert(
      fc.property(fc.oneof(nasty, fc.string({ unit: 'binary', maxLength: 400 }), fc.json()), (line) => {
        expect(faultsOf(parser.parse(line, 1))).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });
});

/** A line whose separators are all the same: logs show FIX's SOH as `|` or `;`. */
const withOneSeparator = (line: string): string => line.replaceAll('\u0001', '|').replaceAll(';', '|');

/** The value with one part of it, found by a path of numbers, replaced. */
const replacedAt = (value: unknown, path: readonly number[], by: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return by;
  const keys = Object.keys(value);
  const key = keys[(path[0] ?? 0) % keys.length] ?? '';
  const inner = replacedAt(Reflect.get(value, key), path.slice(1), by);
  return Array.isArray(value) ? [inner] : { ...value, [key]: inner };
};

describe('messages with some field replaced', () => {
  it('of FIX are sound', () => {
    const parser = openAdapter(fixAdapter, { checksum: 'ignore' });
    const tags = [1, 6, 11, 14, 15, 17, 19, 20, 31, 32, 34, 37, 38, 39, 40, 41, 43, 44, 49, 52, 54, 55, 56, 58, 59, 60, 75, 77, 97, 99, 136, 137, 138, 150, 151, 167, 202, 231, 434];
    const edit = fc.tuple(fc.constantFrom(...tags), nasty);
    const message = fc.tuple(fc.constantFrom('D', 'F', 'G', '8', '9', '0', 'zz'), fc.array(edit, { maxLength: 4 }), fc.constantFrom('\u0001', '|', ';'));
    fc.assert(
      fc.property(message, ([msgType, edits, separator]) => {
        expect(faultsOf(parser.parse(fromBroker(msgType, { ...PARTIAL_FILL, 41: 'C0', 40: '1', 434: '1', ...Object.fromEntries(edits) }, { separator }), 1))).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('of LOBSTER are sound', () => {
    const parser = openAdapter(lobsterAdapter, {}, LOBSTER_FILE);
    const edit = fc.tuple(fc.nat({ max: 5 }), nasty);
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 2 }), (edits) => {
        const columns = ['34200.5', '4', '77', '30', '5853300', '1'];
        for (const [column, value] of edits) columns[column] = value;
        expect(faultsOf(parser.parse(columns.join(','), 1))).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('of plain JSON are sound', () => {
    const parser = openAdapter(jsonlAdapter);
    const line = {
      type: 'ExecutionRecorded',
      occurredAt: '2026-11-20T14:30:00Z',
      session: 's',
      sequence: '1',
      tradingDay: '2026-11-20',
      account: 'a',
      source: 'b',
      sourceEventId: 'c',
      idScope: ['x'],
      refs: { brokerOrderId: 'A', clOrdId: 'B' },
      report: { cumQty: '1', reason: 'r' },
      execution: { execId: 'x-1', side: 'buy', lastQty: '40', lastPx: '187.49', instrument: { symbol: 'AAPL', multiplier: '1' }, fees: [{ amount: '1', currency: 'USD' }] },
    };
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 4, maxLength: 4 }), fc.oneof(nasty, fc.jsonValue()), (path, by) => {
        expect(faultsOf(parser.parse(JSON.stringify(replacedAt(line, path, by)), 1))).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['tastytrade', tastytradeAdapter, frame(tastytradeOrder('Live', 300, [{ id: 'f', quantity: 4, price: '12.4', at: 100 }], { 'replaces-order-id': 7, 'complex-order-id': 8 }))],
    ['TradeStation', tradestationAdapter, closed('FLP', '40', { CommissionFee: '1', RejectReason: 'r', GroupName: 'g' })],
    ['Binance', binanceAdapter, { data: binance.tradeReport(7, '0.5', '0.5', 10, { C: 'c-0', g: 3, j: 4, P: '1', r: 'WHY' }) }],
    ['Binance futures', binanceAdapter, binance.futuresUpdate('TRADE', 'FILLED', 5, { t: 77, l: '0.1', z: '0.1', L: '91000.5', ap: '91000.5', n: '3.6', sp: '1' })],
    ['Alpaca', alpacaAdapter, alpaca.update('trade_correct', 3, alpaca.orderJson('filled', '10', { replaces: 'a', replaced_by: 'b', legs: [alpaca.orderJson('held', '0', { id: 'l' })] }), { previous_execution_id: 'p', qty: '1', price: '1', account_id: 'x' })],
    ['Flex statements', ibkrAdapter, { element: 'Trade', statementAccountId: 'U1', attributes: { ...STOCK_TRADE, ibExecID: '0000d514.67400001.01.02', dateTime: '20261120;093406 EST', brokerageOrderID: 'b', origTradeID: 'c' } }],
    ['Alpaca activities', alpacaAdapter, alpaca.activity('e1', '4', '4', 3, { account_id: 'x' })],
  ] as const)('of %s are sound', (_name, adapter, message) => {
    const parser = openAdapter(adapter);
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 7, maxLength: 7 }), fc.oneof(nasty, fc.jsonValue()), (path, by) => {
        expect(faultsOf(parser.parse(JSON.stringify(replacedAt(message, path, by)), 1))).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('of FIX, cut or with a flipped character, are never taken for the message', () => {
    const parser = openAdapter(fixAdapter);
    const sound = fixLine(Object.entries({ 35: '8', 49: 'BROKER', 56: 'CLIENT', 34: '7', 52: '20261120-14:30:00', ...PARTIAL_FILL }).map(([tag, value]) => [Number(tag), value]));
    fc.assert(
      fc.property(fc.nat({ max: sound.length - 2 }), fc.integer({ min: 1, max: 127 }), (index, flip) => {
        const flipped = String.fromCharCode(sound.charCodeAt(index) ^ flip);
        const line = sound.slice(0, index) + flipped + sound.slice(index + 1);
        // A separator that becomes another one of the separators says the same.
        fc.pre(withOneSeparator(line) !== withOneSeparator(sound));
        expect(parser.parse(line, 1).kind).toBe('malformed');
        expect(parser.parse(sound.slice(0, index), 1).kind).toBe('malformed');
      }),
      { numRuns: 1_000 },
    );
  });
});
