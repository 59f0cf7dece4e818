import { readFilteredNames } from './event-frame.js';
import { invalidArgument } from './grpc-error.js';

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

/** Translates what .NET writes and JavaScript does not: leading inline flags, anchors of the whole text. */
function compile(source: string): RegExp {
  if (source.length > LONGEST_REGEX) throw invalidArgument(`filter: the regular expression is longer than ${LONGEST_REGEX} characters`);
  const inline = /^\(\?([ims]+)\)/.exec(source);
  const flags = inline?.[1] ?? '';
  const body = source.slice(inline?.[0].length ?? 0).replaceAll(/\\A/g, '^').replaceAll(/\\[zZ]/g, '$');
  for (const mode of [`${flags}u`, flags]) {
    try {
      return new RegExp(body, mode);
    } catch {
      // Unicode mode refuses escapes that .NET allows: the second try does without.
    }
  }
  throw invalidArgument(`filter: "${source}" is not a valid regular expression`);
}

/** @throws GrpcError INVALID_ARGUMENT for a regular expression that is none, or no expression at all. */
export function eventFilter({ on, regex, prefixes }: FilterExpression): EventFilter {
  if (regex !== '') {
    const pattern = compile(regex);
    return (block, offset) => pattern.test(readFilteredNames(block, offset)[on].toString('utf8'));
  }
  if (prefixes.length === 0) throw invalidArgument('filter: neither a regular expression nor a prefix is given');
  if (prefixes.length > MOST_PREFIXES) throw invalidArgument(`filter: more than ${MOST_PREFIXES} prefixes`);
  const wanted = prefixes.map((prefix) => Buffer.from(prefix, 'utf8'));
  return (block, offset) => {
    const name = readFilteredNames(block, offset)[on];
    return wanted.some((prefix) => name.length >= prefix.length && prefix.compare(name, 0, prefix.length) === 0);
  };
}
