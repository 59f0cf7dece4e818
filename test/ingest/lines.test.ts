import { Buffer } from 'node:buffer';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_LINE_BYTES, readLines } from '../../src/ingest/lines.js';
import { collected } from '../support/ledger.js';

/** Bytes in pieces of given sizes. */
async function* pieces(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let from = 0;
  for (const size of [...sizes, bytes.length]) {
    if (from >= bytes.length) return;
    yield bytes.subarray(from, from + size);
    from += size;
  }
}

const textsOf = async (bytes: Buffer, sizes: readonly number[] = [], encoding: 'utf8' | 'latin1' = 'utf8') =>
  (await collected(readLines(pieces(bytes, sizes), encoding))).flat().map(({ text }) => text);

describe('the lines of a file', () => {
  it('are those between the line ends, however the bytes are cut', async () => {
    const line = fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => text.replaceAll(/[\r\n\uFEFF]/gu, ''));
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 20 }), fc.array(fc.integer({ min: 1, max: 7 })), fc.constantFrom('\n', '\r\n'), async (lines, sizes, end) => {
        expect(await textsOf(Buffer.from(lines.map((text) => text + end).join('')), sizes)).toEqual(lines);
      }),
      { numRuns: 200 },
    );
  });

  it('are numbered from 1; a last one without an end counts, a byte order mark does not', async () => {
    const lines = (await collected(readLines(pieces(Buffer.from('\uFEFFa\n\nb'), []), 'utf8'))).flat();
    expect(lines).toEqual([
      { number: 1, text: 'a', isCut: false },
      { number: 2, text: '', isCut: false },
      { number: 3, text: 'b', isCut: false },
    ]);
    expect(await textsOf(Buffer.from('a\n'))).toEqual(['a']);
    expect(await textsOf(Buffer.alloc(0))).toEqual([]);
  });

  it('keep each byte as a character where they are read so', async () => {
    expect(await textsOf(Buffer.from([0xe9, 0x01, 0x0a, 0xff]), [1], 'latin1')).toEqual(['\u00E9\u0001', '\u00FF']);
  });

  it('are cut and marked where they are too long, and the next ones are whole', async () => {
    const bytes = Buffer.concat([Buffer.alloc(MAX_LINE_BYTES + 1, 'x'), Buffer.from('\nshort\n'), Buffer.alloc(MAX_LINE_BYTES, 'y'), Buffer.from('\n')]);
    const lines = (await collected(readLines(pieces(bytes, Array.from({ length: 40 }, () => 65_536)), 'utf8'))).flat();
    expect(lines.map(({ text, isCut }) => [text.length, isCut])).toEqual([
      [400_000, true],
      [5, false],
      [MAX_LINE_BYTES, false],
    ]);
  });
});
