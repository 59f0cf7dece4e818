import { Buffer } from 'node:buffer';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fixAdapter } from '../../src/ingest/fix.js';
import { fixMessages } from '../../src/ingest/fix-messages.js';
import type { Line } from '../../src/ingest/lines.js';
import { PARTIAL_FILL, fromBroker } from './fix-fixture.js';
import { onlyFact, parseOne } from './parse.js';

/** The messages of a file that comes in chunks of so many bytes. */
async function messagesOf(text: string, chunkBytes = 65_536): Promise<readonly Line[]> {
  const bytes = Buffer.from(text, 'latin1');
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let from = 0; from < bytes.length; from += chunkBytes) yield bytes.subarray(from, from + chunkBytes);
  }
  const found: Line[] = [];
  for await (const lines of fixMessages(chunks())) found.push(...lines);
  return found;
}

const message = (execId: string, separator = '|', more: Readonly<Record<number, string>> = {}): string => fromBroker('8', { ...PARTIAL_FILL, 17: execId, ...more }, { separator });
const execIdOf = ({ text }: Line): string => {
  const { fact } = onlyFact(parseOne(fixAdapter, text));
  return fact.type === 'ExecutionRecorded' ? fact.data.execution.execId : fact.type;
};

describe('the messages of a FIX log', () => {
  it.each(['\u0001', '|', ';', '^A'])('are told apart where several stand in one line, separated by %j', async (separator) => {
    const line = `10:00 IN: ${message('E1', separator)}${message('E2', separator)} 10:01 OUT: ${message('E3', separator)} (queued)`;
    const found = await messagesOf(`${line}\n${message('E4', separator)}\n`);
    expect(found.map(execIdOf)).toEqual(['E1', 'E2', 'E3', 'E4']);
    expect(found.map(({ number }) => number)).toEqual([1, 1, 1, 2]);
  });

  it('are whole wherever the log broke their lines, and however the file is read', async () => {
    const [first, second] = [message('E1'), message('E2')];
    const places = fc.uniqueArray(fc.integer({ min: '8=FIX.4.4|'.length, max: first.length - 2 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(places, fc.constantFrom('\n', '\r\n'), fc.integer({ min: 1, max: 200 }), async (cuts, end, chunkBytes) => {
        const edges = [0, ...cuts.toSorted((a, b) => a - b), first.length];
        const broken = edges.slice(1).map((to, index) => first.slice(edges[index], to)).join(end);
        const found = await messagesOf(`start of day${end}${broken}${end}${second}${end}`, chunkBytes);
        expect(found.map(({ text }) => text)).toHaveLength(3);
        expect(found.slice(1).map(execIdOf)).toEqual(['E1', 'E2']);
        expect(found[1]?.number).toBe(2);
      }),
      { numRuns: 100 },
    );
  });

  it.each(['first\nsecond', 'first\r\nsecond', 'first\n\nsecond'])('keep the line breaks of their text: %j', async (text) => {
    const found = await messagesOf(`${message('E1', '\u0001', { 58: text })}\n${message('E2')}\n`);
    expect(found.map(execIdOf)).toEqual(['E1', 'E2']);
    expect(onlyFact(parseOne(fixAdapter, found[0]?.text ?? '')).fact.data.report?.reason).toBe('first second');
  });

  it('stay lines where one was cut: the next message, and what is no message, are what they are', async () => {
    const cut = message('E1').slice(0, 80);
    const found = await messagesOf(`${cut}\nlogged on\n${message('E2')}\n${cut}\n`);
    expect(found.map(({ text }) => text)).toEqual([cut, 'logged on', message('E2'), cut]);
    expect(found.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
  });

  it('stay lines where a cut one is followed by more than 100 lines of anything', async () => {
    const cut = message('E1').slice(0, 80);
    const noise = Array.from({ length: 250 }, (_, index) => `line ${index}`);
    const found = await messagesOf([cut, ...noise, message('E2')].join('\n'));
    expect(found.map(({ text }) => text)).toEqual([cut, ...noise, message('E2')]);
  });
});
