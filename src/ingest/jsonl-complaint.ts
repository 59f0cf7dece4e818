import type { z } from 'zod';
import { malformed, shown } from './adapter.js';
import type { ParsedLine } from './adapter.js';

/*
 * What a schema has against a value, in the words of whoever wrote the line: which field, what is asked for, and what it got.
 */

const MAX_DEPTH_OF_PATH = 8;
const MAX_FIELD_LENGTH = 200;
const MAX_REASON_LENGTH = 500;

/** What the schemas ask for without words of their own. */
const EXPECTED: ReadonlyMap<string, string> = new Map([
  ['object', 'must be an object'],
  ['array', 'must be a list'],
  ['boolean', 'must be true or false'],
]);

const MISSING = 'is required and missing';
const MAX_SHOWN_LENGTH = 60;

const told = (value: unknown): string => (typeof value === 'string' ? shown(value) : JSON.stringify(value).slice(0, MAX_SHOWN_LENGTH));
const notOneOf = (value: unknown, values: readonly unknown[]): string => (value === undefined ? MISSING : `${told(value)} is not one of ${values.join(', ')}`);

function reasonOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return 'is not a field of this fact';
  if (issue.code === 'invalid_union' && 'options' in issue) return notOneOf(Reflect.get(Object(issue.input), issue.discriminator ?? ''), issue.options ?? []);
  if (issue.input === undefined) return MISSING;
  if (issue.code === 'invalid_value') return notOneOf(issue.input, issue.values);
  return (issue.code === 'invalid_type' ? EXPECTED.get(issue.expected) : undefined) ?? issue.message;
}

/** The first thing that is wrong: a field's path as it stands in the line, and why. The schema was asked to report what it got. */
export function complaint(error: z.ZodError): ParsedLine {
  const [issue] = error.issues;
  if (!issue) return malformed('does not fit the schema');
  const path = issue.path.filter((part, index) => !(index === 0 && part === 'data')).slice(0, MAX_DEPTH_OF_PATH);
  const field = (issue.code === 'unrecognized_keys' ? [...path, issue.keys[0] ?? ''] : path).map(String).join('.').slice(0, MAX_FIELD_LENGTH);
  const reason = reasonOf(issue);
  return field === '' ? malformed(reason) : malformed(`${field}: ${reason}`.slice(0, MAX_REASON_LENGTH), field);
}
