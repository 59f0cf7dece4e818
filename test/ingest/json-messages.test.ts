import { Buffer } from 'node:buffer';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJsonMessages } from '../../src/ingest/json-messages.js';
import { MAX_LINE_BYTES } from '../../src/ingest/lines.js';
import { collected } from '../support/ledger.js';

/** Bytes in pieces of given sizes, which come round again and again. */
async function* pieces(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  for (let [from, piece] = [0, 0]; from < bytes.length; piece += 1) {
    const size = sizes[piece % Math.max(sizes.length, 1)] ?? bytes.length;
    yield bytes.subarray(from, from + size);
    from += size;
  }
}

const messagesOf = async (bytes: Buffer | string, sizes: readonly number[] = []) => (await collected(readJsonMessages(pieces(Buffer.from(bytes), sizes)))).flat();
const textsOf = async (bytes: Buffer | string, sizes: readonly number[] = []) => (await messagesOf(bytes, sizes)).map(({ text }) => text);
const valuesOf = async (bytes: Buffer | string, sizes: readonly number[] = []): Promise<unknown[]> => (await textsOf(bytes, sizes)).map((text): unknown => JSON.parse(text));

/** An object of so many bytes. */
const long = (length: number): string => `{"a":"${'x'.repeat(length - '{"a":""}'.length)}"}`;
const kept = async (text: string) => (await messagesOf(text, [65_536])).map((message) => [message.number, message.text.length, message.isCut]);
/** Text without framing. */
const substance = (text: string): string => text.replaceAll('\u001E', '').replaceAll('data:', '').replaceAll(/[\s,[\]\uFEFF]/gu, '');

const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 });
const value = fc.letrec((tie) => ({
  any: fc.oneof({ maxDepth: 4 }, fc.string({ unit: 'binary', maxLength: 12 }), fc.constantFrom('{"', '}', '\\', '\n{', ']'), fc.double(), fc.boolean(), fc.constant(null), tie('object'), fc.array(tie('any'), { maxLength: 4 })),
  object: fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 8 }), tie('any'), { maxKeys: 4 }),
})).object.map((object): unknown => JSON.parse(JSON.stringify(object)));

/** Every framing that a file may have. */
const FRAMINGS: ReadonlyMap<string, (values: readonly unknown[]) => string> = new Map([
  ['a line each', (values: readonly unknown[]) => values.map((one) => `${JSON.stringify(one)}\n`).join('')],
  ['a line each, CRLF, the last one without an end', (values) => values.map((one) => JSON.stringify(one)).join('\r\n')],
  ['documents in lines of their own', (values) => values.map((one) => `${JSON.stringify(one, undefined, 2)}\n`).join('')],
  ['documents with nothing between', (values) => values.map((one) => JSON.stringify(one)).join('')],
  ['one array', (values) => JSON.stringify(values)],
  ['one pretty array', (values) => JSON.stringify(values, undefined, '\t').replaceAll('\n', '\r\n')],
  ['several arrays', (values) => values.map((one) => JSON.stringify([one, one])).join('\n')],
  ['a JSON text sequence', (values) => values.map((one) => `\u001E${JSON.stringify(one)}\n`).join('')],
  ['an event stream', (values) => values.map((one) => `data: ${JSON.stringify(one, undefined, 1)}\n\n`).join('')],
  ['with a byte order mark', (values) => `\uFEFF${JSON.stringify(values)}`],
]);

