import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDecimal, multiply, parseDecimal } from '../../src/domain/decimal.js';
import { FieldError } from '../../src/ingest/adapter.js';
import { messagesWithin, parseJsonMessage } from '../../src/ingest/json-envelope.js';
import { JsonFields } from '../../src/ingest/json-fields.js';
import { utcOfEpoch, utcOfIso } from '../../src/ingest/json-times.js';
import { JsonNumber, isJsonObject, parseLossless, stringifyLossless, withoutExponent } from '../../src/ingest/lossless.js';
import { zonedDay } from '../../src/ingest/zoned-time.js';

function parsed(text: string): unknown {
  const result = parseLossless(text);
  if ('reason' in result) throw new Error(result.reason);
  return result.value;
}

function fieldsOf(text: string, path?: string): JsonFields {
  const value = parsed(text);
  if (!isJsonObject(value)) throw new Error('no object');
  return new JsonFields(value, path);
}

/** The field that a read gave up at, and why. */
function faultOf(read: () => unknown): readonly [string, string] {
  try {
    read();
  } catch (error) {
    if (error instanceof FieldError) return [error.field, error.reason];
    throw error;
  }
  throw new Error('nothing was at fault');
}

describe('JSON without loss', () => {
  it('keeps every digit, and gives back what it read', () => {
    const text = '{"id":12345678901234567890,"px":0.1000000000000000055,"list":[1e-8,-0,{"__proto__":1.50}],"s":"\\u0000\\"","n":null}';
    expect(stringifyLossless(parsed(text))).toBe(text);
    expect(fieldsOf(text).text('id')).toBe('12345678901234567890');
    expect(parsed('1e400')).toEqual(new JsonNumber('1e400'));
  });

  it('takes what JSON.parse takes, but for keys that say two things', () => {
    fc.assert(
      fc.property(fc.json({ noUnicodeString: false }), (text) => {
        expect(JSON.parse(stringifyLossless(parsed(text)))).toEqual(JSON.parse(text));
      }),
      { numRuns: 300 },
    );
    expect(parseLossless('{"q":1,"q":2}')).toEqual({ reason: expect.stringContaining("Duplicate key 'q'") });
  });

  it.each(['', '{', '{"a":}', '{"a":1}x', "{'a':1}", '{"a":1,}', '[1,]', '01', 'NaN', '"\u0001"', '{"a" 1}', '"\\x"'])('gives a reason for %j', (text) => {
    expect(parseLossless(text)).toEqual({ reason: expect.stringMatching(/^is not valid JSON: /u) });
  });

  it('gives a reason for what is nested too deep, however deep', () => {
    expect(parseLossless('['.repeat(64) + ']'.repeat(64))).toHaveProperty('value');
    for (const depth of [65, 500_000]) expect(parseLossless('['.repeat(depth))).toEqual({ reason: 'is nested deeper than 64 levels' });
    expect(parseLossless(`{"a":"${'['.repeat(100)}"}`)).toHaveProperty('value');
  });
});

describe('a number with an exponent', () => {
  it.each([
    ['1e-8', '0.00000001'],
    ['-1.5E+3', '-1500'],
    ['12.345e1', '123.45'],
    ['0.001e2', '000.1'],
    ['7', '7'],
    ['1.50', '1.50'],
    ['1e999', '1e999'],
    ['e5', 'e5'],
  ])('%s is %s', (text, plain) => {
    expect(withoutExponent(text)).toBe(plain);
  });

  it('is that decimal exactly', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), fc.integer({ min: 0, max: 10 }), fc.integer({ min: -15, max: 15 }), (units, scale, exponent) => {
        const mantissa = formatDecimal({ units, scale });
        const power = exponent < 0 ? parseDecimal(`0.${'0'.repeat(-exponent - 1)}1`) : parseDecimal(`1${'0'.repeat(exponent)}`);
        expect(formatDecimal(parseDecimal(withoutExponent(`${mantissa}e${exponent}`)))).toBe(formatDecimal(multiply(parseDecimal(mantissa), power)));
      }),
      { numRuns: 500 },
    );
  });
});

