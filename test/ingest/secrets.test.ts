import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withoutSecrets } from '../../src/ingest/secrets.js';
import { fixAdapter } from '../../src/ingest/fix.js';
import { fromBroker } from './fix-fixture.js';
import { parseOne } from './parse.js';

const SOH = '\u0001';

describe('a line that is kept as it came', () => {
  it.each([
    ['8=FIX.4.4|35=A|553=joe|554=hunter2|10=1|', '8=FIX.4.4|35=A|553=***|554=***|10=1|'],
    ['35=A\u0001554=hunter2\u000110=1', '35=A\u0001554=***\u000110=1'],
    ['554=hunter2;925=next;1554=5;', '554=***;925=***;1554=5;'],
    ['35=A^A554=hunter2^A10=1', '35=A^A554=***^A10=1'],
    ['{"auth-token": "abc\\"d", "qty": "1"}', '{"auth-token": "***", "qty": "1"}'],
    ['{"api_key":"k","secretKey":"s","symbol":"KEY"}', '{"api_key":"***","secretKey":"***","symbol":"KEY"}'],
    ['<Login password="p&quot;q" user="u"/>', '<Login password="***" user="u"/>'],
    ['{"token":"cut off in the mid', '{"token":"***"'],
  ])('%j has no credentials', (line, kept) => {
    expect(withoutSecrets(line)).toBe(kept);
  });
});

describe('a line that was made to take long', () => {
  it.each([
    ['line breaks', `8=FIX.4.4\r9=5\r554=${'\r'.repeat(90_000)}x`],
    ['line breaks behind separators', `8=FIX.4.4|9=5|554=${'|\r'.repeat(45_000)}x`],
    ['heads', Array.from({ length: 4_500 }, (_, index) => `8=FIX.4.4${String.fromCodePoint(0x4e00 + index)}9=5 554=a`).join('\n')],
    ['digits', `8=FIX.4.4|9=5|554=${'|1'.repeat(45_000)}`],
  ])('by %s is struck all the same', (_what, line) => {
    expect(withoutSecrets(line).length).toBeLessThanOrEqual(line.length);
  });

  it('by blanks and quotes in a column of CSV is struck all the same', () => {
    expect(withoutSecrets(`token\n${' '.repeat(45_000)}${'"'.repeat(45_000)}`, { delimiter: undefined })).toBe('token\n***');
  });
});

describe('a FIX message that is kept', () => {
  it.each([
    [`8=FIX.4.4|9=5|554=my${SOH}|10=1|`, `8=FIX.4.4|9=5|554=***|10=1|`],
    [`8=FIX.4.4${SOH}9=5${SOH}554=my|sec^ret;x${SOH}10=1${SOH}`, `8=FIX.4.4${SOH}9=5${SOH}554=***${SOH}10=1${SOH}`],
    ['8=FIX.4.4|9=5|554=my|sec|ret|34=1|', '8=FIX.4.4|9=5|554=***|34=1|'],
    [`35=A${SOH}554=my|sec^ret;x${SOH}10=1`, `35=A${SOH}554=***${SOH}10=1`],
    [`554=hunter2${SOH}8=FIX.4.4${SOH}9=5${SOH}553=joe`, `554=***${SOH}8=FIX.4.4${SOH}9=5${SOH}553=***`],
    ['out: 8=FIXT.1.1 9=5 35=A 554=hunter 2 10=1', 'out: 8=FIXT.1.1 9=5 35=A 554=*** 10=1'],
    ['8=FIX.4.4<SOH>9=5<SOH>554=hunter2<SOH>10=1', '8=FIX.4.4<SOH>9=5<SOH>554=***<SOH>10=1'],
    ['8=FIX.4.4|35=A|49=A|554=hunter2|10=1', '8=FIX.4.4|35=A|49=A|554=***|10=1'],
    [`8=FIX.4.4${SOH}9=5${SOH}55\n4=hun\nter2${SOH}1\n0=1`, `8=FIX.4.4${SOH}9=5${SOH}55\n4=***${SOH}1\n0=1`],
    [`8=FIX.4.4${SOH}9=5${SOH}95=3${SOH}96=a|b`, `8=FIX.4.4${SOH}9=5${SOH}95=3${SOH}96=***`],
  ])('%j has no credentials, whatever separators they hold', (line, kept) => {
    expect(withoutSecrets(line)).toBe(kept);
  });

  it('keeps a text in which another separator and such a tag stand', () => {
    const line = `8=FIX.4.4${SOH}9=5${SOH}58=see |554=x| there${SOH}10=1${SOH}`;
    expect(withoutSecrets(line)).toBe(line);
  });

  it('in UTF-16 has none, nor has a line of it within others', () => {
    const wide = Buffer.from(`8=FIX.4.4${SOH}9=5${SOH}554=hunter2${SOH}10=1`, 'utf16le').toString('latin1');
    for (const text of [wide, `\0${wide}`, `8=FIX.4.4${SOH}9=5${SOH}58=two\n${wide}`]) {
      expect(withoutSecrets(text)).toContain(`554=***${SOH}10=1`);
      expect(withoutSecrets(text)).not.toMatch(/hunter2|h\0u/u);
    }
  });

  it('is not told apart from its password in the reason', () => {
    const line = fromBroker('A', { 554: 'my|hunter2' }, { separator: '|' });
    expect(parseOne(fixAdapter, line, { checksum: 'ignore' })).toEqual({ kind: 'malformed', reason: 'what stands behind the field 554 is not tag=value' });
  });

  it('of any password in any log has none', () => {
    const separator = fc.constantFrom(SOH, '|', ';', '^A');
    const password = fc.array(fc.constantFrom('a', 'B', '|', ';', '^', '^A', '=', '"', '\\', '<', ' ', SOH), { minLength: 1 }).map((parts) => `#${parts.join('')}#`);
    fc.assert(
      fc.property(separator, password, fc.constantFrom('10=123', '34=1', undefined), (between, secret, next) => {
        const head = ['8=FIX.4.4', '9=77', '35=A'].join(between);
        const tail = next === undefined ? '' : `${between}${next}${between}`;
        expect(withoutSecrets(`${head}${between}554=${secret}${tail}`)).toBe(`${head}${between}554=***${tail}`);
      }),
      { numRuns: 500 },
    );
  });
});

