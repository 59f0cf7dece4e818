import { Buffer } from 'node:buffer';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFlexElements } from '../../src/ingest/flex-xml.js';
import { chunksOf, element, queryOf, statementOf, trade } from './ibkr-fixture.js';

async function read(text: string, cuts: readonly number[] = []): Promise<readonly { readonly number: number; readonly message: Record<string, unknown> }[]> {
  const found: { readonly number: number; readonly message: Record<string, unknown> }[] = [];
  for await (const lines of readFlexElements(chunksOf(text, cuts))) for (const { number, text: json } of lines) found.push({ number, message: JSON.parse(json) });
  return found;
}
const messages = async (text: string) => (await read(text)).map(({ message }) => message);
const within = (inner: string): string => `<FlexQueryResponse><FlexStatement accountId="U1"><Trades>${inner}</Trades></FlexStatement></FlexQueryResponse>`;
/** What came of each trade: its mark, or the error. */
const marks = async (text: string) => (await messages(text)).map(({ attributes, xmlError }) => xmlError ?? Reflect.get(Object(attributes), 'n'));

const WHOLE = queryOf(
  statementOf('U1', [trade({ description: 'Müller & Søn €' }), trade({ tradeID: '2' }), element('Lot', { symbol: 'X' })]),
  statementOf('U2', [element('CashTransaction', { amount: '1', note: 'secret' }), '<!-- <Trade n="no"/> -->', element('TradeConfirm', { accountId: 'U2', n: '>' })], 'TradeConfirms'),
);

describe('the elements of a Flex statement', () => {
  it('are messages with their statement, and of others the name alone', async () => {
    const found = await read(WHOLE);
    expect(found.map(({ number, message: { element: name, statementAccountId } }) => [number, name, statementAccountId])).toEqual([
      [6, 'Trade', 'U1'],
      [7, 'Trade', 'U1'],
      [8, 'Lot', undefined],
      [13, 'CashTransaction', undefined],
      [15, 'TradeConfirm', 'U2'],
    ]);
    expect(found[0]?.message).toMatchObject({ attributes: { symbol: 'ACME', description: 'Müller & Søn €' } });
    expect(JSON.stringify(found)).not.toContain('secret');
  });

  it('are the same wherever the file is cut into chunks', async () => {
    const whole = await read(WHOLE);
    const length = Buffer.byteLength(WHOLE);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: length }), { maxLength: 40 }), async (cuts) => {
        expect(await read(WHOLE, cuts)).toEqual(whole);
      }),
      { numRuns: 150 },
    );
    expect(await read(WHOLE, [...Array.from({ length }).keys()])).toEqual(whole);
  });

  it('of documents one after another are read as of one', async () => {
    expect((await messages(`${WHOLE}${WHOLE}`)).length).toBe(10);
  });
});

describe('a broken Flex statement', () => {
  it.each([
    ['an & of a name', '<Trade n="1"/><Trade d="AT&T"/><Trade n="2"/>', [1, 'line 1: an & begins no entity that XML knows', 2]],
    ['an entity that is not known', '<Trade n="1"/><Trade d="&xxe;"/><Trade n="2"/>', [1, 'line 1: undefined entity.', 2]],
    ['an attribute twice', '<Trade n="1"/><Trade n="2" n="3"/><Trade n="4"/>', [1, 'line 1: duplicate attribute: n.', 4]],
    ['a quote that does not end', '<Trade n="1"/><Trade n="2/>\n<Trade n="3"/>', [1, 'line 1: disallowed character.', 3]],
    ['an end without a beginning', '<Trade n="1"/></Oops><Trade n="2"/>', [1, 'line 1: Oops ends, which did not begin', 2]],
  ])('with %s loses that alone', async (_what, inner, expected) => {
    expect((await marks(within(inner))).map(String)).toEqual(expected.map(String));
  });

  it('that was cut off keeps what came before, and says where it ends', async () => {
    const text = within('<Trade n="1"/>\n<Trade n="2"/>\n<Trade n="3');
    const found = await read(text.slice(0, text.indexOf('"3') + 2));
    expect(found.map(({ message: { attributes } }) => Reflect.get(Object(attributes), 'n'))).toEqual(['1', '2', undefined]);
    expect(found[2]).toMatchObject({ number: 3, message: { xmlError: expect.stringMatching(/^line 3: unclosed tag/u), text: '<Trade n="3' } });
  });

  it('whose account is not readable gives no trade to another account', async () => {
    const found = await messages(`<FlexQueryResponse><FlexStatement accountId="U1"></FlexStatement><FlexStatement accountId="A&B"><Trade n="1"/><Trade n="2" accountId="U3"/></FlexStatement></FlexQueryResponse>`);
    expect(found).toMatchObject([
      { xmlError: expect.stringContaining('&') },
      { attributes: { n: '1' }, xmlError: 'line 1: the tag of its FlexStatement is broken, and it names no account itself' },
      { attributes: { n: '2', accountId: 'U3' } },
      { xmlError: 'line 1: FlexStatement ends, which did not begin' },
    ]);
    expect(found.every(({ statementAccountId }) => statementAccountId === undefined)).toBe(true);
  });

  it.each([
    ['a document type declaration', '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><FlexQueryResponse><Trade n="&a;"/></FlexQueryResponse>', 'a document type declaration is refused'],
    ['another encoding', '<?xml version="1.0" encoding="UTF-16"?><FlexQueryResponse/>', 'only UTF-8 is read'],
    ['too many attributes', within(`<Trade ${Array.from({ length: 401 }, (_, index) => `a${index}=""`).join(' ')}/>`), 'more than 400 attributes'],
    ['too many levels', `<FlexQueryResponse>${'<a>'.repeat(40)}`, 'nested deeper than 32 levels'],
    ['a value without an end', `<FlexQueryResponse><Trade n="${'x'.repeat(1_100_000)}`, 'longer than 1048576 characters'],
    ['nothing but errors', `<FlexQueryResponse>${'<Trade n="&"/>'.repeat(1_001)}`, 'there are 1000 errors'],
  ])('with %s is read no further', async (_what, text, reason) => {
    const found = await read(text, [100, 200, 70_000, 200_000, 800_000, 1_050_000]);
    expect(found.at(-1)?.message['xmlError']).toContain(reason);
    expect(found.filter(({ message }) => message['xmlError'] === undefined)).toEqual([]);
  });

  it.each([
    ['', 'must contain a root element'],
    ['{"a": 1}', 'text data outside of root node'],
    ['<FlexStatementResponse><Status>Fail</Status><ErrorMessage>Token has expired</ErrorMessage></FlexStatementResponse>', 'the root element is "FlexStatementResponse", not FlexQueryResponse'],
  ])('that is none says so: %j', async (text, reason) => {
    expect(await messages(text)).toMatchObject([{ xmlError: expect.stringContaining(reason) }]);
  });
});
