import type { ValueNode } from 'graphql';
import { valueFromASTUntyped } from 'graphql';
import { tryParseDecimal, formatDecimal } from '../domain/decimal.js';
import { builder } from './builder.js';
import { apiError } from './errors.js';

/** Positions are EventStoreDB's: unsigned 64 bits, of which the ledger uses what fits in Postgres's bigint. */
const MAX_POSITION = 2n ** 63n - 1n;
const WHOLE_NUMBER = /^\d{1,19}$/u;

function wholeNumber(value: unknown, refusal: (reason: string) => Error): bigint {
  const parsed = typeof value === 'string' && WHOLE_NUMBER.test(value) ? BigInt(value) : undefined;
  if (parsed === undefined || parsed > MAX_POSITION) throw refusal('must be a whole number as text, such as "1234"');
  return parsed;
}

/** In a variable, and written out in the query: there GraphQL takes only an error that is none of its own, and says what it found and where. */
const wholeNumberAsText = {
  parseValue: (value: unknown) => wholeNumber(value, (reason) => apiError('BAD_USER_INPUT', reason)),
  parseLiteral: (node: ValueNode) => wholeNumber(valueFromASTUntyped(node), (reason) => new TypeError(reason)),
};

/** Postgres keeps the zeros of `10.00`, the canonical form does not. */
function canonical(value: string): string {
  if (!value.endsWith('0') || !value.includes('.')) return value;
  const parsed = tryParseDecimal(value);
  return parsed ? formatDecimal(parsed) : value;
}

builder.scalarType('Decimal', {
  description:
    'An exact decimal as text in canonical form: `"10"`, `"-0.5"`. On the way in it is text too: a JSON number has lost digits before it is read.',
  serialize: (value) => canonical(value),
});

builder.scalarType('LogPosition', {
  description: 'A place in the log of all events (`$all`), as text: it only grows. What a mutation returns, a query can wait for, and a subscription resumes after.',
  serialize: String,
  ...wholeNumberAsText,
});

builder.scalarType('Revision', {
  description: 'The number of an event within its stream, from 0, as text.',
  serialize: String,
  ...wholeNumberAsText,
});

builder.scalarType('DateTime', {
  description: 'An ISO-8601 time in UTC with the precision that its source gave: `2012-06-21T13:30:00.004241176Z`.',
  serialize: String,
});

builder.scalarType('Date', {
  description: 'A day, `2012-06-21`.',
  serialize: String,
});
