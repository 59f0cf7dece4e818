import { describe, expect, it } from 'vitest';
import { fixChecksum, parseFix } from '../../src/ingest/fix-parse.js';
import type { FixParse } from '../../src/ingest/fix-parse.js';
import { fixLine, fromBroker } from './fix-fixture.js';

const SOH = '\u0001';
const verify = { verify: true };
const valuesOf = (parsed: FixParse) => (parsed.kind === 'message' ? Object.fromEntries(parsed.message.values) : parsed);

describe('a FIX message in a log', () => {
  const fields = [
    [35, '8'],
    [37, 'O1'],
    [58, 'ok'],
  ] as const;

  it.each(['\u0001', '|', ';', '^A'])('is read with the separator %j', (separator) => {
    expect(valuesOf(parseFix(fixLine(fields, { separator }), verify))).toMatchObject({ 35: '8', 37: 'O1', 58: 'ok' });
  });

  it('is found behind what the log puts before it, and ends at its checksum', () => {
    const line = `2026-11-20 14:30:00.501 <IN> 58=FIX up: ${fixLine(fields, { separator: '|' })} (214 bytes)`;
    expect(valuesOf(parseFix(line, verify))).toMatchObject({ 35: '8', 37: 'O1' });
  });

  it('keeps the separator of the log within free text', () => {
    const line = fixLine([[35, '8'], [58, 'bad price; try 10|11'], [37, 'O1']], { separator: '|' });
    // The checksum of the wire counts a pipe in the text as itself, and one that the log made as SOH.
    for (const how of [verify, { verify: false }]) expect(valuesOf(parseFix(line, how))).toMatchObject({ 58: 'bad price; try 10|11', 37: 'O1' });
    expect(parseFix(line.replace('10|11', '10;11'), verify)).toMatchObject({ kind: 'malformed', field: 'CheckSum (10)' });
  });

  it('may hold separators in fields whose length another field gives', () => {
    const line = fixLine([[35, '8'], [95, '5'], [96, 'a\u00011=b'], [37, 'O1']]);
    expect(valuesOf(parseFix(line, verify))).toMatchObject({ 96: 'a\u00011=b', 37: 'O1' });
  });

  it('counts bytes, also those that are no ASCII', () => {
    expect(parseFix(fixLine([[35, '8'], [58, 'r\u00C3\u00A9jet']]), verify).kind).toBe('message');
    expect(fixChecksum('8=FIX.4.4\u00019=5\u000135=0\u0001')).toBe('163');
  });

  const sound = fromBroker('8', { 37: 'O1', 38: '10000' });
  it.each([
    ['nothing of FIX', 'hello', /begins with 8=FIX/u],
    ['a changed value', sound.replace('38=10000', '38=20000'), /CheckSum \(10\) says/u],
    ['another length', sound.replace(/9=\d+/u, '9=7'), /BodyLength \(9\) says 7 bytes/u],
    ['no length', fixLine([[35, '8']]).replace(`9=5${SOH}`, ''), /not the second field/u],
    ['no checksum', sound.slice(0, sound.indexOf(`${SOH}10=`) + 1), /does not end with a CheckSum/u],
    ['a cut end', sound.slice(0, -20), /does not end with a CheckSum/u],
    ['two messages', sound + sound, /more than one message/u],
    ['a field without a tag', fixLine([[35, '8']]).replace('35=8', '35=8\u0001oops'), /BodyLength/u],
  ])('is malformed with %s, and the reason says so', (_what, line, reason) => {
    expect(parseFix(line, verify)).toMatchObject({ kind: 'malformed', reason: expect.stringMatching(reason) });
  });

  it('is read without its checksum where the log is known to be rewritten', () => {
    expect(valuesOf(parseFix(sound.replace('38=10000', '38=20000'), { verify: false }))).toMatchObject({ 38: '20000' });
    expect(valuesOf(parseFix('8=FIX.4.4|35=8|37=O1', { verify: false }))).toMatchObject({ 37: 'O1' });
  });
});