describe('the messages of a JSON file', () => {
  it.each([...FRAMINGS])('framed as %s are its values, however the bytes are cut', async (name, framed) => {
    await fc.assert(
      fc.asyncProperty(fc.array(value, { maxLength: 6 }), sizes, async (values, cut) => {
        const expected = name === 'several arrays' ? values.flatMap((one) => [one, one]) : values;
        expect(await valuesOf(framed(values), cut)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('are the same however any bytes are cut, and hold all of them that are no framing', async () => {
    const part = fc.oneof(fc.string({ unit: 'binary', maxLength: 10 }), fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', ':', '\n', '\n  ', '{"a":1}', '{"a":\n{"b":2}\n', '"x":', '1'));
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 30 }), sizes, async (parts, cut) => {
        const bytes = Buffer.from(parts.join(''));
        const whole = await messagesOf(bytes);
        expect(await messagesOf(bytes, cut)).toEqual(whole);
        expect(whole.map(({ number }) => number)).toEqual(whole.map((_message, index) => index + 1));
        expect(substance(whole.map(({ text }) => text).join(''))).toBe(substance(bytes.toString('utf8')));
      }),
      { numRuns: 500 },
    );
  });

  it('go on behind a line that was cut off', async () => {
    const file = ['{"a":1}', '{"b":{"c":[1,2', '{"d":3}', '{"e":"cut in a te', '{"f":5}', '{"g":[{"h":6},', '{"i":7}', '{"j":8}', '{"k":'].join('\n');
    expect(await textsOf(file)).toEqual(['{"a":1}', '{"b":{"c":[1,2', '{"d":3}', '{"e":"cut in a te', '{"f":5}', '{"g":[{"h":6},', '{"i":7}', '{"j":8}', '{"k":']);
  });

  it('go on behind a broken document at the next one, not within it', async () => {
    const broken = '{\n  "a": {\n    "b": oops!\n  },\n  "legs": [\n    {\n      "c": 1\n    }\n  ]\n}';
    const sound = '{\n  "d": {\n    "e": 2\n  }\n}';
    expect(await textsOf(`${broken}\n${sound}\n`)).toEqual([broken, sound]);
    expect(await textsOf(`[\n${broken.replaceAll(/^/gmu, '  ')},\n${sound.replaceAll(/^/gmu, '  ')}\n]`)).toEqual([`${broken},`, sound].map((text) => text.replaceAll('\n', '\n  ')));
  });

  it('are garbage to the end of the line where something else stands between them', async () => {
    expect(await textsOf('{"a":1}\n2026-11-20 connected {"no":1}\n{"b":2}\nnull\n]{"c":3}')).toEqual(['{"a":1}', '2026-11-20 connected {"no":1}', '{"b":2}', 'null', '{"c":3}']);
  });

  it('of an event stream are its data; comments and other fields stay apart', async () => {
    expect(await textsOf(':heartbeat\n\nid: 7\nevent: trade\ndata: {"a":1}\n\n:heartbeat\ndata:{"b":2}')).toEqual([':heartbeat', 'id: 7', 'event: trade', '{"a":1}', ':heartbeat', '{"b":2}']);
  });

  it('are garbage where they are nested too deep', async () => {
    const deep = `${'{"a":'.repeat(65)}1${'}'.repeat(65)}`;
    expect(await textsOf(`${deep}\n{"b":2}`)).toEqual([deep, '{"b":2}']);
    const deepest = `${'{"a":'.repeat(64)}1${'}'.repeat(64)}`;
    expect(await textsOf(`${deepest}{"b":2}`)).toEqual([deepest, '{"b":2}']);
  });

  it('are cut and marked where they are too long, and the next ones are whole', async () => {
    expect(await kept(`[${long(MAX_LINE_BYTES + 1)},{"b":"]"}]`)).toEqual([
      [1, 400_000, true],
      [2, 9, false],
    ]);
    expect(await kept(`${long(MAX_LINE_BYTES)}\n${'#'.repeat(MAX_LINE_BYTES + 1)}\n{"b":2}`)).toEqual([
      [1, MAX_LINE_BYTES, false],
      [2, 400_000, true],
      [3, 7, false],
    ]);
    expect(await kept(`${long(MAX_LINE_BYTES + 1).slice(0, -1)}\n{"b":2}\n${long(MAX_LINE_BYTES + 1)}{"c":3}`)).toEqual([
      [1, 400_000, true],
      [2, 7, false],
      [3, 400_000, true],
      [4, 7, false],
    ]);
  });

  it('are read from an array of any length in bounded memory', async () => {
    const element = Buffer.from(`{"e":"executionReport","filler":"${'x'.repeat(1_000)}"},`);
    async function* endless(): AsyncGenerator<Buffer> {
      yield Buffer.from('[');
      for (let sent = 0; sent < 40_000; sent += 100) yield Buffer.concat(Array.from({ length: 100 }, () => element));
      yield Buffer.from('{}]');
    }
    let [count, most] = [0, 0];
    for await (const messages of readJsonMessages(endless())) {
      count += messages.length;
      most = Math.max(most, messages.length);
    }
    expect(count).toBe(40_001);
    expect(most).toBeLessThanOrEqual(101);
  });

  it('are none in an empty file', async () => {
    expect(await textsOf('')).toEqual([]);
    expect(await textsOf('\uFEFF\r\n []\n')).toEqual([]);
  });
});
