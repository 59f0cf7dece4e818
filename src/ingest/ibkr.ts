import { z } from 'zod';
import { catchingFieldErrors, malformed, skipped } from './adapter.js';
import type { Adapter, AdapterOptions, LineParser, ParsedLine } from './adapter.js';
import { multipliersFlag } from './contracts.js';
import { DEFAULT_ACCOUNT, flagsSchema, readFlags } from './flags.js';
import { readFlexElements } from './flex-xml.js';
import type { FlexMessage } from './flex-xml.js';
import { flexClock } from './ibkr-time.js';
import { flexTrade } from './ibkr-trade.js';
import { JsonFields } from './json-fields.js';

/*
 * Interactive Brokers' Flex statements (Activity and Trade Confirmation Flex Queries, XML).
 */

const flags = flagsSchema({
  zone: z.string().default('America/New_York'),
  slashedDates: z.enum(['mdy', 'dmy'], 'must be mdy or dmy').optional(),
  multipliers: multipliersFlag(),
});

const MESSAGE = z.strictObject({
  element: z.string().exactOptional(),
  statementAccountId: z.string().exactOptional(),
  attributes: z.record(z.string(), z.string()).exactOptional(),
  xmlError: z.string().exactOptional(),
  text: z.string().exactOptional(),
});

const WORD = /^\w{1,40}$/u;
/** What statements write where there is nothing. */
const NOTHING: ReadonlySet<string> = new Set(['', '-', '--', 'N/A']);

function messageOf(line: string): FlexMessage | undefined {
  try {
    return MESSAGE.safeParse(JSON.parse(line)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const withoutPlaceholders = (attributes: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(attributes).filter(([, value]) => !NOTHING.has(value.trim())));

/** Sums and parts of other levels tell again what the executions tell. */
function levelSkipped(element: string, fields: JsonFields): ParsedLine | undefined {
  const level = fields.words('levelOfDetail');
  if (level === undefined || level.toUpperCase() === 'EXECUTION') return undefined;
  return skipped(`${element} of the level ${WORD.test(level) ? level : 'of detail that is not known'}`);
}

function open({ flags: given, importId, now }: AdapterOptions): LineParser {
  const read = readFlags(flags, given, 'ibkr');
  const { tenant, source = 'ibkr', actor, environment, currency, multipliers } = read;
  const session = { ...flexClock(read.zone, read.slashedDates), tenant, source, actor, environment, currency, multipliers, importId, now };

  const parse = ({ element = '', statementAccountId, attributes, xmlError }: FlexMessage): ParsedLine => {
    if (xmlError !== undefined) return malformed(`the XML is broken: ${xmlError}`, element === '' ? undefined : element);
    if (attributes === undefined) return skipped(`element ${WORD.test(element) ? element : 'that is not known'}`);
    const fields = new JsonFields(withoutPlaceholders(attributes));
    const skip = levelSkipped(element, fields);
    if (skip) return skip;
    const ofStatement = new JsonFields(withoutPlaceholders({ accountId: statementAccountId ?? '' }));
    const account = fields.id('accountId') ?? ofStatement.id('accountId') ?? read.account ?? DEFAULT_ACCOUNT;
    return { kind: 'facts', facts: flexTrade(fields, account, session) };
  };
  return {
    parse(line) {
      const message = messageOf(line);
      return message ? catchingFieldErrors(() => parse(message)) : malformed('the message is no element of a Flex statement, as JSON');
    },
  };
}

/** IBKR Flex statements. Flags: account, source, environment, currency, zone, slashedDates, multipliers. */
export const ibkrAdapter: Adapter = { name: 'ibkr', encoding: 'utf8', messages: readFlexElements, open };
