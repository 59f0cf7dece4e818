import { readFilteredNames } from './event-frame.js';
import { type RegexTest, regexTest } from './event-regex.js';
import { GrpcCode, GrpcError, invalidArgument } from './grpc-error.js';
import type { Spend } from './regex-automaton.js';
import { RegexSyntaxError } from './regex-reader.js';

/** Whether the event whose frame starts at `offset` is wanted. */
export type EventFilter = (block: Buffer, offset: number) => boolean;

/** What a filter looks at, and how: either a regular expression or a list of prefixes. */
export interface FilterExpression {
  readonly on: 'stream' | 'type';
  readonly regex: string;
  readonly prefixes: readonly string[];
}

const LONGEST_REGEX = 4_096;
const MOST_PREFIXES = 1_000;

/** Steps that one expression may take before others get their turn: a few tens of milliseconds. */
const MOST_STEPS_A_TURN = 2_000_000;

function compile(source: string): RegexTest {
  if (source.length > LONGEST_REGEX) throw invalidArgument(`filter: the regular expression is longer than ${LONGEST_REGEX} characters`);
  try {
    return regexTest(source);
  } catch (error) {
    if (!(error instanceof RegexSyntaxError)) throw error;
    throw invalidArgument(`filter: "${source}" cannot be taken as a regular expression: ${error.message}`);
  }
}

/** Counts steps; throws when there are more than MOST_STEPS_A_TURN between two turns of the event loop. */
function stepLimit(source: string): Spend {
  let spent = 0;
  const forget = (): void => {
    spent = 0;
  };
  return (steps) => {
    if (spent === 0) setImmediate(forget);
    spent += steps;
    if (spent > MOST_STEPS_A_TURN) {
      throw new GrpcError(GrpcCode.resourceExhausted, `filter: the regular expression "${source}" takes too long on the names stored here`);
    }
  };
}

/**
 * The filter throws GrpcError RESOURCE_EXHAUSTED where its expression takes too long.
 * @throws GrpcError INVALID_ARGUMENT for a regular expression that is none or cannot be followed exactly, or no expression at all
 */
export function eventFilter({ on, regex, prefixes }: FilterExpression): EventFilter {
  if (regex !== '') {
    const test = compile(regex);
    const spend = stepLimit(regex);
    return (block, offset) => test(readFilteredNames(block, offset)[on].toString('utf8'), spend);
  }
  if (prefixes.length === 0) throw invalidArgument('filter: neither a regular expression nor a prefix is given');
  if (prefixes.length > MOST_PREFIXES) throw invalidArgument(`filter: more than ${MOST_PREFIXES} prefixes`);
  const wanted = prefixes.map((prefix) => Buffer.from(prefix, 'utf8'));
  return (block, offset) => {
    const name = readFilteredNames(block, offset)[on];
    return wanted.some((prefix) => name.length >= prefix.length && prefix.compare(name, 0, prefix.length) === 0);
  };
}