describe('a field', () => {
  it('is what it is read as', () => {
    const fields = fieldsOf('{"t":"x","i":9007199254740993,"d":"-1.50","e":1e-8,"f":true,"o":{"l":[{"q":"-3"}]},"m":1759347763167,"z":"2021-03-16T14:38:01.942282-04:00","w":"a\\nb","p":".5","k":"007"}');
    expect([fields.text('t'), fields.id('i'), fields.decimal('d'), fields.decimal('e'), fields.flag('f')]).toEqual(['x', '9007199254740993', '-1.5', '0.00000001', true]);
    expect([fields.object('o')?.objects('l', 9).map((leg) => leg.quantity('q')), fields.epochTime('m'), fields.isoTime('z')]).toEqual([['3'], '2025-10-01T19:42:43.167Z', '2021-03-16T18:38:01.942282Z']);
    expect([fields.words('w'), fields.price('p'), fields.whole('k'), fields.reportedQuantity('d'), fields.time('m'), fields.oneOf('t', new Map([['x', 1]]))]).toEqual(['a b', '0.5', '7', '-1.5', '2025-10-01T19:42:43.167Z', 1]);
  });

  it('is undefined where it is absent, null or empty, and where an id is none', () => {
    const fields = fieldsOf('{"n":null,"e":"","b":"  ","zero":0,"none":"NONE","nil":"null","minus":-1}');
    expect(['n', 'e', 'b', 'absent', 'toString', '__proto__'].flatMap((name) => [fields.text(name), fields.decimal(name), fields.epochTime(name), fields.words(name)]).every((value) => value === undefined)).toBe(true);
    expect([fields.id('zero'), fields.id('none'), fields.id('nil', ['null']), fields.id('minus', ['-1']), fields.epochTime('zero')]).toEqual([undefined, undefined, undefined, undefined, undefined]);
    expect(fields.objects('n', 1)).toEqual([]);
  });

  it('names its path where it is at fault', () => {
    const fields = fieldsOf('{"legs":[{"qty":"1.x","side":"up","big":"9999999999999999999999999999999999999999999999999999999999999999"},7],"o":1,"c":"a\\u0000b","long":"' + 'x'.repeat(201) + '","f":"yes","t":"tomorrow","local":"2021-03-16T14:38:01"}', 'order');
    const [leg] = fieldsOf('{"legs":[{"qty":"1.x","side":"up"}]}', 'order').objects('legs', 2);
    expect(faultOf(() => leg?.decimal('qty'))).toEqual(['order.legs.0.qty', '"1.x" is not a decimal of at most 60 digits, 30 of them behind the point']);
    expect(faultOf(() => leg?.oneOf('side', new Map([['buy', 1], ['sell', 2]])))).toEqual(['order.legs.0.side', '"up" is not one of buy, sell']);
    expect(faultOf(() => leg?.required('price', leg.price('price')))).toEqual(['order.legs.0.price', 'is required and missing']);
    const reads: readonly (readonly [string, () => unknown])[] = [
      ['order.legs.1', () => fields.objects('legs', 2)],
      ['order.legs', () => fields.objects('legs', 1)],
      ['order.legs', () => fields.object('legs')],
      ['order.legs', () => fields.text('legs')],
      ['order.o', () => fields.object('o')],
      ['order.o', () => fields.objects('o', 1)],
      ['order.c', () => fields.text('c')],
      ['order.long', () => fields.text('long')],
      ['order.f', () => fields.flag('f')],
      ['order.t', () => fields.isoTime('t')],
      ['order.t', () => fields.epochTime('t')],
      ['order.t', () => fields.whole('t')],
      ['order.local', () => fields.isoTime('local')],
    ];
    for (const [path, read] of reads) expect(faultOf(read)[0]).toBe(path);
  });
});

describe('times', () => {
  it.each([
    ['1759347763', '2025-10-01T19:42:43Z'],
    ['1759347763167', '2025-10-01T19:42:43.167Z'],
    ['1759347763167001', '2025-10-01T19:42:43.167001Z'],
    ['1759347763000000001', '2025-10-01T19:42:43.000000001Z'],
    ['175934776316', '1975-07-30T06:46:16.316Z'],
    ['17593477631', undefined],
    ['-1', undefined],
    ['0759347763167', undefined],
  ])('since 1970, %s is %s', (text, utc) => {
    expect(utcOfEpoch(text)).toBe(utc);
  });

  it.each([
    ['2023-07-05T19:07:32.444+00:00', '2023-07-05T19:07:32.444Z'],
    ['2022-03-04T09:53:18.500245678-05:00', '2022-03-04T14:53:18.500245678Z'],
    ['2024-01-01T00:30:00+0530', '2023-12-31T19:00:00Z'],
    ['2024-01-01 00:30:00Z', '2024-01-01T00:30:00Z'],
    ['2024-02-30T00:00:00Z', undefined],
    ['2024-02-20', undefined],
    ['0001-01-01T00:00:00+01:00', '0000-12-31T23:00:00Z'],
  ])('in ISO-8601, %s is %s', (text, utc) => {
    expect(utcOfIso(text)).toBe(utc);
  });

  it('have the day of a zone', () => {
    const day = zonedDay('America/New_York');
    expect(['2026-01-06T00:59:59.9Z', '2026-01-06T05:00:00Z', '2026-07-06T03:59:59Z', '2026-07-06T04:00:00Z'].map((utc) => day?.(utc))).toEqual(['2026-01-05', '2026-01-06', '2026-07-05', '2026-07-06']);
    expect(zonedDay('Nowhere/Land')).toBeUndefined();
  });
});

const isMessage = (object: Readonly<Record<string, unknown>>): boolean => 'id' in object;
const parse = (text: string) =>
  parseJsonMessage(text, { isMessage, parse: (fields) => ({ kind: 'skipped', reason: fields.required('id', fields.whole('id')) }), skipReason: () => 'no message' });

describe('messages within envelopes', () => {
  it('are found wherever they are, and no deeper than the outermost', () => {
    const found = messagesWithin(JSON.parse('{"data":{"items":[{"id":1,"inner":{"id":2}},[{"json":{"id":3}}]],"next":null},"id2":{"x":{"id":4}}}'), isMessage);
    expect(found.map(({ id }) => id)).toEqual([1, 3, 4]);
    expect(messagesWithin(JSON.parse(`${'{"a":'.repeat(9)}{"id":1}${'}'.repeat(9)}`), isMessage)).toEqual([]);
  });

  it('are parsed, skipped or malformed', () => {
    expect(parse('{"data":{"id":7}}')).toEqual({ kind: 'skipped', reason: '7' });
    expect(parse('{"data":{"id":"x"}}')).toMatchObject({ kind: 'malformed', field: 'id' });
    expect(parse('{"data":[]}')).toEqual({ kind: 'skipped', reason: 'no message' });
    for (const line of [':heartbeat', 'event: trade', 'id: 01HCMK']) expect(parse(line)).toEqual({ kind: 'skipped', reason: 'line of an event stream without data' });
    expect(parse('{"id":')).toMatchObject({ kind: 'malformed', reason: expect.stringContaining('the message is not valid JSON') });
  });
});