describe('JSON that is kept', () => {
  it.each([
    ['{"password":12345,"qty":1}', '{"password":"***","qty":1}'],
    ['{"password": true }', '{"password": "***" }'],
    ['[{"x-token":-1.5e3}]', '[{"x-token":"***"}]'],
    ['{"secret":{"a":"}","b":[1,{"c":"\\"]"}]},"qty":1}', '{"secret":"***","qty":1}'],
    ['{"tokens":["a",["b"]],"qty":1}', '{"tokens":"***","qty":1}'],
    ['{"secret":{"password":"x"},"token":7}', '{"secret":"***","token":"***"}'],
    ['{"secret":{"a":"cut', '{"secret":"***"'],
    ['{"secret":[1,2', '{"secret":"***"'],
    ['{"password":123', '{"password":"***"'],
    ['{"password":"cut\\', '{"password":"***"'],
    ['{"password":', '{"password":'],
    ['{"password":null}', '{"password":null}'],
  ])('%j has no credentials, whatever their values are', (line, kept) => {
    expect(withoutSecrets(line)).toBe(kept);
  });

  it('of any value has none', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), fc.nat({ max: 200 }), (value, cut) => {
        const secret = JSON.stringify({ value, mark: 'HUNTER2' });
        expect(withoutSecrets(`{"qty":"1","password":${secret},"side":"buy"}`)).toBe('{"qty":"1","password":"***","side":"buy"}');
        expect(withoutSecrets(`{"password":${secret.slice(0, cut)}`)).not.toContain('HUNTER2');
      }),
    );
  });
});

describe('XML that is kept', () => {
  it.each([
    [`<Login password='p"q' user='u'/>`, `<Login password='***' user='u'/>`],
    ['<Login apiKey = "k" user="u"/>', '<Login apiKey = "***" user="u"/>'],
    [`<Login password='cut`, `<Login password='***'`],
    ['<Token>hunter2</Token><Qty>1</Qty>', '<Token>***</Token><Qty>1</Qty>'],
    [JSON.stringify({ text: '<Login password="hunter2" user="u"' }), JSON.stringify({ text: '<Login password="***" user="u"' })],
  ])('%j has no credentials', (line, kept) => {
    expect(withoutSecrets(line)).toBe(kept);
  });
});

describe('a record of CSV that is kept', () => {
  const auto = { delimiter: undefined };
  it.each([
    ['time,Password,qty\n1,hunter2,3', 'time,Password,qty\n1,***,3'],
    ['time;api key;qty\n1;"hun""ter;\n2";3', 'time;api key;qty\n1;***;3'],
    ['"a\nb",token\n1,hunter2', '"a\nb",token\n1,***'],
    ['time,password,qty\n1,hunter2', 'time,password,qty\n1,***'],
    ['time,password,qty\n1,,3', 'time,password,qty\n1,,3'],
    ['time,password,qty\n1,hun,ter2,3', 'time,password,qty\n1,***,***,3'],
    ['time,password,qty\n1,"hunter2,3', 'time,password,qty\n1,***'],
    ['time,password,qty\n"1,hunter2,3', 'time,password,qty\n***'],
    ['time,qty,password\n1,"2",hunter2', 'time,qty,password\n1,"2",***'],
    ['time,qty\n1,hunter2', 'time,qty\n1,hunter2'],
  ])('%j has no credentials in the columns of such', (content, kept) => {
    expect(withoutSecrets(content, auto)).toBe(kept);
  });

  it('is cut at the delimiter of the flag', () => {
    expect(withoutSecrets('a,b;password\n1,2;hunter2,x', { delimiter: ';' })).toBe('a,b;password\n1,2;***');
  });
});
